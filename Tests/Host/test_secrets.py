"""Secrets, with systemd's own encryption: set, read, rotated, and found nowhere else."""

import hashlib

import canaries
from canaries import canary, give
from host import Host, manifest
from test_releases import load

APP, VAULT = "acme/vault", "vault.example.org"
STORE = "/etc/credstore.encrypted"


def set_secret(host, name, value):
    canaries.set_secret(host, APP, name, value)


def deploy(host, names=("KEY",), text="vault"):
    top = "secrets = [" + ", ".join(f'"{name}"' for name in names) + "]"
    host.deploy(APP, manifest(VAULT, TEXT=text, top=top))


def vault(host, value=None):
    """The app with a secret KEY."""
    host.app(APP)
    if value or host.ask(f"tussilago secret list {APP} | grep -q KEY").code != 0:
        set_secret(host, "KEY", value or canary())
    if host.ask(f"tussilago app show {APP} | grep -q current").code != 0:
        deploy(host)


def digest(value):
    return hashlib.sha256(value.encode()).hexdigest()


def shown(host):
    """What the app says of its secrets, by name."""
    return {line.split()[0]: line.split(maxsplit=4)[1:] for line in host.expect(VAULT, 200, "/secrets").splitlines()}


def unit(host):
    return host.run("systemctl list-units --no-legend --plain --state=active 'tussilago-acme-vault-web*@*'").split()[0]


def used(host):
    return {one["name"]: (one.get("version"), one.get("used_version"))
            for one in host.json(f"tussilago secret list {APP} --json")}


def test_without_a_key_nothing_is_set_and_the_mend_is_named(host):
    host.app(APP)
    before = host.run(f"ls -A {STORE}")
    host.run("mv /var/lib/systemd/credential.secret /root/")
    try:
        result = give(host, canary(), f"tussilago secret set {APP} KEY")
        assert result.code == 1 and "no key" in result.output and "systemd-creds setup" in result.output, result.output
        assert host.ask("test -e /var/lib/systemd/credential.secret").code != 0, "the agent has made a key"
        assert host.run(f"ls -A {STORE}") == before, "something was kept"
        status = {part["name"]: part for part in host.json("tussilago status --json")["parts"]}
        assert not status["secrets"]["ok"] and "systemd-creds setup" in status["secrets"]["detail"], status["secrets"]
    finally:
        host.run("mv /root/credential.secret /var/lib/systemd/")


def test_an_app_reads_what_was_set_and_nobody_else_may(host):
    value = canary()
    host.app(APP)
    set_secret(host, "KEY", value)
    missing = host.try_deploy(APP, manifest(VAULT, top='secrets = ["KEY", "OTHER"]'))
    assert missing.code == 1 and f"tussilago secret set {APP} OTHER" in missing.output, missing.output
    deploy(host)
    seen = shown(host)
    assert seen["KEY"][:3] == [digest(value), "100400", "10001"] and set(seen) == {"KEY"}, seen
    assert seen["KEY"][3] in ("Read-only file system", "Permission denied"), seen
    directory = f"/run/tussilago-secrets/{unit(host).removesuffix('.service')}"
    assert host.run(f"stat -f -c %T {directory}") == "ramfs", "it is not in memory alone"
    users = host.run("sed -n s/^Users=//p /etc/systemd/system/tussilago-acme.slice")
    owner = 0x70000000 + int(users) * 65536 + 10001
    assert host.run(f"stat -c '%a %u %g' {directory} {directory}/KEY").splitlines() == [
        f"500 {owner} {owner}", f"400 {owner} {owner}"]
    assert host.run(f"find {STORE} -name 'tussilago.*' -printf '%m %U\\n' | sort -u") == "600 0"
    assert "vault" not in host.run(f"ls {STORE}") and "KEY" not in host.run(f"ls {STORE}"), "a name tells whose it is"


def test_an_app_starts_with_its_secrets_when_the_agent_is_away(host):
    vault(host)
    before = shown(host)
    host.run("systemctl stop tussilagod.socket tussilagod.service")
    try:
        host.run("systemctl restart tussilago-acme-vault.target")
        host.settled(lambda: host.get(VAULT)[0] == 200, "it answers")
        assert shown(host) == before
        host.run("systemctl stop tussilago-acme-vault.target")
        assert not host.run("ls -A /run/tussilago-secrets | grep vault || true"), "its secrets outlive it"
        assert "tussilago-acme-vault" not in host.run("cat /proc/mounts"), "a mount is left"
    finally:
        host.run("systemctl start tussilagod.socket tussilago-acme-vault.target")
    host.settled(lambda: host.get(VAULT)[0] == 200, "it answers")


def test_a_rotation_needs_no_reload_and_loses_no_request(host):
    vault(host)
    value = canary()
    set_secret(host, "KEY", value)
    before = shown(host)
    version, old = used(host)["KEY"]
    assert version == old + 1, used(host)
    reloads = host.reloads()
    with load(host, VAULT) as seen:
        host.run(f"tussilago secret rotate {APP}")
    assert seen["failed"] == 0, f"requests failed: {seen}"
    assert host.reloads() == reloads, "systemd was reloaded"
    assert shown(host)["KEY"][0] == digest(value) != before["KEY"][0]
    assert used(host) == {"KEY": (version, version)}
    assert "rotate KEY" in host.run(f"tussilago releases {APP}")
    again = host.ask(f"tussilago secret rotate {APP}")
    assert again.code == 1 and "newest" in again.output, again.output
    # What was before still has its own.
    host.run(f"tussilago rollback {APP}")
    assert shown(host) == before
    host.run(f"tussilago secret rotate {APP}")
    assert shown(host)["KEY"][0] == digest(value)


