"""Who may ask the agent, and for what."""

CURL = "curl -sS -o /dev/null -w '%{http_code}' --unix-socket /run/tussilago/api.sock"


def status(host, user, group, request):
    """As a user who exists only here, with one supplementary group at most."""
    groups = f"--groups={group}" if group else "--clear-groups"
    return host.ask(f"setpriv --reuid={user} --regid=nogroup {groups} {CURL} {request} http://localhost/v1/tenants")


def test_the_group_may_read_and_not_write(host):
    create = "-X POST -H 'Content-Type: application/json' -d '{\"name\":\"forbidden\"}'"
    assert (seen := status(host, "daemon", "tussilago", "")).output == "200", f"GET: {seen.output}"
    assert (seen := status(host, "daemon", "tussilago", create)).output == "403", f"POST: {seen.output}"
    assert host.ask("tussilago tenant show forbidden").code != 0, "the tenant was made"


def test_others_cannot_connect(host):
    seen = status(host, "daemon", None, "")
    assert seen.code == 7, f"curl ended with {seen.code}: {seen.output}"  # 7: could not connect, curl(1)
