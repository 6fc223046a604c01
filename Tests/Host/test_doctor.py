"""The doctor: what is wrong with the host is named, what it says to do mends it, and the attack leaves nothing behind."""

import json
import re

from host import deploy_both

# What a test host has not, for it is no machine of its own.
LACKING = {"control groups", "clock"}


def doctor(host, *arguments):
    """Its exit code, and its checks by name."""
    result = host.ask(f"tussilago doctor --json {' '.join(arguments)}", timeout=150)
    try:
        return result.code, {each["name"]: each for each in json.loads(result.output)}
    except ValueError:
        raise AssertionError(f"ended with {result.code}: {result.output}") from None


def wrong(checks):
    return {name: each for name, each in checks.items() if each["state"] != "good" and name not in LACKING}


def test_a_sound_host_is_called_sound(host):
    code, checks = doctor(host)
    bad = [name for name, each in checks.items() if each["state"] == "bad"]
    assert code == (1 if bad else 0), f"ended with {code}: {bad}"
    # A credential key is made with the first secret.
    assert set(wrong(checks)) <= {"credential key"}, wrong(checks)
    assert all(each.get("remedy") for each in checks.values() if each["state"] == "bad"), checks
    table = host.ask("tussilago doctor").output
    for name in checks:
        assert name in table, f"no {name!r} in the table: {table}"


# What is done to the host, and the check that must tell. What it says to do must mend it, where that is a command.
HARMS = {
    "systemctl stop tussilago-firewall.service": ("tussilago-firewall.service", True),
    "systemctl stop tussilago-reconcile.timer": ("tussilago-reconcile.timer", True),
    "chmod 700 /var/lib/containers": ("directories", True),
    "mv /usr/bin/runsc /usr/bin/runsc.away": ("gVisor", "mv /usr/bin/runsc.away /usr/bin/runsc"),
    "chmod 777 /usr/bin/runsc": ("gVisor", True),
    "cp -a /etc/subuid /etc/subuid.kept; echo eve:1879048192:65536 >>/etc/subuid":
        ("user ranges", "mv /etc/subuid.kept /etc/subuid"),
    "systemctl mask --runtime --now podman.socket":
        ("podman.socket", "systemctl unmask --runtime podman.socket; systemctl start podman.socket"),
}


def test_what_is_broken_is_named_and_its_remedy_mends_it(host):
    for harm, (name, mend) in HARMS.items():
        host.run(harm)
        try:
            code, checks = doctor(host)
            seen = checks[name]
            assert code == 1 and seen["state"] == "bad" and seen["remedy"], f"after {harm}: {code}, {seen}"
        finally:
            host.run(mend if mend is not True else checks[name].get("remedy") or "true")
        _, checks = doctor(host)
        assert checks[name]["state"] == "good", f"after {harm} and its mend: {checks[name]}"


def test_whoever_may_not_ask_is_told_what_he_can_see(host):
    result = host.ask("setpriv --reuid=daemon --regid=nogroup --clear-groups tussilago doctor --json")
    checks = {each["name"]: each for each in json.loads(result.output)}
    assert result.code == 1 and checks["agent"]["state"] == "bad", checks["agent"]
    assert checks["systemd"]["state"] == "good", checks["systemd"]


def test_an_app_that_does_not_run_is_told_of(host):
    deploy_both(host)
    code, checks = doctor(host, "acme/shop")
    assert code == 0 and not wrong(checks), f"ended with {code}: {wrong(checks)}"
    unit = next(name for name in checks if name.startswith("tussilago-acme-shop-web@"))
    host.run(f"systemctl stop {unit}")
    code, checks = doctor(host, "acme/shop")
    assert code == 1 and unit in checks[unit]["remedy"], f"ended with {code}: {wrong(checks)}"
    host.run(checks[unit]["remedy"])
    code, checks = doctor(host, "acme/shop")
    assert code == 0, f"ended with {code}: {wrong(checks)}"
    code = host.ask("tussilago doctor acme/none").code
    assert code != 0, "there is no such app"


def test_the_attack_is_withstood_and_leaves_nothing(host):
    before = host.run("tussilago tenant list --json; podman ps -q | wc -l")
    code, checks = doctor(host, "--attack")
    refused, tried = map(int, re.match(r"(\d+) of (\d+) ", checks["sandbox"]["detail"]).groups())
    assert code == 0 and refused == tried >= 250, f"ended with {code}: {checks}"
    after = host.run("tussilago tenant list --json; podman ps -q | wc -l; ls /run | grep tussilago-canary; true")
    assert after == before, f"{before}\n{after}"
