"""Roles, tokens, the audit, quotas and rates, with accounts of the host."""

import hashlib
import json

from host import SHOP, deploy_both, manifest

SOCKET = "/run/tussilago/api.sock"
CURL = f"curl -sS --unix-socket {SOCKET}"


def become(user, script):
    """A script as a user, with all of the user's groups."""
    return f"setpriv --reuid={user} --regid={user} --init-groups -- bash -c '{script}'"


def accounts(host, **users):
    """Makes users, each with supplementary groups."""
    for user, groups in users.items():
        host.run(f"id {user} >/dev/null 2>&1 || useradd --create-home {user}")
        for group in groups:
            host.run(f"groupadd -f {group}")
        host.run(f"usermod -G '{','.join(groups)}' {user}")


def code(host, user, request):
    return host.ask(become(user, f"{CURL} -o /dev/null -w %{{http_code}} {request}")).output


def names(host, user, command):
    return [item["name"] for item in json.loads(host.run(become(user, f"tussilago {command} --json")))]


def test_the_socket_is_open_to_those_who_may_have_a_role(host):
    deploy_both(host)
    accounts(host, eve=[], ursula=["tussilago-users"], adam=["tussilago-admin"], victor=["tussilago"])
    status = "http://localhost/v1/status"
    refused = host.ask(become("eve", f"{CURL} {status}"))
    assert refused.code == 7, f"curl ended with {refused.code}: {refused.output}"  # 7: could not connect, curl(1)
    assert code(host, "ursula", status) == "403", "a user without a role was answered"
    for user in ("adam", "victor"):
        assert code(host, user, status) == "200", f"{user} was refused"
    assert code(host, "victor", "-X POST http://localhost/v1/reconcile") == "403", "a viewer changed something"
    assert code(host, "adam", "-X POST http://localhost/v1/reconcile") == "202", "an admin was refused"
    # Also after a restart of the socket, as at boot.
    host.run("systemctl stop tussilagod.socket tussilagod.service; systemctl start tussilagod.socket")
    assert code(host, "ursula", status) == "403", "the socket was closed to the group"


def test_a_role_in_a_tenant_reaches_that_tenant_only(host):
    deploy_both(host)
    accounts(host, alice=["tussilago-users"], carol=["tussilago-users", "acme-ops"])
    host.run("tussilago grant add user:alice viewer --tenant acme")
    host.run("tussilago grant add group:acme-ops operator --tenant acme")
    for user in ("alice", "carol"):
        assert names(host, user, "tenant list") == ["acme"]
        assert names(host, user, "app list") == ["shop"]
        seen = json.loads(host.run(become(user, "tussilago op list -n 50 --json")))
        assert seen and {each.get("tenant") for each in seen} == {"acme"}, "others' operations are listed"
        foreign = host.ask(become(user, "tussilago status umbra/other"))
        missing = host.ask(become(user, "tussilago status vacua/other"))
        assert foreign.code == missing.code == 1, foreign.output
        assert foreign.output == missing.output.replace("vacua", "umbra"), (foreign.output, missing.output)
        assert "umbra" in host.run("tussilago tenant list"), "it is not there at all"
        operation = host.json("tussilago op list umbra/other -n 1 --json")[0]["id"]
        assert host.ask(become(user, f"tussilago op show {operation}")).code == 1, "a foreign operation was shown"
        assert host.ask(become(user, "tussilago stop umbra/other")).code == 1, "a foreign app was stopped"
    refused = host.ask(become("alice", "tussilago stop acme/shop"))
    assert refused.code == 1 and "operator of tenant acme" in refused.output, refused.output
    host.expect(SHOP, 200)
    host.run(become("carol", "tussilago stop acme/shop && tussilago start acme/shop"))
    host.expect(SHOP, 200, within=5)
    refused = host.ask(become("carol", "tussilago app create acme/more"))
    assert refused.code == 1 and "admin of tenant acme" in refused.output, refused.output
    # A role that is taken away is gone with the next request.
    host.run("tussilago grant remove group:acme-ops --tenant acme")
    assert host.ask(become("carol", "tussilago status acme/shop")).code == 1
    assert host.run(become("alice", "tussilago status acme/shop"))


def failure(host, user, directory):
    """Why a user's deploy of a directory failed, without its name."""
    host.write("/srv/deploy.json", json.dumps({"manifest": manifest(SHOP), "files": directory}))
    url = "http://localhost/v1/tenants/acme/apps/shop/releases?wait=true"
    asked = json.loads(host.run(become(user, f"{CURL} -H Content-Type:application/json -d @/srv/deploy.json {url}")))
    host.ask(f"tussilago op watch {asked['id']}")
    ended = host.json(f"tussilago op show {asked['id']} --json")
    assert ended["state"] == "failed", ended
    return ended["failure"]["message"].rpartition(": ")[2]


