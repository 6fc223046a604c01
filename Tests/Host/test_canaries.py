"""What is secret is found nowhere: the last check of a host, which looks for all values that the checks before it have set."""

import canaries
from host import manifest

APP, NAME = "canary/keeper", "keeper.example.org"
MANIFEST = manifest(NAME, top='secrets = ["PASSWORD", "TOKEN"]')


def prepare(host):
    """An app that has secrets from the first check to the last, through crashes, reboots, lost ledgers and upgrades."""
    host.app(APP)
    for name in ("PASSWORD", "TOKEN"):
        canaries.set_secret(host, APP, name, canaries.canary())
    host.deploy(APP, MANIFEST)


def leak(host, value):
    """Has a value where it must not be, in each way; what takes it away."""
    host.write("/srv/leak", value)
    host.run("cp /srv/leak /etc/leak; base64 -w0 /srv/leak > /var/lib/tussilago/leak;"
             " od -An -v -tx1 /srv/leak | tr -d ' \\n' > /run/leak; (head -c 70M /dev/zero; cat /srv/leak) > /var/tmp/leak")
    host.run("logger -f /srv/leak; (echo -n LEAK=; cat /srv/leak) > /run/leak.env;"
             " systemd-run -q --unit=leak-argument bash -c 'sleep 600; :' $(cat /srv/leak);"
             " systemd-run -q --unit=leak-environment -p EnvironmentFile=/run/leak.env sleep 600")
    host.run("mkdir -p /srv/cores; cd /srv/cores;"
             " bash -c 'ulimit -c unlimited; value=$(cat /srv/leak); kill -SEGV $$'; sleep 0.5; true")
    # A value that somebody takes for a setting is in the ledger, in releases and in what the API answers.
    host.deploy("canary/leak", manifest("leak.example.org", SETTING=value))
    host.run("rm /srv/leak")


PLACES = ("/etc/leak", "/var/lib/tussilago/leak", "/run/leak", "/var/tmp/leak", "the journal", "cmdline", "environ", "/srv/cores",
          "/var/lib/tussilago/ledger.sqlite", "/var/lib/tussilago/apps/canary/leak", "GET backup")


def test_no_value_of_a_secret_is_anywhere_but_where_its_app_reads_it(host):
    assert host.expect(NAME, 200, "/secrets").count("10001") == 2, "the app has lost its secrets"
    # In the midst of their lives: an agent that has just seen a value and crashes, an app that has them and crashes.
    canaries.set_secret(host, APP, "TOKEN", canaries.canary())
    host.run(f"tussilago secret rotate {APP}")
    host.write("/srv/manifest.toml", MANIFEST)
    host.run(f"tussilago plan {APP} -m /srv/manifest.toml -f /srv/apps --json >/dev/null")
    host.run("systemctl kill --signal=SEGV tussilagod.service 'tussilago-canary-keeper-web*.service'")
    host.settled(lambda: host.get(NAME)[0] == 200, "it answers", within=30)
    assert len(canaries.MADE) >= 3
    planted = canaries.canary()
    canaries.MADE.remove(planted)
    leak(host, planted)
    try:
        found, _ = canaries.search(host, [planted])
        for place in PLACES:
            assert any(place in one for one in found), f"the search does not find {place}: {found}"
    finally:
        host.run("systemctl stop leak-argument leak-environment; tussilago app delete canary/leak;"
                 " rm -rf /etc/leak /var/lib/tussilago/leak /var/tmp/leak /run/leak /run/leak.env /srv/cores; true")
    found, places = canaries.search(host, canaries.MADE)
    assert not found, f"found in {found}"
    print(f"   {len(canaries.MADE)} values, none in {places} places; a planted one in each of {len(PLACES)}", flush=True)
