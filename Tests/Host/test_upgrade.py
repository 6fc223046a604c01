"""The agent's program is exchanged for another version's and back, under load, with an operation open each time.

Another version differs in its program and in the ledger's format. Where TUSSILAGO_EARLIER= names what `make install` made
of an earlier version, that is the other one, from the first start on. Else the other one is this program in another
file, and the ledger that it leaves behind is of the format before this one, and of one that is not made yet:
inside/format.py does that between the two agents.
"""

import contextlib
import json
import os
import re
import textwrap
import threading

from host import SHOP, TOP, Host, Skipped, deploy_both, manifest
from test_releases import load

AGENT = "/usr/libexec/tussilago/tussilagod"
LEDGER = "/var/lib/tussilago/ledger.sqlite"
DROP_IN = "/run/systemd/system/tussilagod.service.d/format.conf"


def migrations():
    """The steps of the ledger's schema, in their order."""
    with open(f"{TOP}/Sources/Effects/SQLiteLedger/Schema.swift") as file:
        text = file.read()
    names = re.search(r"static let migrations = \[([^\]]*)\]", text).group(1).replace(",", " ").split()
    # Without Swift's indentation: SQLite keeps each text as it is, and the agent compares them.
    return [textwrap.dedent(re.search(rf'static let {name} = """\n(.*?)\n *"""', text, re.DOTALL).group(1)) for name in names]


@contextlib.contextmanager
def asking(host):
    """Somebody who asks the agent all the time; gives a dictionary that is filled at the end."""
    stop, seen = threading.Event(), {"sent": 0, "failures": []}

    def ask():
        while not stop.is_set():
            result = host.ask("tussilago status --json >/dev/null")
            seen["sent"] += 1
            if result.code != 0:
                seen["failures"].append(result.output)

    asker = threading.Thread(target=ask)
    asker.start()
    try:
        yield seen
    finally:
        stop.set()
        asker.join()


def version(host):
    """The ledger's format, and the digest of the program that runs."""
    process = host.property("tussilagod.service", "MainPID")
    number = host.run(f"sqlite3 {LEDGER} 'PRAGMA user_version'")
    return int(number), host.run(f"sha256sum /proc/{process}/exe | cut -d' ' -f1")


def exchanged(host, program, text, target=None):
    """One exchange with a deploy open, which the agent that comes goes on with."""
    conversion = f"ExecStartPre=+/usr/bin/python3 -I /srv/inside/format.py /srv/migrations.json {target}\n" if target else ""
    host.write(DROP_IN, f"[Service]\n{conversion}")
    host.run("systemctl daemon-reload")
    host.write("/srv/manifest.toml", manifest(SHOP, TEXT=text, WAIT="2"))
    asked = host.json("tussilago deploy acme/shop -m /srv/manifest.toml -f /srv/apps --detach --json")
    host.settled(
        lambda: "activating" in host.run("systemctl list-units --no-legend --plain 'tussilago-acme-shop-web*@*'"),
        "a start of the new release")
    before = version(host)
    # It is killed, since one that is asked to end finishes what it can in 20 s.
    host.run(f"cp {program} {AGENT}.new && mv {AGENT}.new {AGENT} && systemctl kill --signal=KILL --kill-whom=main tussilagod.service")

    def ended():
        return host.json(f"tussilago op show {asked['id']} --json")

    host.settled(lambda: ended()["state"] not in ("accepted", "running"), "the end of the deploy", within=60)
    assert ended()["state"] == "succeeded" and ended()["attempt"] == 2, f"it was not gone on with: {ended()}"
    host.expect(SHOP, 200, text=text)
    after = version(host)
    assert after[1] != before[1] and after[1] in host.run(f"sha256sum {program}"), "another agent runs than was put there"
    return before[0], after[0]


def sound(host):
    parts = {part["name"]: part for part in host.json("tussilago status --json")["parts"]}
    assert "anew" not in parts["ledger"].get("detail", ""), f"the ledger was taken for damaged: {parts['ledger']}"
    host.run("tussilago reconcile")
    found = host.json("tussilago reconcile --dry-run --json")
    assert not [each for each in found if each["action"] == "repair"], found


def test_an_upgrade_and_the_way_back_lose_nothing(host):
    deploy_both(host)
    steps = migrations()
    host.write("/srv/migrations.json", json.dumps(steps))
    host.run(f"cp {AGENT} /srv/this; cp {AGENT} /srv/other; echo >> /srv/other")
    now = len(steps)
    try:
        with load(host) as seen, asking(host) as asked:
            # As if the version before had run so far: the ledger is of its format, and is migrated.
            assert exchanged(host, "/srv/other", "acme/shop upgraded", now - 1) == (now, now)
            assert host.run(f"ls {LEDGER}.{now - 1}"), "what was before the migration is not kept"
            # As if a later version had run so far: this one goes on with its ledger, and leaves alone what it does not know.
            assert exchanged(host, "/srv/this", "acme/shop went back", now + 1) == (now, now + 1)
            kept = host.run(f"sqlite3 {LEDGER} 'SELECT content FROM verdict; SELECT count(*) FROM operation WHERE priority = 5'")
            assert kept.split()[0] == "kept" and int(kept.split()[1]) > 1, kept
            sound(host)
            assert exchanged(host, "/srv/other", "acme/shop upgraded again", now) == (now + 1, now)
        sound(host)
    finally:
        host.run(f"rm -f {DROP_IN}; systemctl daemon-reload; cp /srv/this {AGENT}.new && mv {AGENT}.new {AGENT};"
                 " systemctl restart tussilagod.service")
    lost_nothing(seen, asked)


def lost_nothing(seen, asked):
    print(f"# {seen['sent']} requests to apps, {asked['sent']} to the agent", flush=True)
    assert seen["sent"] > 100 and seen["failed"] == 0, f"requests failed: {seen}"
    assert asked["sent"] > 10 and not asked["failures"], f"{len(asked['failures'])} of {asked['sent']}: {asked['failures'][:3]}"


def test_an_earlier_version_is_upgraded_and_come_back_to(host):
    earlier = os.environ.get("TUSSILAGO_EARLIER")
    if not earlier:
        raise Skipped("TUSSILAGO_EARLIER= names no earlier version")
    with Host(host.stage) as own:
        own.testhost("push", f"{earlier}{AGENT}", "/srv/earlier")
        # Without the socket nobody, such as the reconcile of the boot, has an agent come between these.
        own.run(f"systemctl stop tussilago-reconcile.service tussilagod.socket tussilagod.service; rm -f {LEDGER}*;"
                f" cp {AGENT} /srv/this; cp /srv/earlier {AGENT}.new && mv {AGENT}.new {AGENT};"
                " systemctl start tussilagod.socket")
        deploy_both(own)
        now, formats = len(migrations()), []
        with load(own) as seen, asking(own) as asked:
            for turn in range(3):
                formats += exchanged(own, "/srv/this", f"acme/shop upgraded {turn}")
                sound(own)
                formats += exchanged(own, "/srv/earlier", f"acme/shop back {turn}")
            formats += exchanged(own, "/srv/this", "acme/shop at last")
            sound(own)
        assert formats == [now - 1] + [now] * 13, f"formats: {formats}"
        lost_nothing(seen, asked)
