"""An agent that is killed, and what deletions leave."""

from host import SHOP, deploy_both, manifest


def test_a_deploy_goes_on_after_the_agent_was_killed(host):
    deploy_both(host)
    host.write("/srv/manifest.toml", manifest(SHOP, TEXT="acme/shop finished", WAIT="3"))
    host.run("tussilago deploy acme/shop --manifest /srv/manifest.toml --files /srv/apps --detach")
    host.settled(
        lambda: "activating" in host.run("systemctl list-units --no-legend --plain 'tussilago-acme-shop-web*@*' || true"),
        "a start of the new release")
    process = host.property("tussilagod.service", "MainPID")
    host.run("systemctl kill --signal=KILL --kill-whom=main tussilagod.service")
    host.expect(SHOP, 200)
    assert host.json("tussilago status --json")["open_operations"] == 1, "the deploy had ended before the kill"
    assert host.property("tussilagod.service", "MainPID") not in ("0", process), "the agent was not killed"
    host.settled(lambda: host.json("tussilago status --json")["open_operations"] == 0, "the end of the deploy", within=30)
    host.expect(SHOP, 200, text="acme/shop finished")


def traces(host, word):
    """Files, links, units and routes that have to do with a name."""
    return host.run(
        "find /etc/systemd/system /etc/containers/systemd /var/lib/tussilago/apps /var/lib/tussilago/upstreams"
        f" /run/tussilago-ingress 2>/dev/null | grep -w -e {word} || true;"
        f" systemctl list-units --all --no-legend --plain 'tussilago-{word}*' '*@tussilago-{word}*';"
        f" grep -o '{word}' /var/lib/tussilago/caddy/caddy.json || true;"
        f" curl -sS --unix-socket /run/caddy/admin.sock -H 'Host: localhost' http://localhost/config/ | grep -o '{word}' || true")


def bridges(host):
    return host.run("ip -br link | grep -o '^tsl-[^ ]*' | sort; podman network ls -q | sort;"
                    " systemctl list-units --no-legend --plain 'tussilago-tcp@*' | awk '{print $1, $3}' | sort")


def test_deleted_apps_and_tenants_leave_nothing(host):
    bridges_before = bridges(host)
    host.deploy("gonetenant/shop", manifest("gonetenant.example.org"))
    host.deploy("gonetenant/tcp", manifest("gonetenant-tcp.example.org", process="ingress = { port = 8000 }"))
    host.expect("gonetenant-tcp.example.org", 200)
    assert bridges(host) != bridges_before, "no bridge to be deleted"
    before = traces(host, "gonetenant")
    for word in ("/live", "gonetenant-shop.target", "\ngonetenant"):
        assert word in before, f"no {word!r} to be deleted: {before}"
    for command in ("app delete gonetenant/shop", "app delete gonetenant/tcp", "tenant delete gonetenant"):
        host.run(f"tussilago {command}")
    left = traces(host, "gonetenant")
    assert not left, f"left:\n{left}"
    assert bridges(host) == bridges_before, f"bridges: {bridges_before!r} became {bridges(host)!r}"
    host.expect("gonetenant.example.org", 404)