def test_an_operator_deploys_own_files_and_nobody_elses(host):
    deploy_both(host)
    accounts(host, carol=["tussilago-users"])
    host.run("tussilago grant add user:carol operator --tenant acme")
    host.write("/srv/manifest.toml", manifest(SHOP, TEXT="carol"))
    deploy = "tussilago deploy acme/shop --manifest /srv/manifest.toml --files"
    host.run("rm -rf /home/carol/apps; cp -r /srv/apps /home/carol/apps; chown -R carol: /home/carol/apps")
    host.run(become("carol", f"{deploy} /home/carol/apps"))
    host.expect(SHOP, 200)
    # Root's directories, readable or not, are all the same to the agent as one that is not there. Past the command, which
    # looks by itself as the user that it is.
    answers = {directory: failure(host, "carol", directory) for directory in ("/etc", "/root", "/root/none", "/srv/apps")}
    assert set(answers.values()) == {"there is no such directory that belongs to you"}, answers
    # A file of root's among own ones.
    host.run("cp /etc/shadow /home/carol/apps/own; chown root: /home/carol/apps/own")
    refused = host.ask(become("carol", f"{deploy} /home/carol/apps"))
    assert refused.code == 1 and "does not belong to you" in refused.output, refused.output
    # Root may: it is the check that refuses, not the file.
    host.run(f"{deploy} /home/carol/apps; rm /home/carol/apps/own")
    host.run("tussilago deploy acme/shop --manifest /srv/manifest.toml --files /srv/apps")
    shown = host.run(become("carol", "tussilago plan acme/shop --manifest /srv/manifest.toml --json"))
    assert "UIDMap" not in shown and "/var/lib" not in shown, "a plan shows the host's inside"


def test_a_token_has_its_role_until_it_is_revoked(host):
    deploy_both(host)
    host.write("/srv/manifest.toml", manifest(SHOP, TEXT="token"))
    host.run("umask 077; tussilago token create ci --role operator --tenant acme >/root/token")
    use = "TUSSILAGO_TOKEN_FILE=/root/token tussilago"
    assert [each["name"] for each in host.json(f"{use} tenant list --json")] == ["acme"]
    host.run(f"{use} restart acme/shop")
    last = host.json("tussilago op list acme/shop -n 1 --json")[0]
    assert last["caller"] == "root (token ci)", last
    for words in ("status", "app create acme/more", "status umbra/other", "token list --tenant acme",
                  "deploy acme/shop --manifest /srv/manifest.toml --files /srv/apps"):
        assert host.ask(f"{use} {words}").code == 1, f"a token was enough for: {words}"
    secret = host.run("cat /root/token")
    for place in ("/var/lib/tussilago/ledger.sqlite", "/var/lib/tussilago/ledger.sqlite-wal"):
        assert host.ask(f"grep -q {secret} {place}").code != 0, "the ledger has the secret"
    assert secret not in host.run("tussilago token list --tenant acme --json; journalctl -u tussilagod -o export")
    host.run("chmod 644 /root/token")
    open_file = host.ask(f"{use} status acme/shop")
    assert open_file.code == 2 and "chmod 600" in open_file.output, open_file.output
    host.run("chmod 600 /root/token; tussilago token revoke ci --tenant acme")
    refused = host.ask(f"{use} status acme/shop")
    assert refused.code == 1 and "revoked" in refused.output, refused.output


