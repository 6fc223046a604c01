"""Hostile apps: what they try from inside, what they plant for Caddy, and what happens when the sandbox is not there."""

import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "attack"))

import siege as sieges  # noqa: E402
from host import TOP  # noqa: E402
from sandboxes import complaints, sandboxes  # noqa: E402

SIEGES = {}


def siege(host):
    if host not in SIEGES:
        SIEGES[host] = sieges.Siege(host)
    return SIEGES[host]


def table(results):
    """For each probe: its name, what it met in the sandbox, and whether it gets in without one."""
    return [(name, results["socket"][name], results["bridge"][name], results["control"][name])
            for name in sieges.PROBES]


def test_no_probe_of_a_hostile_app_gets_in(host):
    inside = [f"{name}: {one[1]} / {other[1]}" for name, one, other, _ in table(siege(host).fight()) if one[0] or other[0]]
    assert not inside, "got in:\n" + "\n".join(inside)


def test_each_probe_that_counts_gets_in_where_there_is_no_sandbox(host):
    rows = table(siege(host).fight())
    shown = [name for name, *_, control in rows if control[0]]
    for name, one, other, control in rows:
        mark = "gets in" if control[0] else f"shows nothing here: {control[1]}"
        print(f"  {name}: refused ({one[1]}; {other[1]}); without a sandbox it {mark}"[:200])
    odd = [f"{name}: {control[1]}" for name, *_, control in rows if not control[0] and not sieges.lacks(name, control)]
    assert not odd, "should get in without a sandbox, or the probe shows nothing:\n" + "\n".join(odd)
    print(f"  {len(shown)} probes, 0 got in; {len(rows) - len(shown)} more ask for what this kernel or image lacks")
    assert len(shown) >= 250, f"only {len(shown)} probes show anything"


def test_the_list_of_probes_in_the_documentation_is_this_one(host):
    if os.environ.get("TUSSILAGO_WRITE_DOCS"):
        sieges.document(table(siege(host).fight()), f"{TOP}/docs/isolation.md")
    with open(f"{TOP}/docs/isolation.md") as file:
        documented = re.findall(r"^\| `([a-z0-9-]+)` \|", file.read(), re.M)
    difference = set(documented) ^ set(sieges.PROBES)
    assert not difference and len(documented) == len(sieges.PROBES), (
        f"make docs/isolation.md anew (it says how itself): {sorted(difference)}")


def test_every_sandbox_runs_with_the_pinned_flags_and_no_more_rights_than_it_needs(host):
    siege(host).fight()
    seen = sandboxes(host)
    for app in (*sieges.NAMES,):
        assert any(f"tussilago-{app.replace('/', '-')}-web" in unit for unit in seen), f"no sandbox of {app}: {seen}"
    wrong = [f"{unit}: {each}" for unit, processes in seen.items() for each in complaints(processes)]
    assert not wrong, "\n".join(wrong)


def test_a_weaker_sandbox_is_seen_by_the_same_look(host):
    """The same image, started by hand with runsc's own settings, as root, with a socket and a directory of the host."""
    siege(host).fight()
    host.run("podman --runtime /usr/bin/runsc --runtime-flag=host-uds=all run -d --replace --name loose --network none"
             " -v /run:/run localhost/python:3.13 sleep 60 || true")
    try:
        pids = host.run("pgrep -f 'runsc-(sandbox|gofer).*'; true").split()
        loose = sandboxes(host, outside=True)
        assert loose, f"the weak sandbox does not run: {pids} {host.ask('podman logs loose').output}"
        wrong = " ".join(complaints(next(iter(loose.values()))))
        for what in ("--host-uds", "--directfs", "user"):
            assert what in wrong, f"not seen in the weak sandbox: {what}; seen is {wrong}"
    finally:
        host.run("podman rm -f -t 0 loose")


# What an app plants in the place of its socket

PLANTS = {
    "fifo": None, "file": None, "directory": None, "device": None, "closed": None, "nothing": None,
    "link-caddy": "/run/caddy/admin.sock", "link-agent": "/run/tussilago/api.sock",
    "link-podman": "/run/podman/podman.sock", "link-dbus": "/run/dbus/system_bus_socket",
    "link-systemd": "/run/systemd/private", "link-file": "/etc/passwd", "link-own": "web.sock.away",
    "link-neighbour": "{neighbour}", "link-up": "../../{neighbour-unit}/in/web.sock",
    "hard-link": "/etc/hostname",
}


def ingress(host):
    return host.run("readlink -f /var/lib/tussilago/upstreams/mallory/socket") + "/in"


def put(host, kind):
    """Has the app plant something. It goes on listening on its own socket, which it has only moved."""
    each = siege(host)
    path = (PLANTS.get(kind) or "").format(**each.targets, **{"neighbour-unit": each.targets["neighbour"].split("/")[3]})
    body = json.dumps({"plant": kind, "path": path})
    host.run(f"cd {ingress(host)}; own=web.sock.away; [ -S $own ] || own=web.sock;"
             f" curl -sS -m 10 --unix-socket $own --data-binary '{body}' http://x/plant")


def test_caddy_follows_nothing_that_an_app_plants_in_the_place_of_its_socket(host):
    siege(host).fight()
    name = sieges.NAMES[sieges.SOCKET]
    try:
        for kind in sorted(PLANTS):
            put(host, kind)
            status, text = host.get(name, "/health")
            assert status == 503, f"{kind}: {status} {text[:200]!r}"
            assert "is not running" in text, f"{kind}: not Caddy's own page: {text[:200]!r}"
    finally:
        put(host, "back")
    host.expect(name, 200, path="/health")


