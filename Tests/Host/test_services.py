"""Apps' databases, on a real PostgreSQL behind a real PgBouncer: made, reached, rotated, kept apart, and deleted."""

import json
import os
import sys
import time

from host import HERE, manifest
from test_releases import load

sys.path.insert(0, os.path.join(HERE, "attack"))
from sandboxes import complaints, sandboxes  # noqa: E402
from statements import ATTACKS, OUTSIDE, REFUSALS  # noqa: E402

GOOD, EVIL = "acme/books", "umbra/thief"
NAMES = {GOOD: "books.example.org", EVIL: "thief.example.org"}
SERVICE = '[services.db]\ntype = "postgres"\nextensions = ["pgcrypto"]\n'
SERVER = "tussilago-postgres.service"


def text(app, top="", service=SERVICE, **environment):
    return manifest(NAMES[app], "database.py", top=top, **environment) + service


def deploy(host, app, **environment):
    """An app with a database; does nothing if it is there."""
    if environment or host.ask(f"tussilago app show {app} | grep -q current").code != 0:
        host.deploy(app, text(app, **environment))


def sql(host, app, *statements, **instead):
    body = json.dumps({"statements": statements, "instead": instead})
    host.write("/srv/statements.json", body)
    return json.loads(host.run(
        f"curl -sS -m 60 -H 'Host: {NAMES[app]}' --data-binary @/srv/statements.json http://127.0.0.1/", timeout=70))


def url(host, app):
    return json.loads(host.expect(NAMES[app], 200, "/url"))


def names(host, app):
    """Database, owner and role of an app, and its password."""
    head, tail = url(host, app).removeprefix("postgresql://").split("@/")
    role, password = head.split(":")
    database = tail.split("?")[0]
    return {"d": database, "o": "o" + database[1:], "r": role, "password": password}


def superuser(host, statement, database="postgres"):
    return host.run(f"psql -h /run/tussilago-postgres -U tussilago -d {database} -XAtqc \"{statement}\"")


def roles(host):
    return set(superuser(host, "SELECT rolname FROM pg_roles WHERE rolname ~ '^[ro]_'").split())


def databases(host):
    return set(superuser(host, "SELECT datname FROM pg_database WHERE datname ~ '^d_'").split())


def test_nothing_of_it_runs_before_an_app_asks_for_it(host):
    assert host.property(SERVER, "ActiveState") == "inactive"
    assert host.ask("test -e /var/lib/tussilago-postgres/17").code != 0


def test_an_app_reaches_its_database_from_its_sandbox(host):
    deploy(host, GOOD)
    seen = sql(host, GOOD, "SELECT current_user, current_database()", "CREATE TABLE book (title text)",
               "INSERT INTO book VALUES ('Momo')", "SELECT title FROM book", "SELECT length(gen_random_uuid()::text)",
               "SELECT encode(digest('x', 'sha256'), 'hex') <> ''")
    own = names(host, GOOD)
    assert seen[0] == {"rows": [[own["o"], own["d"]]]}, seen
    assert seen[3] == {"rows": [["Momo"]]} and all("rows" in each for each in seen), seen
    assert len(own["password"]) == 64, "256 random bits"
    listed = host.json(f"tussilago db show {GOOD} --json")
    assert [(each["name"], each["type"], each["secret"], each["used"]) for each in listed] == [
        ("db", "postgres", "DATABASE_URL", True)], listed
    assert listed[0]["size"] > 1 << 20 and listed[0]["connections"] >= 1, listed
    refused = host.ask(f"printf x | tussilago secret set {GOOD} DATABASE_URL")
    assert refused.code == 1 and "tussilago db rotate" in refused.output, refused.output


def test_only_an_app_with_a_database_connects_to_a_socket_of_the_host(host):
    deploy(host, GOOD)
    host.deploy("acme/plain", manifest("plain.example.org", TEXT="plain"))
    seen = {app: next(each for unit, each in sandboxes(host).items() if unit.startswith(f"tussilago-acme-{app}-web"))
            for app in ("books", "plain")}
    for app, flag in (("books", "all"), ("plain", "create")):
        flags = {word for each in seen[app] for word in each["words"] if word.startswith("--host-uds")}
        assert flags == {f"--host-uds={flag}"}, (app, flags)
    # Nothing else of its sandbox is looser.
    assert {each.split(": ", 1)[1].split(" is ")[0] for each in complaints(seen["books"])} == {"--host-uds"}
    assert complaints(seen["plain"]) == []
    for app, mounted in (("books", 1), ("plain", 0)):
        unit = host.run(f"systemctl list-units --plain --no-legend 'tussilago-acme-{app}-web*@*'").split()[0]
        assert host.property(unit, "ExecStart").count("/run/tussilago-pgbouncer/acme:/run/postgresql:ro") == mounted
    host.run("tussilago app delete acme/plain")


