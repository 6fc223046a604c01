"""Earlier releases, several copies, and all of it at once under load."""

import contextlib
import json
import os
import subprocess
import threading
import time

from host import OTHER, SHOP, TESTHOST, deploy_both, manifest
from test_deploy import caddy_state


@contextlib.contextmanager
def load(host, name=SHOP):
    """Requests through Caddy all the while; the dictionary that it gives is filled at the end."""
    process = subprocess.Popen(
        [TESTHOST, "exec", host.directory, "python3", "/srv/inside/load.py", name],
        text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    seen = {}
    try:
        time.sleep(0.5)
        yield seen
    finally:
        output, _ = process.communicate("", timeout=60)
        seen.update(json.loads(output))


def deploy(host, text, **process):
    host.deploy("acme/shop", manifest(SHOP, TEXT=text, **process))


@contextlib.contextmanager
def telling_caddy(host):
    """Has Caddy say why it could not pass a request on: what a page stands for it keeps to itself otherwise."""
    path = "-sS --fail --unix-socket /run/caddy/admin.sock -H 'Content-Type: application/json' http://localhost/config/logging"
    host.run(f"curl -X POST {path} -d '" + '{"logs":{"default":{"level":"DEBUG","include":["http.log.error"]}}}' + "'")
    try:
        yield lambda: host.ask("journalctl -q --no-pager -o cat -u caddy.service | grep http.log.error | tail -n 5").output
    finally:
        host.run(f"curl -X DELETE {path}")


def releases(host):
    return {each["number"]: each for each in host.json("tussilago releases acme/shop --json")}


def current(host):
    return next(number for number, each in releases(host).items() if each["state"] == "current")


def test_a_rollback_needs_no_reload_and_no_write_to_caddy_and_loses_no_request(host):
    deploy_both(host)
    deploy(host, "acme/shop good")
    good = current(host)
    host.run("tussilago deploy acme/shop -m /srv/manifest.toml -f /srv/apps --note 'the bad one'")
    bad = current(host)
    reloads, caddy = host.reloads(), caddy_state(host)
    with load(host) as seen:
        host.run("tussilago rollback acme/shop")
        time.sleep(2)
    assert seen["failed"] == 0, f"requests failed: {seen}"
    assert (host.reloads(), caddy_state(host)) == (reloads, caddy), "systemd was reloaded, or Caddy written to"
    host.expect(SHOP, 200, text=f"release {good}")
    known = releases(host)
    assert known[good]["state"] == "current" and known[bad]["state"] == "superseded", known
    assert known[bad]["reason"] == "the bad one" and known[bad]["caller"] == "root", known[bad]
    host.run(f"tussilago rollback acme/shop {bad}")
    host.expect(SHOP, 200, text=f"release {bad}")


def test_a_long_request_gets_its_time(host):
    deploy_both(host)
    for drain, ends in (("15s", True), ("0s", False)):
        deploy(host, "acme/shop long", top=f'drain = "{drain}"')
        number = current(host)
        # The app ends at once when it is told to: only the drain keeps it.
        request = host.popen(
            f"curl -sS -m 30 -w ' %{{http_code}}' -H 'Host: {SHOP}' 'http://127.0.0.1/slow?seconds=6'")
        time.sleep(0.5)
        # How long what is replaced may take is for what replaces it to say.
        deploy(host, "acme/shop longer", top=f'drain = "{drain}"')
        output, _ = request.communicate(timeout=60)
        assert (output == f"release {number} 200") == ends, f"with drain = {drain}: {output[:200]!r}"


def test_a_rollback_to_nothing_says_so(host):
    deploy_both(host)
    for arguments, text in (("999", "no release 999"), (str(current(host)), "is current")):
        result = host.ask(f"tussilago rollback acme/shop {arguments}")
        assert result.code != 0 and text in result.output, f"ended with {result.code}: {result.output}"


def answering(host, seconds=1.0):
    """The instances that answer within a while."""
    end, names = time.monotonic() + seconds, set()
    while time.monotonic() < end:
        names.add(host.expect(SHOP, 200).split()[-1])
    return names


def test_several_copies_share_the_requests_and_are_changed_without_a_lost_one(host):
    deploy_both(host)
    with load(host) as seen:
        host.run("tussilago scale acme/shop web=3", timeout=120)
        first = current(host)
        time.sleep(1)
    assert seen["failed"] == 0, f"requests failed: {seen}"
    copies = {f"{first}", f"{first}.2", f"{first}.3"}
    assert copies <= set(seen["releases"]), f"not all copies have answered: {seen}"
    # A manifest that does not say how many copies run keeps the number.
    with load(host) as seen:
        deploy(host, "acme/shop thrice")
        time.sleep(1)
    assert seen["failed"] == 0, f"requests failed: {seen}"
    number = current(host)
    assert answering(host, 2) == {f"{number}", f"{number}.2", f"{number}.3"}
    # One that ends is left out until it is back.
    with load(host) as seen:
        host.run(f"systemctl stop 'tussilago-acme-shop-web*@{number}.2.service'")
        time.sleep(3)
    assert seen["failed"] == 0, f"requests failed: {seen}"
    assert f"{number}.2" not in answering(host), "a copy that is stopped answers"
    host.run("systemctl stop tussilago-acme-shop.target")
    host.expect(SHOP, 503, within=1)
    seen = host.json(f"python3 /srv/inside/burst.py {SHOP} 100 systemctl start tussilago-acme-shop.target")
    assert seen == {"200": 100}, f"answers: {seen}"
    host.settled(lambda: len(answering(host)) == 3, "all copies answer again", within=20)
    with load(host) as seen:
        host.run("tussilago scale acme/shop web=1", timeout=120)
        time.sleep(1)
    assert seen["failed"] == 0, f"requests failed: {seen}"
    assert answering(host) == {f"{current(host)}"}
    assert "1→" in host.run("tussilago releases acme/shop") and "3→1" in host.run("tussilago releases acme/shop")


def test_a_cancelled_deploy_goes_back(host):
    deploy_both(host)
    before = current(host)
    host.write("/srv/manifest.toml", manifest(SHOP, TEXT="acme/shop never", SICKENS="0"))
    with load(host) as seen:
        asked = host.json("tussilago deploy acme/shop -m /srv/manifest.toml -f /srv/apps --detach --json")
        host.settled(
            lambda: "activating" in host.run("systemctl list-units --no-legend 'tussilago-acme-shop-web*'"), "its start")
        start = time.monotonic()
        host.run(f"tussilago op cancel {asked['id']}")
        took = time.monotonic() - start
    assert took < 15, f"it took {took:.1f} s to cancel"
    assert seen["failed"] == 0, f"requests failed: {seen}"
    assert host.json(f"tussilago op show {asked['id']} --json")["state"] == "cancelled"
    assert current(host) == before
    left = host.run("systemctl list-units --no-legend --state=active,activating 'tussilago-acme-shop-web*@*'")
    assert len(left.splitlines()) == 1, left


def test_of_a_hundred_deploys_at_once_one_wins_at_a_time(host):
    deploy_both(host)
    rounds, accepted = int(os.environ.get("TUSSILAGO_ROUNDS", 2)), 0
    for number in range(rounds):
        before = rows(host, "SELECT max(sequence) AS last FROM operation")[0]["last"]
        host.write("/srv/manifest.toml", manifest(SHOP, TEXT=f"acme/shop crowd {number}"))
        with load(host) as requests:
            seen = host.json("python3 /srv/inside/crowd.py acme/shop /srv/manifest.toml /srv/apps 100")
        assert sum(seen["answers"].values()) == 100, seen
        assert seen["answers"].get("202", 0) >= 1 and set(seen["answers"]) <= {"202", "409"}, seen
        assert all(state == "succeeded" for state in seen["states"]), seen
        accepted += len(seen["states"])
        # Each has made one release, none began before the one before had ended, and the last is what runs, alone.
        made = rows(host, "SELECT release, min(at) AS begun, ended_at AS ended FROM operation o JOIN event"
                          f" ON operation = o.sequence WHERE o.sequence > {before} AND o.app = 'shop'"
                          " AND event.kind = 'started' GROUP BY o.sequence ORDER BY begun")
        assert len(made) == len(seen["states"]) == len({each["release"] for each in made}), made
        assert all(one["ended"] <= next["begun"] for one, next in zip(made, made[1:])), made
        units = host.run("systemctl list-units --no-legend --state=active 'tussilago-acme-shop-web*@*'")
        last = max(each["release"] for each in made)
        assert len(units.splitlines()) == 1 and f"@{last}.service" in units, units
        assert current(host) == last
        host.expect(SHOP, 200, text=f"acme/shop crowd {number} release {last}")
        assert requests["failed"] == 0, requests
    print(f"# {rounds} rounds, {rounds * 100} deploys asked for, {accepted} accepted and done, the others refused", flush=True)


def rows(host, query):
    """What the ledger says."""
    return json.loads(host.run(f'sqlite3 -json /var/lib/tussilago/ledger.sqlite "{query}"') or "[]")


def test_nothing_is_lost_while_everything_changes(host):
    """Deploys, rollbacks, scale changes, reconciles, the agent's death, and another agent in its place."""
    deploy_both(host)
    agent = "/usr/libexec/tussilago/tussilagod"
    with telling_caddy(host) as errors, load(host) as seen:
        start, round = time.monotonic(), 0
        # A busy machine gets through less of it in a minute.
        while time.monotonic() - start < (60 if round >= 4 else 240):
            round += 1
            deploy(host, f"acme/shop storm {round}")
            asked = host.popen("tussilago scale acme/shop web=2")
            time.sleep(0.3 * (round % 5))
            host.run("systemctl kill --signal=KILL tussilagod.service || true")
            asked.communicate(timeout=120)
            host.run("tussilago reconcile --queue")
            # Another program in its place, as an upgrade puts it there; the old one is drained.
            host.run(f"cp {agent} {agent}.new && mv {agent}.new {agent} && systemctl restart tussilagod.service")
            host.run("tussilago rollback acme/shop --queue", timeout=120)
            host.run("tussilago scale acme/shop web=1 --queue || true", timeout=120)
        rounds = round
    assert seen["failed"] == 0, f"requests failed in {rounds} rounds: {seen}\n{errors()}"
    print(f"# {seen['sent']} requests, {rounds} rounds, releases {len(seen['releases'])}", flush=True)
    assert seen["sent"] >= 10_000, f"too few requests to show anything: {seen['sent']}"
    assert host.run("tussilago op list --state running; tussilago op list --state accepted").count("app.") == 0
    found = host.json("tussilago reconcile --dry-run --json")
    assert not [each for each in found if each["action"] == "repair"], found


def test_what_waits_for_a_copy_is_answered_when_caddy_is_told_of_another_app(host):
    """A write to Caddy ends all waits in it. What no copy seems fit for is tried all the same then."""
    deploy_both(host)
    deploy(host, "acme/shop that sickens", process="count = 2", SICKENS="4")
    ask = f"curl -sS -o /dev/null -w '%{{http_code}}' -H 'Host: {SHOP}' http://127.0.0.1/"
    try:
        for number, status in enumerate(("200", "503")):
            host.settled(lambda: host.ask(f"{ask} -m 1").code == 28, "requests that wait, as no copy is well")
            if status == "503":
                # Without the second try they are lost.
                host.run("curl -fsS --unix-socket /run/caddy/admin.sock -H 'Host: localhost' -X DELETE"
                         " http://localhost/id/tussilago-acme-shop/handle/0/errors")
            waiting = host.popen(f"{ask} -m 9")
            time.sleep(0.5)
            host.deploy("umbra/other", manifest(f"other{number}.example.org", TEXT="umbra/other told of"))
            output, _ = waiting.communicate(timeout=20)
            assert output == status, f"answered with {output}, not {status}"
    finally:
        deploy(host, "acme/shop well again", process="count = 1")
        host.deploy("umbra/other", manifest(OTHER, TEXT="umbra/other first"))


def test_a_restart_of_caddy_costs_only_what_caddy_itself_drops(host):
    """It is the one process in the way of the requests: while it is away nobody answers, and before and after all is well."""
    deploy_both(host)
    deploy(host, "acme/shop before")
    restarts = []
    with load(host) as seen:
        for round in range(6):
            # A rollback, a deploy and nothing else are under way in turns.
            asked = [
                lambda: host.popen("tussilago rollback acme/shop --queue"),
                lambda: host.popen("tussilago deploy acme/shop -m /srv/manifest.toml -f /srv/apps --queue"),
                lambda: host.popen("true"),
            ][round % 3]()
            time.sleep(0.1 * round)
            begin = time.monotonic()
            host.run("systemctl restart caddy.service")
            restarts.append((begin, time.monotonic()))
            output, _ = asked.communicate(timeout=120)
            assert asked.returncode == 0, output
            host.run("tussilago reconcile --queue")
    lost = seen["unanswered"]
    assert seen["failed"] == len(lost), f"requests were answered, and wrongly: {seen['failures']}"
    elsewhere = [each for each in lost if not any(each[0] <= end and each[1] >= begin for begin, end in restarts)]
    assert not elsewhere, f"{len(elsewhere)} requests were lost while Caddy ran"
    assert lost, "no request met a restart"
    away = sum(end - begin for begin, end in restarts)
    print(f"# {seen['sent']} requests, {len(lost)} unanswered in the {away:.1f} s of {len(restarts)} restarts", flush=True)


def test_requests_of_an_admin_are_not_refused_while_the_agent_is_exchanged(host):
    stop, failures, count = threading.Event(), [], [0]

    def ask():
        while not stop.is_set():
            result = host.ask("tussilago status --json >/dev/null")
            count[0] += 1
            if result.code != 0:
                failures.append(result.output)

    askers = [threading.Thread(target=ask) for _ in range(2)]
    for asker in askers:
        asker.start()
    try:
        for _ in range(10):
            host.run("systemctl restart tussilagod.service")
            time.sleep(0.2)
    finally:
        stop.set()
        for asker in askers:
            asker.join()
    assert not failures, f"{len(failures)} of {count[0]} failed: {failures[:3]}"
