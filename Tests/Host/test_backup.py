"""A backup of one host, restored on another."""

from host import OTHER, SHOP, Host, deploy_both, manifest
from test_ledger import book

FILE, KEY = "/srv/backup.tar", "/srv/backup.key"
# An app of the host may have secrets.
RESTORE = f"tussilago restore --queue --secrets-key {KEY}"


def copy(host, other, path):
    """Brings a file from one host to the other."""
    local = f"{host.parent}/moved"
    host.testhost("pull", path, local)
    other.testhost("push", local, path)
    other.run(f"chmod 600 {path}")


def test_a_backup_of_one_host_is_restored_on_another(host):
    deploy_both(host)
    host.deploy("acme/shop", manifest(SHOP, TEXT="acme/shop backed up"))
    host.run("tussilago scale acme/shop web=2")
    before, seen = book(host), [host.get(name) for name in (SHOP, OTHER)]
    host.run(f"rm -f {KEY}; umask 077; head -c 32 /dev/urandom | base64 > {KEY}")
    done = host.json(f"tussilago backup --secrets-key {KEY} {FILE} --json")
    assert done["bytes"] == int(host.run(f"stat -c %s {FILE}")), done
    assert host.run(f"stat -c %a {FILE}") == "600", "others may read it"
    host.run(f"rm -rf /srv/out && mkdir /srv/out && cd /srv/out && tar xf {FILE} && sha256sum --quiet -c SHA256SUMS")
    host.run("tussilago backup - | tar tf - | grep -q ledger.sqlite")
    refused = host.ask(f"{RESTORE} {FILE}")
    assert refused.code == 1 and "has tenants" in refused.output, refused.output
    try:
        with Host(host.stage) as other:
            for path in (FILE, KEY):
                copy(host, other, path)
            refuses_damage(other, done["bytes"])
            refuses_missing_images(other)
            output = other.run(f"{RESTORE} {FILE}", timeout=180)
            assert "done:" in output, output
            after = book(other)
            assert after == before, f"{before}\nbecame\n{after}"
            for name, answer in zip((SHOP, OTHER), seen):
                other.settled(lambda: other.get(name) == answer, f"{name} answers {answer}")
            links = other.run("ls /var/lib/tussilago/upstreams/acme").split()
            assert {"shop", "shop.2"} <= set(links), links
            findings = [one for one in other.json("tussilago reconcile --dry-run --json") if one["action"] == "repair"]
            assert not findings, findings
            kinds = [one["kind"] for one in other.json("tussilago op list --json")]
            assert kinds[0] == "host.restore" and "app.scale" in kinds, kinds
            other.deploy("acme/shop", manifest(SHOP, TEXT="acme/shop goes on"))
            other.expect(SHOP, 200, text="acme/shop goes on")
    finally:
        host.run("tussilago scale acme/shop web=1")


def nothing_is_there(host):
    left = host.run("ls -A /var/lib/tussilago/apps /var/lib/tussilago/trees /var/lib/tussilago/upstreams"
                    " /etc/containers/systemd/tussilago | grep -v -e ':$' -e '^$' || true;"
                    " ls /etc/systemd/system | grep '^tussilago-' || true;"
                    " ls -A /etc/credstore.encrypted; ls -A /var/lib/tussilago | grep -e incoming -e backup || true")
    assert not left, f"left: {left}"
    assert host.json("tussilago tenant list --json") == [], "a tenant is there"


def refuses_damage(host, size):
    places = [0, 150, 700, 5000, size // 2, size - 2100, size - 1600, size - 1]
    damages = [f"printf '\\377' | dd of=/srv/bad.tar bs=1 seek={place} conv=notrunc status=none" for place in places]
    for damage in damages + ["truncate -s -1 /srv/bad.tar", "truncate -s -1024 /srv/bad.tar",
                             f"truncate -s {size // 2} /srv/bad.tar", "printf x >> /srv/bad.tar",
                             "head -c 512 /dev/zero >> /srv/bad.tar"]:
        host.run(f"cp {FILE} /srv/bad.tar; {damage}; ! cmp -s {FILE} /srv/bad.tar")
        result = host.ask(f"{RESTORE} /srv/bad.tar")
        assert result.code == 1 and "backup:" in result.output and "nothing was changed" in result.output, (
            f"{damage}: {result.code}: {result.output}")
        nothing_is_there(host)


def refuses_missing_images(host):
    tags = host.run("podman images --format '{{.Repository}}:{{.Tag}}' | grep python").split()
    host.run(f"podman save -o /srv/images.tar {' '.join(tags)} && podman rmi -f {' '.join(tags)}")
    try:
        result = host.ask(f"{RESTORE} {FILE}")
        assert result.code == 1 and "localhost/python:3.13" in result.output and "podman load" in result.output, (
            result.output)
        nothing_is_there(host)
    finally:
        host.run("podman load -q -i /srv/images.tar")