def test_two_hostile_tenants_get_nowhere(host):
    deploy(host, GOOD)
    deploy(host, EVIL)
    pairs = ((GOOD, EVIL), (EVIL, GOOD))
    before = superuser(host, "SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM (SELECT rolname, rolsuper,"
                             " rolcanlogin, rolpassword, rolconnlimit FROM pg_authid) t")
    for attacker, victim in pairs:
        own, other = names(host, attacker), names(host, victim)
        words = {**own, **{key.upper(): value for key, value in other.items()}}
        statements = [each.format_map(words) for each in [*ATTACKS, *(attack for attack, _, _ in OUTSIDE)]]
        assert len(statements) >= 60
        seen = sql(host, attacker, *statements)
        assert len(seen) == len(statements), seen[-1]
        through = [f"{what}: {came}" for what, came in zip(statements, seen) if came.get("code") not in REFUSALS]
        assert not through, "\n".join(through)
        # The same statements are no mistakes: whom nothing forbids them can have them.
        controls = [(each.format_map(words), None) for each in ATTACKS]
        controls += [(what, undo) for _, what, undo in OUTSIDE]
        host.write("/srv/controls.json", json.dumps(controls))
        failed = host.json(f"python3 -I /srv/inside/superuser.py {own['d']} < /srv/controls.json")
        assert not failed, "\n".join(f"{what}: {why}" for what, why in failed.items())
    after = superuser(host, "SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM (SELECT rolname, rolsuper,"
                            " rolcanlogin, rolpassword, rolconnlimit FROM pg_authid) t")
    assert before == after, "a role was changed"