def test_only_the_ingress_directorys_mount_keeps_caddy_from_following_links(host):
    """The same link, in the same directory, mounted again so that links are followed: Caddy then serves the victim."""
    siege(host).fight()
    name, folder = sieges.NAMES[sieges.SOCKET], ingress(host)
    caddy = host.property("caddy.service", "MainPID")
    put(host, "link-neighbour")
    try:
        assert host.get(name, "/health")[0] == 503
        host.run(f"nsenter -t {caddy} -m mount -o remount,bind,symfollow {folder}")
        host.expect(name, 200, path="/health", within=5)
        host.run(f"nsenter -t {caddy} -m mount -o remount,bind,nosymfollow,nosuid,nodev,noexec {folder}")
        assert host.get(name, "/health")[0] == 503
    finally:
        put(host, "back")


def test_a_flood_of_lines_is_cut_and_no_neighbours_line_is_lost(host):
    siege(host).fight()
    unit = host.run("systemctl list-units --plain --no-legend 'tussilago-mallory-bridge-web@*'").split()[0]
    stored = f"journalctl -q -o cat _SYSTEMD_UNIT={unit} --grep '^flood ' | wc -l"
    before = int(host.run(stored))
    host.expect(sieges.NAMES[sieges.BRIDGE], 200, path="/flood")
    host.run("logger -t neighbour after-the-flood; journalctl --sync")
    count = int(host.run(stored)) - before
    # journald multiplies the burst by the free space of its disk, sd-journal's burst_modulate(): at most sixfold.
    assert 0 < count <= 30_000, f"{count} of 40000 lines are in the journal"
    assert host.run("journalctl -q -o cat -t neighbour -n 1") == "after-the-flood", "a neighbour's line is lost"
    free = "systemd-run -q --wait -p LogRateLimitIntervalSec=0 --unit=flood bash -c 'seq 1 40000 | sed s/^/flood\\ /'"
    host.run(f"{free}; journalctl --sync")
    count = int(host.run("journalctl -q -o cat _SYSTEMD_UNIT=flood.service --grep '^flood ' | wc -l"))
    assert count == 40_000, f"without the limit {count} of 40000 are there: the check shows nothing"


# runsc missing, old, broken

RUNTIMES = {
    "missing": ("true", "gVisor's runsc is not installed", "apt install runsc"),
    "no program": ("install -m 0644 /dev/null /usr/bin/runsc", "is not a program", "install gVisor's runsc anew"),
    "empty": ("install -m 0755 /dev/null /usr/bin/runsc", "cannot run /usr/bin/runsc", "install gVisor's runsc anew"),
    "cut short": ("head -c 100000 /usr/libexec/runsc >/usr/bin/runsc; chmod 755 /usr/bin/runsc", "", ""),
    "anybody's": ("cp -a /usr/bin/runsc.kept /usr/bin/runsc; chmod 0777 /usr/bin/runsc", "must belong to root alone",
                  "chmod 755 /usr/bin/runsc"),
    "another's": ("cp -a /usr/bin/runsc.kept /usr/bin/runsc; chown nobody /usr/bin/runsc", "must belong to root alone",
                  "chown root:root /usr/bin/runsc"),
    "crun by its name": ("cp /usr/bin/crun /usr/bin/runsc", "", ""),
    # As Go's package flag answers what it does not know: one from before --directfs.
    "old": ("printf '#!/bin/sh\\nfor each; do case $each in --directfs*) echo flag provided but not defined: -directfs >&2;"
            " exit 2;; esac; done; exec /usr/libexec/runsc \"$@\"\\n' >/usr/bin/runsc; chmod 755 /usr/bin/runsc",
            "flag provided but not defined: -directfs", ""),
}


def test_without_a_sound_runsc_nothing_runs_and_the_reason_is_told(host):
    siege(host).fight()
    unit = host.run("systemctl list-units --plain --no-legend 'tussilago-victim-socket-web@*'").split()[0]
    host.run("mv /usr/bin/runsc /usr/bin/runsc.kept")
    try:
        for kind, (command, reason, mend) in RUNTIMES.items():
            host.run(f"rm -f /usr/bin/runsc; {command}; systemctl kill -s KILL {unit}; systemctl stop {unit};"
                     f" systemctl reset-failed {unit}; true")
            started = host.ask(f"timeout 20 systemctl start {unit}", timeout=40)
            host.run(f"systemctl stop {unit}; journalctl --sync")
            assert started.code != 0, f"{kind}: the app runs"
            log = host.run(f"journalctl -q -o cat -u {unit} -n 60")
            for text in (reason, mend):
                assert text in log, f"{kind}: nothing of {text!r} in the journal: {log[-1500:]}"
            assert not host.ask(f"podman ps -q --filter name={unit.split('@')[0]}").output.strip(), f"{kind}: it runs"
    finally:
        host.run(f"mv -f /usr/bin/runsc.kept /usr/bin/runsc; systemctl reset-failed {unit}; systemctl start {unit}",
                 timeout=60)
    host.expect(sieges.NAMES["victim/socket"], 200, path="/health", within=10)


def test_what_was_planted_is_taken_away(host):
    siege(host).end()
    for app in sieges.NAMES:
        host.run(f"tussilago app delete {app}", timeout=60)
    for tenant in ("mallory", "victim"):
        host.run(f"tussilago tenant delete {tenant}")