def test_an_app_that_refuses_a_value_keeps_the_old_one(host):
    vault(host)
    before = shown(host)
    set_secret(host, "KEY", canary("bad"))
    with load(host, VAULT) as seen:
        result = host.ask(f"tussilago secret rotate {APP}", timeout=120)
    assert result.code == 1 and "going back" in result.output, result.output
    assert seen["failed"] == 0, f"requests failed: {seen}"
    assert shown(host) == before
    left = host.run("ls /run/tussilago-secrets | grep vault").split()
    assert left == [unit(host).removesuffix(".service")], left
    set_secret(host, "KEY", canary())
    host.run(f"tussilago secret rotate {APP}")


def test_a_secret_that_is_used_is_not_unset(host):
    vault(host)
    set_secret(host, "SPARE", canary())
    refused = host.ask(f"tussilago secret unset {APP} KEY")
    assert refused.code == 1 and "uses it" in refused.output, refused.output
    host.run(f"tussilago secret unset {APP} SPARE")
    assert set(used(host)) == {"KEY"}
    kept = int(host.run(f"ls {STORE} | wc -l"))
    host.run("tussilago gc")
    assert int(host.run(f"ls {STORE} | wc -l")) < kept, "the value of SPARE is kept"
    assert host.expect(VAULT, 200)


def test_a_value_is_typed_and_not_shown(host):
    vault(host)
    value = canary()
    host.write("/srv/value", value)
    shown_text = host.run(f"python3 /srv/inside/typed.py /srv/value tussilago secret set {APP} KEY; rm -f /srv/value")
    assert "not shown" in shown_text and "done:" in shown_text and value not in shown_text, shown_text
    # Where nothing keeps it from that, a terminal does show it.
    host.write("/srv/value", "echoed")
    control = host.run("python3 /srv/inside/typed.py /srv/value bash -c 'read -p \"name: \" line'; rm -f /srv/value")
    assert "echoed" in control, control
    host.run(f"tussilago secret rotate {APP}")
    assert shown(host)["KEY"][0] == digest(value)


def test_a_value_that_is_gone_is_told_with_its_mend(host):
    vault(host)
    host.run(f"mkdir -p /root/kept && cp -a {STORE}/tussilago.* /root/kept/")
    host.run(f"rm {STORE}/tussilago.*")
    try:
        findings = host.json("tussilago reconcile --dry-run --json")
        assert any(f"tussilago secret set {APP} KEY" in one["what"] for one in findings), findings
        host.ask(f"systemctl restart {unit(host)}")
        log = host.run("journalctl -q -o cat -n 50 -t acme/vault")
        assert "the value of secret KEY is not on this host" in log, log
    finally:
        host.run(f"cp -a /root/kept/* {STORE}/; rm -rf /root/kept; systemctl reset-failed 'tussilago-acme-vault*'")
    host.run(f"tussilago start {APP}")
    host.settled(lambda: host.get(VAULT)[0] == 200, "it answers")


def test_a_backup_with_a_key_brings_the_values_to_another_host(host):
    value = canary()
    vault(host, value)
    host.run(f"tussilago secret rotate {APP}")
    host.run("umask 077; openssl rand -base64 32 > /srv/secrets.key || head -c 32 /dev/urandom | base64 > /srv/secrets.key")
    plain = host.run("tussilago backup /srv/plain.tar")
    assert "without the values of secrets" in plain, plain
    done = host.run("tussilago backup --secrets-key /srv/secrets.key /srv/backup.tar")
    assert "with the values of secrets" in done, done
    refused = host.ask("chmod 644 /srv/secrets.key; tussilago backup --secrets-key /srv/secrets.key /srv/no.tar")
    assert refused.code != 0 and "chmod 600" in refused.output, refused.output
    host.run("chmod 600 /srv/secrets.key")
    before = shown(host)
    with Host(host.stage) as other:
        for name in ("backup.tar", "secrets.key"):
            host.testhost("pull", f"/srv/{name}", f"{host.parent}/moved")
            other.testhost("push", f"{host.parent}/moved", f"/srv/{name}")
            other.run(f"chmod 600 /srv/{name}")
        other.run("umask 077; openssl rand -base64 32 > /srv/other.key || head -c 32 /dev/urandom | base64 > /srv/other.key")
        wrong = other.ask("tussilago restore --queue --secrets-key /srv/other.key /srv/backup.tar")
        assert wrong.code == 1 and "nothing was changed" in wrong.output, wrong.output
        output = other.run("tussilago restore --queue --secrets-key /srv/secrets.key /srv/backup.tar", timeout=180)
        assert "done:" in output, output
        other.settled(lambda: other.get(VAULT)[0] == 200, "it answers")
        assert shown(other) == before
    host.run("rm -f /srv/*.tar /srv/*.key")


def test_with_its_app_all_values_go(host):
    vault(host)
    host.run(f"tussilago app delete {APP}")
    kept = host.run("cat /var/lib/tussilago/apps/*/*/secrets.json || true")
    left = [name for name in host.run(f"ls -A {STORE}").split() if name.removeprefix("tussilago.") not in kept.lower()]
    assert not left, f"values are left: {left}"
    assert not host.run("ls -A /run/tussilago-secrets | grep vault || true"), "an instance's secrets are left"
