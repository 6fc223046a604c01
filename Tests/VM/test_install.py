"""The README's own commands on a host that has never seen Tussilago, and what it is like after a reboot."""

import re

from vm import SHOP, readme

BUILD = "make build && make install"
AGENT = "tussilagod.service"


def migration(vm):
    return vm.run("cat /proc/sys/net/ipv4/tcp_migrate_req")


def test_a_host_boots_with_all_controllers(vm):
    """Or nothing that follows could show a limit."""
    controllers = vm.run("cat /sys/fs/cgroup/cgroup.controllers").split()
    assert {"cpu", "io", "memory", "pids"} <= set(controllers), controllers


def test_the_readmes_commands_install_it(vm):
    assert vm.ask("command -v tussilago").code != 0, "it is there already"
    assert migration(vm) == "0", "the kernel's own setting is not what it was thought to be"
    lines = readme("Install")
    assert BUILD in lines, "the README builds it otherwise"
    for line in lines:
        # Built outside; the stage is the second disk.
        vm.run("tar -C / -x --no-overwrite-dir -f /dev/vdb" if line == BUILD else line)
    assert vm.property("system.slice", "ActiveState") == "active"
    failed = vm.run("systemctl --failed --no-legend --plain")
    assert not failed, f"units have failed: {failed}"
    assert migration(vm) == "1", "the setting of the kernel is not applied"


def test_the_readmes_first_deploy_serves(vm):
    # Not `podman pull` and `podman tag`: there is no network, and the image is there.
    lines = [line for line in readme("A first deploy") if not line.startswith("podman ")]
    said = vm.run("set -e; cd /root\n" + "\n".join(lines), timeout=120)
    assert "Hello from the first release" in said, said


def test_systemctl_stops_and_starts_it(vm):
    vm.run("systemctl stop tussilago-acme-shop.target")
    vm.expect(SHOP, 503, within=60)
    vm.run("systemctl start tussilago-acme-shop.target")
    vm.expect(SHOP, 200, within=120)


def test_the_journal_has_its_log(vm):
    log = vm.run("journalctl --no-pager -q -o json TUSSILAGO_TENANT=acme TUSSILAGO_APP=shop -n 1")
    assert '"TUSSILAGO_RELEASE":"1"' in log, log
    told = vm.run(f"journalctl --no-pager -q -x -u {AGENT}")
    assert "An operation has succeeded" in told, f"the catalog is not there: {told[-2000:]}"


def test_its_threads_ask_for_no_priority(vm):
    """libdispatch would, and complain: the agent's filter of system calls refuses it (docs/decisions/0019)."""
    complaint = "Failed to set thread priority"
    vm.run(f"systemctl stop {AGENT}; tussilago status")
    said = vm.run(f"journalctl --no-pager -q -u {AGENT}")
    assert "started" in said, f"the agent has said nothing: {said}"
    assert complaint not in said, said
    nice = vm.run(f"ps -L -o ni= -p $(systemctl show -P MainPID {AGENT})").split()
    assert nice and set(nice) == {"0"}, f"its threads have the nice values {nice}"


def test_its_units_are_little_exposed(vm):
    """As systemd has them loaded, not as a file says."""
    bounds = {AGENT: 1.5, "tussilago-reconcile.service": 1.5, "tussilago-firewall.service": 1.5,
              "tussilago-launch@tussilago-acme-shop.service": 1.5, "caddy.service": 1.5}
    seen = {}
    for unit in bounds:
        output = vm.run(f"systemd-analyze security --no-pager '{unit}' | tail -1")
        seen[unit] = float(re.search(r"exposure level for \S+: ([\d.]+)", output)[1])
    print(f"   exposure: {seen}")
    for unit, bound in bounds.items():
        assert seen[unit] <= bound, f"{unit} has {seen[unit]}"


def test_it_serves_after_a_reboot_before_the_agent_was_asked(vm):
    vm.testhost("reboot")
    vm.expect(SHOP, 200, text="release 1", within=120)
    failed = vm.run("systemctl --failed --no-legend --plain")
    assert not failed, f"units have failed: {failed}"
    when = {unit: int(vm.property(unit, "ActiveEnterTimestampMonotonic"))
            for unit in ("tussilago-acme-shop-web@1.service", "caddy.service", AGENT)}
    print(f"   up after seconds: { {unit: round(time / 1e6, 1) for unit, time in when.items()} }")
    app, caddy, agent = when.values()
    assert app and caddy, when
    assert agent == 0 or max(app, caddy) < agent, f"the agent was there first: {when}"
    assert migration(vm) == "1", "the setting of the kernel is not applied at boot"


def test_it_boots_without_the_agent(vm):
    """The same where the agent cannot have had a hand in it."""
    vm.run(f"systemctl mask {AGENT}")
    vm.testhost("reboot")
    vm.expect(SHOP, 200, text="release 1", within=120)
    assert vm.property(AGENT, "ActiveEnterTimestampMonotonic") == "0", "the agent has run"
    vm.run(f"systemctl unmask {AGENT}; systemctl reset-failed; systemctl start tussilagod.socket;"
           " tussilago reconcile", timeout=120)
    vm.expect(SHOP, 200, text="release 1")