def test_a_role_gets_into_no_other_database(host):
    deploy(host, GOOD)
    deploy(host, EVIL)
    other = names(host, GOOD)
    for database in (other["d"], "postgres", "template1"):
        seen = sql(host, EVIL, "SELECT 1", database=database)
        assert seen[0].get("code") and "rows" not in seen[0], (database, seen)
    for user in ("tussilago", "tussilago_pooler", "pgbouncer", other["r"], other["o"]):
        for database in (other["d"], "postgres", "pgbouncer"):
            seen = sql(host, EVIL, "SELECT 1", user=user, database=database)
            assert "rows" not in seen[0], (user, database, seen)
    # Who knows the password gets in, and who was let into a database as well: the probes can succeed.
    assert sql(host, EVIL, "SELECT 1", user=other["r"], password=other["password"], database=other["d"]) == [
        {"rows": [["1"]]}]
    own = names(host, EVIL)
    superuser(host, f"GRANT CONNECT ON DATABASE {other['d']} TO {own['o']}")
    try:
        assert sql(host, EVIL, "SELECT 1", database=other["d"]) == [{"rows": [["1"]]}]
        # Even then what is in it is the other's.
        seen = sql(host, EVIL, "SELECT * FROM public.book", "CREATE TABLE public.evil (x int)", database=other["d"])
        assert [each.get("code") for each in seen] == ["42501", "42501"], seen
    finally:
        superuser(host, f"REVOKE CONNECT ON DATABASE {other['d']} FROM {own['o']}")
        superuser(host, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{own['r']}'")


def test_the_server_s_own_socket_is_not_for_everybody(host):
    deploy(host, GOOD)
    connect = ("python3 -c \"import socket; socket.socket(socket.AF_UNIX).connect("
               "'/run/tussilago-postgres/.s.PGSQL.5432')\"")
    refused = host.ask(f"setpriv --reuid=nobody --regid=nogroup --clear-groups {connect}")
    assert refused.code != 0 and "PermissionError" in refused.output, refused.output
    host.run(f"setpriv --reuid=tussilago-pgbouncer --regid=tussilago-pgbouncer --init-groups {connect}")
    # Of the host's users only root is the platform's role.
    asked = host.ask("setpriv --reuid=tussilago-pgbouncer --regid=tussilago-pgbouncer --init-groups"
                     " psql -h /run/tussilago-postgres -U tussilago -d postgres -c 'SELECT 1'")
    assert asked.code != 0 and "peer" in asked.output.lower(), asked.output
    assert host.run("ss -Hltn | grep -c 5432 || true") == "0"


def test_a_flood_of_connections_is_in_the_way_of_its_own_tenant_only(host):
    deploy(host, GOOD)
    deploy(host, EVIL)
    flood = f"curl -sS -m 60 -H 'Host: {NAMES[EVIL]}' http://127.0.0.1/flood --data"
    try:
        held = int(host.run(f"{flood} 1200", timeout=70))
        assert held >= 1000, held
        begin = time.monotonic()
        assert sql(host, GOOD, "SELECT 1") == [{"rows": [["1"]]}]
        assert time.monotonic() - begin < 2, "the other tenant waits"
        own = sql(host, EVIL, "SELECT 1")
        assert "rows" not in own[0], f"its own pooler has room left: {held} connections are no flood"
    finally:
        host.run(f"{flood} 0")
    host.settled(lambda: sql(host, EVIL, "SELECT 1") == [{"rows": [["1"]]}], "its own pooler serves again", within=20)


def test_no_password_is_anywhere_but_in_the_sandbox(host):
    deploy(host, GOOD)
    password = names(host, GOOD)["password"]
    find = f"grep -rlF {password} /var/lib/tussilago /var/lib/tussilago-postgres /etc /run/tussilago /var/log || true"
    assert host.run(find) == ""
    assert host.run(f"journalctl --no-pager -o export | grep -c {password} || true") == "0"
    assert host.run(f"cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -v grep"
                    f" | grep -c '^{password}' || true") == "0"
    # The same search finds it where it is.
    assert host.run(f"grep -rlF {password} /run/tussilago-secrets || true").endswith("/DATABASE_URL")


def test_a_rotation_loses_no_request_and_ends_the_old_password(host):
    deploy(host, GOOD)
    old = names(host, GOOD)
    with load(host, NAMES[GOOD]) as seen:
        host.run(f"tussilago db rotate {GOOD}")
    assert seen["failed"] == 0, f"requests failed: {seen}"
    new = names(host, GOOD)
    assert new["r"] != old["r"] and new["password"] != old["password"] and new["d"] == old["d"]
    assert sql(host, GOOD, "SELECT title FROM book") == [{"rows": [["Momo"]]}]
    assert old["r"] not in roles(host) and new["r"] in roles(host)
    refused = sql(host, GOOD, "SELECT 1", user=old["r"], password=old["password"])
    assert "rows" not in refused[0], refused


def test_a_server_that_is_away_is_waited_for(host):
    """The server is stopped in the middle: with the lock in hand that the next statement waits for."""
    app = "acme/late"
    NAMES[app] = "late.example.org"
    deploy(host, GOOD)
    host.app(app)
    host.write("/srv/late.toml", text(app))
    holder = host.popen("psql -h /run/tussilago-postgres -U tussilago -d postgres"
                        " -c 'BEGIN' -c 'LOCK TABLE pg_auth_members IN ACCESS EXCLUSIVE MODE' -c 'SELECT pg_sleep(60)'")
    host.settled(lambda: superuser_locks(host), "pg_auth_members is locked")
    deploying = host.popen(f"tussilago deploy {app} --manifest /srv/late.toml --files /srv/apps")
    time.sleep(2)
    assert deploying.poll() is None
    host.run(f"systemctl stop {SERVER}")
    holder.wait()
    time.sleep(10)
    assert deploying.poll() is None, deploying.communicate()[0]
    host.run(f"systemctl start {SERVER}")
    output, _ = deploying.communicate(timeout=90)
    assert deploying.returncode == 0, output
    assert "waited for" in output, output
    assert sql(host, app, "SELECT 1") == [{"rows": [["1"]]}]
    assert sql(host, GOOD, "SELECT title FROM book") == [{"rows": [["Momo"]]}], "its pooler has found the server again"


def superuser_locks(host):
    return host.ask("psql -h /run/tussilago-postgres -U tussilago -d template1 -XAtqc \"SELECT count(*) FROM pg_locks"
                    " WHERE mode = 'AccessExclusiveLock' AND relation = 1261\" | grep -q 1").code == 0


def test_a_deleted_app_s_database_is_kept_and_a_purged_one_s_is_gone(host):
    app = "acme/late"
    NAMES[app] = "late.example.org"
    deploy(host, app)
    own = names(host, app)
    host.run(f"tussilago app delete {app}")
    assert own["d"] in databases(host) and own["r"] not in roles(host)
    host.run("tussilago gc")
    assert own["d"] in databases(host)
    # Eight days later
    host.run("systemctl stop tussilagod.service; sqlite3 /var/lib/tussilago/ledger.sqlite"
             " \"UPDATE service SET released_at = released_at - 8 * 86400000000 WHERE app = 'late'\"")
    host.run("tussilago gc")
    assert own["d"] not in databases(host) and own["o"] not in roles(host)
    deploy(host, app)
    other = names(host, app)
    assert other["d"] != own["d"]
    host.run(f"tussilago app delete {app} --purge")
    assert other["d"] not in databases(host) and not {other["o"], other["r"]} & roles(host)
    assert sql(host, GOOD, "SELECT title FROM book") == [{"rows": [["Momo"]]}]
