"""A ledger that is lost or damaged while apps serve."""

from host import OTHER, SHOP, deploy_both, manifest

FILE = "/var/lib/tussilago/ledger.sqlite"


def book(host):
    """Everything about tenants, apps and releases that must be the same again."""
    apps = host.json("tussilago app list --json")
    releases = {f"{app['tenant']}/{app['name']}": host.json(f"tussilago releases {app['tenant']}/{app['name']} --json")
                for app in apps}
    for release in sum(releases.values(), []):
        # A release that failed is in no file, nor is the operation that went back to one.
        release.pop("operation"), release.pop("differences")
    return {
        "tenants": [(tenant["id"], tenant["name"], tenant["apps"]) for tenant in host.json("tussilago tenant list --json")],
        "apps": [(app["id"], app["tenant"], app["name"], app.get("release"), app["hostnames"]) for app in apps],
        "releases": {app: [one for one in all if one["state"] != "failed"] for app, all in releases.items()},
        "users": host.run("grep -h -e ^Users= -e ^Network= -e Id= /etc/systemd/system/tussilago-*.slice | sort"),
    }


def served_since(host):
    return host.run("systemctl show -P ActiveEnterTimestampMonotonic 'tussilago-acme-shop-web*@*' 'tussilago-umbra-*@*'")


def lost(host, spoil, stopping):
    deploy_both(host)
    before, since = book(host), served_since(host)
    host.run("systemctl stop tussilagod.service" if stopping else "tussilago status")
    host.run(spoil)
    # What is damaged under a running agent may be found by the first request, which then says so.
    host.settled(lambda: host.ask("tussilago status").code == 0, "an agent that answers")
    status = {part["name"]: part for part in host.json("tussilago status --json")["parts"]}
    assert "written anew" in status["ledger"]["detail"], status["ledger"]
    log = host.run("journalctl -q -o cat MESSAGE_ID=d9d763d3372d40aaa7f38c223d93c799 --output-fields=TUSSILAGO_ERROR")
    assert log, "the journal says nothing of it"
    after = book(host)
    assert after == before, f"{before}\nbecame\n{after}"
    findings = [one for one in host.json("tussilago reconcile --dry-run --json") if one["action"] == "repair"]
    assert not findings, f"left to do: {findings}"
    assert served_since(host) == since, "an app was touched"
    host.expect(SHOP, 200)
    host.expect(OTHER, 200)
    host.deploy("acme/shop", manifest(SHOP, TEXT="acme/shop after"))
    host.expect(SHOP, 200, text="acme/shop after")


def test_a_ledger_that_was_deleted_is_written_anew(host):
    lost(host, f"rm {FILE}", stopping=True)


def test_a_ledger_that_is_deleted_under_the_agent_is_written_anew(host):
    lost(host, f"rm {FILE}", stopping=False)


def test_a_ledger_that_was_cut_is_written_anew(host):
    lost(host, f"truncate -s 10000 {FILE}", stopping=True)


def test_an_empty_ledger_is_written_anew(host):
    lost(host, f"truncate -s 0 {FILE}", stopping=True)


def test_a_ledger_that_is_noise_is_written_anew(host):
    lost(host, f"dd if=/dev/urandom of={FILE} bs=4096 count=8 conv=notrunc status=none", stopping=True)


def test_noise_in_the_midst_of_a_ledger_is_found(host):
    lost(host, f"dd if=/dev/urandom of={FILE} bs=4096 seek=5 count=1 conv=notrunc status=none", stopping=True)


def test_damaged_ledgers_are_kept_and_not_without_end(host):
    kept = host.run(f"ls {FILE}.damaged-* | grep -v -e -wal$ | wc -l")
    assert 1 <= int(kept) <= 3, f"{kept} are kept"
    modes = host.run(f"stat -c %a {FILE}*").split()
    assert set(modes) == {"600"}, f"modes: {modes}"
