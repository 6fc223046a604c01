"""The agent as a service: it comes when it is asked, and goes."""

import re

from host import manifest

AGENT = "/usr/libexec/tussilago/tussilagod"
FOLDER = "/etc/tussilago/tussilagod.toml.d"


def test_it_exits_when_idle_and_comes_back(host):
    host.write(f"{FOLDER}/10-test.toml", '[agent]\nidle = "2s"\n')
    host.run("systemctl stop tussilagod.service")
    try:
        for _ in range(2):
            host.run("tussilago status")
            assert host.property("tussilagod.service", "ActiveState") == "active", "the agent did not start"
            host.settled(
                lambda: host.property("tussilagod.service", "ActiveState") == "inactive", "an exit of the idle agent")
            for name, value in (("Result", "success"), ("NRestarts", "0")):
                seen = host.property("tussilagod.service", name)
                assert seen == value, f"after an idle exit {name}={seen}"
    finally:
        host.run(f"rm {FOLDER}/10-test.toml; systemctl stop tussilagod.service")


def test_it_is_small_when_idle(host):
    host.run("tussilago status")
    status = host.run("sleep 1; cat /proc/$(systemctl show -P MainPID tussilagod.service)/status")
    size = int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])
    assert size <= 30 * 1024, f"it has {size} kB"


def test_its_exposure_is_low(host):
    output = host.run("systemd-analyze security --no-pager --offline=true"
                      " /usr/lib/systemd/system/tussilagod.service 2>&1 | tail -1")
    exposure = float(re.search(r"exposure level for tussilagod.service: ([\d.]+)", output)[1])
    assert exposure <= 1.1, f"it is {exposure}"


def test_it_sees_no_homes_and_no_temporary_files_and_deploys_them_all_the_same(host):
    host.app("acme/homely")
    host.run("tussilago status; mkdir -p /root/site /tmp/site; cp /srv/apps/app.py /root/site; cp /srv/apps/app.py /tmp/site")
    agent = "nsenter --mount --target $(systemctl show -P MainPID tussilagod.service)"
    for folder in ("/root", "/tmp"):
        assert host.ask(f"ls {folder}/site").output.split() == ["app.py"]
        assert host.ask(f"{agent} ls {folder}/site").code != 0, f"the agent sees {folder}"
        host.write("/srv/homely.toml", manifest("homely.example.org"))
        host.run(f"tussilago deploy acme/homely -m /srv/homely.toml -f {folder}/site")
        host.expect("homely.example.org", 200)
    # While that program is away, a deploy tries again for some seconds, and then says what to do.
    again = "tussilago deploy acme/homely -m /srv/homely.toml -f /tmp/site"
    host.run("systemctl mask --runtime --now tussilago-open.socket")
    result = host.ask(again)
    host.run("systemctl unmask --runtime tussilago-open.socket")
    assert result.code == 1 and "trying again" in result.output, f"ended with {result.code}: {result.output}"
    mend = "systemctl start tussilago-open.socket"
    assert mend in result.output, result.output
    host.run(f"{mend}; {again}")
    host.run("tussilago app delete acme/homely; rm -r /root/site /tmp/site")


def test_without_a_socket_it_says_how_it_is_started(host):
    result = host.ask(f"timeout 10 {AGENT}")
    assert result.code not in (0, 124), f"ended with {result.code}: {result.output}"
    assert "systemctl enable --now tussilagod.socket" in result.output, result.output


def test_a_broken_configuration_names_file_line_and_key(host):
    path = f"{FOLDER}/20-broken.toml"
    host.write(path, "[agent]\n\nidle = 7\n")
    try:
        result = host.ask(f"timeout 10 {AGENT}")
    finally:
        host.run(f"rm {path}")
    assert result.code not in (0, 124), f"ended with {result.code}: {result.output}"
    for text in (f"{path}:3", "idle"):
        assert text in result.output, f"no {text!r}: {result.output}"


def test_the_exposure_of_all_that_it_installs_is_low(host):
    """As systemd has them loaded, with what the platform lays over Caddy's own unit. Apps are confined by their sandbox."""
    units = host.run("cd /usr/lib/systemd/system; ls tussilago*.service").split()
    seen = {}
    for unit in [each.replace("@.", "@x.") for each in units] + ["caddy.service"]:
        output = host.run(f"systemd-analyze security --no-pager {unit} 2>&1 | tail -1")
        seen[unit] = float(re.search(r"exposure level for \S+: ([\d.]+)", output)[1])
    high = {unit: exposure for unit, exposure in seen.items() if exposure > 2.5}
    assert len(seen) >= 6 and not high, f"{high} of {seen}"
