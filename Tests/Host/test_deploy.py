"""A deploy, and a second one, as a visitor and an admin see them."""

import json
import subprocess
import time

from host import OTHER, SHOP, TESTHOST, deploy_both, manifest


def test_an_app_is_deployed_and_serves(host):
    deploy_both(host)
    host.expect(SHOP, 200, text="acme/shop first release 1")
    host.expect(OTHER, 200, text="umbra/other first release 1")


def test_the_kernel_that_the_app_sees_is_gvisors(host):
    log = host.expect(SHOP, 200, path="/dmesg")
    assert "gVisor" in log, f"the kernel log reads {log[:200]!r}"


def test_a_program_of_the_app_writes_to_dev_null(host):
    """As subprocess.DEVNULL does. A read-only /dev keeps runsc from it."""
    assert host.expect(SHOP, 200, path="/null") == "0"


def caddy_state(host):
    """Caddy's own word about its configuration, and whether its file was written."""
    return host.run(
        "curl -sS --unix-socket /run/caddy/admin.sock -H 'Host: localhost' -D- -o /dev/null http://localhost/config/"
        " | grep -i '^etag'; stat -c '%i %y %z' /var/lib/tussilago/caddy/caddy.json;"
        " journalctl -q -o cat -u caddy | grep -c '\"method\":\"\\(POST\\|PUT\\|PATCH\\|DELETE\\)\"' || true")


def test_a_second_release_reloads_nothing_and_loses_no_request(host):
    deploy_both(host)
    reloads, caddy = host.reloads(), caddy_state(host)
    assert "etag" in caddy.lower(), f"Caddy said nothing: {caddy}"
    load = subprocess.Popen(
        [TESTHOST, "exec", host.directory, "python3", "/srv/inside/load.py", SHOP],
        text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        time.sleep(1)
        host.deploy("acme/shop", manifest(SHOP, TEXT="acme/shop second"))
        time.sleep(3)  # the replaced release is drained and stopped meanwhile
    finally:
        output, _ = load.communicate("", timeout=60)
    seen = json.loads(output)
    assert seen["failed"] == 0, f"requests failed: {output}"
    assert seen["sent"] >= 2000, f"too few requests to show anything: {output}"
    assert seen["releases"] == ["1", "2"], f"both releases should have served: {output}"
    assert host.reloads() == reloads, "systemd was reloaded"
    after = caddy_state(host)
    assert after == caddy, f"Caddy was written to: {caddy} became {after}"
    host.expect(SHOP, 200, text="acme/shop second release 2")


def test_a_new_hostname_is_seen_by_the_same_measures(host):
    """Or the check before shows nothing."""
    reloads, caddy = host.reloads(), caddy_state(host)
    host.deploy("acme/seen", manifest("seen.example.org"))
    assert host.reloads() != reloads, "a reload cannot be seen"
    for before, after in zip(caddy.splitlines(), caddy_state(host).splitlines(), strict=True):
        assert before != after, f"a write to Caddy cannot be seen in {before!r}"
    host.run("tussilago app delete acme/seen")