def test_the_audit_names_a_record_that_was_changed(host):
    deploy_both(host)
    host.run("tussilago tenant create fleeting && tussilago tenant delete fleeting")
    accounts(host, victor=["tussilago"])
    assert code(host, "victor", "-X POST http://localhost/v1/collect") == "403"
    host.run("tussilago audit export >/srv/audit.jsonl")
    records = [json.loads(line) for line in host.run("cat /srv/audit.jsonl").splitlines()]
    fleeting = [(each["verb"], each["outcome"]) for each in records if each["subject"] == "fleeting"]
    assert fleeting == [("tenant.create", "accepted"), ("tenant.create", "succeeded"),
                        ("tenant.delete", "accepted"), ("tenant.delete", "succeeded")], fleeting
    assert any(each["outcome"] == "refused" for each in records), "no refusal is recorded"
    host.run("tussilago audit verify && tussilago audit verify /srv/audit.jsonl")
    # The journal has the hash of each, apart from the ledger.
    newest = records[-1]
    line = host.run(f"journalctl -o json TUSSILAGO_RECORD_HASH={newest['hash']} | tail -1")
    assert json.loads(line)["TUSSILAGO_VERB"] == newest["verb"], line
    # By hand, as anyone can who has sha256sum and jq or python.
    members = ("previous", "chain", "sequence", "time", "caller", "verb", "subject", "tenant", "outcome", "request",
               "operation", "detail")
    text = "\n".join(str(newest.get(member, "")) for member in members)
    assert hashlib.sha256(text.encode()).hexdigest() == newest["hash"], text
    # One that is changed is named, in the export and in the ledger.
    victim = records[len(records) // 2]
    host.run(f"sed '{len(records) // 2 + 1}s/\"caller\":\"/\"caller\":\"x/' /srv/audit.jsonl >/srv/changed.jsonl")
    found = host.ask("tussilago audit verify /srv/changed.jsonl")
    assert found.code == 1 and f"record {victim['sequence']} " in found.output, found.output
    host.run("systemctl stop tussilagod.service")
    host.run("cp /var/lib/tussilago/ledger.sqlite /srv/kept.sqlite")
    try:
        assert host.ask("sqlite3 /var/lib/tussilago/ledger.sqlite \"UPDATE audit SET caller = 'x'\"").code != 0
        trigger = host.run("sqlite3 /var/lib/tussilago/ledger.sqlite"
                           " \"SELECT sql FROM sqlite_schema WHERE name = 'audit_stays'\"")
        host.write("/srv/change.sql", f"DROP TRIGGER audit_stays; UPDATE audit SET caller = 'x'"
                   f" WHERE sequence = {victim['sequence']}; {trigger};")
        host.run("sqlite3 /var/lib/tussilago/ledger.sqlite </srv/change.sql")
        found = host.ask("tussilago audit verify")
        assert found.code == 1 and f"record {victim['sequence']}" in found.output, found.output
    finally:
        host.run("systemctl stop tussilagod.service; cp /srv/kept.sqlite /var/lib/tussilago/ledger.sqlite")
    host.run("tussilago audit verify")


def test_a_tenant_gets_no_more_than_its_quota(host):
    deploy_both(host)
    host.run("tussilago quota set acme --apps 1 --instances 1 --memory 1G --cpu 200%")
    try:
        assert host.property("tussilago-acme.slice", "MemoryMax") == str(1 << 30)
        assert host.property("tussilago-acme.slice", "CPUQuotaPerSecUSec") == "2s"
        for words, text in (("app create acme/more", "its quota is 1"), ("scale acme/shop web=2", "would have 2")):
            refused = host.ask(f"tussilago {words}")
            assert refused.code == 1 and text in refused.output, refused.output
        problem = json.loads(host.ask("tussilago app create acme/more --json").output)
        assert problem["code"] == "quota-exceeded" and problem["field"] == "apps" and problem["remedy"], problem
        host.expect(SHOP, 200)
        shown = host.json("tussilago quota show acme --json")
        assert shown["used"]["apps"] == 1 and shown["limits"]["memory"] == 1 << 30, shown
        findings = host.json("tussilago reconcile --dry-run --json")
        assert not [each for each in findings if each["subject"].startswith("acme")], findings
    finally:
        host.run("tussilago quota set acme --apps none --instances none --memory none --cpu none")
    assert host.property("tussilago-acme.slice", "MemoryMax") == "infinity"
    host.run("tussilago app create acme/more && tussilago app delete acme/more")


def test_who_asks_too_often_is_told_when_to_come_back(host):
    accounts(host, ursula=["tussilago-users"])
    host.run("tussilago grant add user:ursula viewer --host")
    url = "http://localhost/v1/openapi.json"
    codes = host.run(become("ursula", f"for i in $(seq 200); do echo url={url}; echo output=/dev/null; done >/tmp/u;"
                            f" {CURL} -w \"%{{http_code}}\\n\" -K /tmp/u")).split()
    assert codes.count("200") >= 100 and codes.count("429") > 0, f"{codes.count('200')} 200, {codes.count('429')} 429"
    head = host.run(become("ursula", f"{CURL} -D - -o /dev/null {url}"))
    assert "429" not in head or "Retry-After: 1" in head, head
    # The command waits by itself, and root is not limited.
    assert host.run(become("ursula", "tussilago tenant list"))
    codes = host.run(f"{CURL} -w '%{{http_code}}\\n' -K /tmp/u").split()
    assert set(codes) == {"200"}, set(codes)
    host.run("tussilago grant remove user:ursula --host; rm /tmp/u")
