"""Targets, boots and Caddy's restarts, all without the agent."""

from host import OTHER, SHOP, deploy_both, manifest


def without_agent(host):
    host.run("systemctl stop tussilagod.socket tussilagod.service")


def with_agent(host):
    host.run("systemctl start tussilagod.socket")


def stop_and_start(host):
    host.run("systemctl stop tussilago-acme-shop.target")
    host.expect(SHOP, 503, within=1)
    host.expect(OTHER, 200)
    host.run("systemctl start tussilago-acme-shop.target")
    host.expect(SHOP, 200)  # held until it is up


def test_a_stopped_app_answers_503_and_a_started_one_200(host):
    deploy_both(host)
    stop_and_start(host)


LAUNCHER = "tussilago-launch@tussilago-acme-shop.service"
MARK = "/run/tussilago-ingress/tussilago-acme-shop-web*@*/starting"


def test_no_request_fails_once_systemctl_start_has_returned(host):
    deploy_both(host)
    for _ in range(3):
        host.run("systemctl stop tussilago-acme-shop.target")
        seen = host.json(f"python3 /srv/inside/burst.py {SHOP} 200 systemctl start tussilago-acme-shop.target")
        assert seen == {"200": 200}, f"answers: {seen}"


def assert_not_held(host, why):
    """No mark stays, and requests for an app that does not start are answered at once."""
    host.settled(lambda: host.property(LAUNCHER, "ActiveState") in ("inactive", "failed"), "the launcher's end")
    left = host.run(f"ls {MARK} 2>/dev/null || true")
    assert not left, f"{why}: {left} is left"
    host.expect(SHOP, 503, within=1)


def test_what_is_not_started_after_all_is_not_held(host):
    deploy_both(host)
    unit = host.run("basename /etc/systemd/system/tussilago-acme-shop.target.wants/*-web*@*")
    link = host.run(f"ls -d /var/lib/tussilago/apps/acme/shop/live/{unit.split('@')[1].removesuffix('.service')}")
    target = "tussilago-acme-shop.target"
    try:
        for _ in range(5):
            host.run(f"systemctl stop {target}; systemctl start --no-block {target}; systemctl stop {target}")
            assert_not_held(host, "a cancelled start")
        host.run(f"mv {link} /srv/link && systemctl start {target}")
        assert_not_held(host, "a condition that fails")
        host.run(f"mv /srv/link {link}; systemctl stop {target}; systemctl mask --runtime {unit}; systemctl start {target}")
        assert_not_held(host, "a masked unit")
    finally:
        host.run(f"[ ! -L /srv/link ] || mv /srv/link {link}; systemctl unmask --runtime {unit}; systemctl stop {target}; systemctl start {target}")
    host.expect(SHOP, 200, within=10)


def test_the_same_without_the_agent(host):
    deploy_both(host)
    without_agent(host)
    try:
        stop_and_start(host)
        assert host.ask("systemctl is-active tussilagod.service").output.strip() == "inactive", "the agent runs"
    finally:
        with_agent(host)


def test_the_newer_release_serves_after_its_target_was_stopped_and_started(host):
    deploy_both(host)
    host.deploy("acme/shop", manifest(SHOP, TEXT="acme/shop newer"))
    stop_and_start(host)
    host.expect(SHOP, 200, text="acme/shop newer")


def test_after_a_boot_all_apps_serve_and_the_agent_has_not_run(host):
    deploy_both(host)
    host.deploy("acme/shop", manifest(SHOP, TEXT="acme/shop booted"))
    # What looks at all apps once everything is up would ask the agent.
    looks = "tussilago-reconcile.service tussilago-reconcile.timer"
    host.run(f"systemctl mask {looks}")
    try:
        host.testhost("reboot")
        host.expect(SHOP, 200, text="acme/shop booted", within=20)
        host.expect(OTHER, 200, within=20)
        for name, value in (("ActiveState", "inactive"), ("ActiveEnterTimestampMonotonic", "0"), ("NRestarts", "0")):
            seen = host.property("tussilagod.service", name)
            assert seen == value, f"tussilagod.service has {name}={seen}"
    finally:
        host.run(f"systemctl unmask {looks} && systemctl start tussilago-reconcile.timer")


def test_caddys_restart_brings_all_routes_back(host):
    deploy_both(host)
    without_agent(host)
    try:
        host.run("systemctl restart caddy.service")
        host.expect(SHOP, 200, within=10)
        host.expect(OTHER, 200, within=10)
    finally:
        with_agent(host)


def test_a_change_of_caddys_configuration_resets_no_connection(host):
    setting = "net.ipv4.tcp_migrate_req"
    assert host.run(f"sysctl -n {setting}") == "1", "it is not set"
    seen = host.json("python3 /srv/inside/changes.py 40")
    assert seen["reset"] == 0 and seen["sent"] >= 1000, seen
    try:
        host.run(f"sysctl -w {setting}=0")
        seen = host.json("python3 /srv/inside/changes.py 40")
        assert seen["reset"] > 0, f"without the setting nothing is reset either, so this shows nothing: {seen}"
    finally:
        host.run(f"sysctl -w {setting}=1")


def test_caddy_2_11_serves_as_well(host):
    deploy_both(host)
    drop_in = "/etc/systemd/system/caddy.service.d/zz-newer.conf"
    host.run(f"mkdir -p $(dirname {drop_in})")
    host.write(drop_in, "[Service]\nExecStart=\n"
               "ExecStart=/opt/caddy-2.11/caddy run --config /var/lib/tussilago/caddy/caddy.json\n")
    host.run("systemctl daemon-reload && systemctl restart caddy.service")
    try:
        program = host.run("readlink /proc/$(systemctl show -P MainPID caddy.service)/exe")
        assert program == "/opt/caddy-2.11/caddy", f"Caddy is {program}"
        host.expect(SHOP, 200, within=10)
        stop_and_start(host)
        host.expect("nobody.example.org", 404)
        host.deploy("acme/fresh", manifest("fresh.example.org", TEXT="fresh"))
        host.expect("fresh.example.org", 200, text="fresh")
        host.run("tussilago app delete acme/fresh")
        host.expect("fresh.example.org", 404)
    finally:
        host.run(f"rm {drop_in}; systemctl daemon-reload && systemctl restart caddy.service")
    host.expect(SHOP, 200, within=10)
