"""A siege: all probes, from two hostile apps and from the host itself, and what the host shows of them.

An app may not get in with one of them. A probe shows something only if it gets in where there is no sandbox: as root of
the host. A kernel that lacks what a probe asks for shows nothing either way; such a probe counts for nothing.
"""

import json
import os
import secrets
import subprocess
import sys

from host import TOP, manifest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{TOP}/probes")

# The probes themselves, for their names; they are not tried here.
import calls  # noqa: E402, F401
import files  # noqa: E402, F401
import leaks  # noqa: E402, F401
import registry  # noqa: E402
import sockets  # noqa: E402, F401
import users  # noqa: E402, F401

PROBES = registry.PROBES
SOCKET, BRIDGE = "mallory/socket", "mallory/bridge"
NEIGHBOURS = "victim/socket", "victim/bridge"
NAMES = {app: f"{app.replace('/', '-')}.example.org" for app in (SOCKET, BRIDGE, *NEIGHBOURS)}
# What a kernel says of what it does not have.
CANARIES = "/etc/tussilago-canary", "/var/lib/tussilago/canary"
ABSENT = {"nothing", "ENOSYS", "ENOENT", "EAFNOSUPPORT", "EPROTONOSUPPORT", "ESOCKTNOSUPPORT", "EOPNOTSUPP", "ENOTSUP", "ENODEV", "ENXIO"}


def lacks(name, control):
    """Whether a probe shows nothing because this kernel or host has not what it asks for."""
    return control[1] in ABSENT or PROBES[name].judge == "text" and control[1] == "nothing of the host"


def document(rows, path):
    """Writes the table behind the last heading of the documentation."""
    with open(path) as file:
        text = file.read()
    head = text[: text.index("## The probes")]
    lines = ["## The probes\n"]
    family = None
    for name, one, other, control in rows:
        probe = PROBES[name]
        if probe.family != family:
            family = probe.family
            lines += [f"\n### {family[0].upper()}{family[1:]}\n", "| probe | what it tries | in a sandbox | without one |",
                      "|---|---|---|---|"]
        met = one[1] if one[1] == other[1] else f"{one[1]}; on a bridge {other[1]}"
        lines.append(f"| `{name}` | {probe.what} | {met} | {'gets in' if control[0] else 'counts for nothing'} |")
    counted = sum(control[0] for *_, control in rows)
    lines.append(f"\n{len(rows)} probes; {counted} count, of which 0 got in.")
    with open(path, "w") as file:
        file.write(head + "\n".join(lines) + "\n")


class Siege:
    def __init__(self, host):
        self.host = host
        self.word = f"canary{secrets.token_hex(8)}"
        self.plants = self.results = self.facts = None

    def deploy(self, app, port):
        """The probes as an app; the neighbours run them as well, and are never told to."""
        self.host.app(app)
        top = ""
        if app == BRIDGE:
            # The most that an app can be granted.
            self.host.run(f"tussilago tenant set {app.split('/')[0]} --egress internet")
            top = 'egress = ["internet"]'
        text = manifest(NAMES[app], command="main.py", top=top, process="ingress = { port = 8000 }" if port else "",
                        SECRET=self.word if app in NEIGHBOURS else "none")
        self.host.write("/srv/manifest.toml", text)
        self.host.run(f"tussilago deploy {app} --manifest /srv/manifest.toml --files /srv/attack/files", timeout=60)

    def prepare(self):
        """Deploys, plants, and learns what there is to attack."""
        host = self.host
        host.run("rm -rf /srv/attack; mkdir -p /srv/attack/own")
        host.testhost("push", f"{TOP}/probes", "/srv/attack/files")
        host.testhost("push", f"{HERE}/planted.py", "/srv/attack/planted.py")
        host.run(f"rm -rf /srv/attack/files/__pycache__; echo {self.word} >/srv/attack/files/witness.txt")
        for app in NEIGHBOURS:
            self.deploy(app, "bridge" in app)
        host.run("echo none >/srv/attack/files/witness.txt; cp -a /srv/attack/files/. /srv/attack/own")
        for app in (SOCKET, BRIDGE):
            self.deploy(app, "bridge" in app)
        self.plants = subprocess.Popen(
            [host.tool, "exec", host.directory, "python3", "/srv/attack/planted.py", self.word], text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.targets = json.loads(self.plants.stdout.readline())
        for path in CANARIES:
            host.run(f"echo '# {self.word}' >>{path}; chmod 644 {path}")
        # What apps see of these is not the host's.
        host.run("for each in hosts resolv.conf hostname passwd group; do cp -a /etc/$each /etc/$each.kept;"
                 f" echo '# {self.word}' >>/etc/$each; done; echo '192.0.2.1 planted.example' >>/etc/hosts;"
                 f" mknod /run/planted.kmsg c 1 11 && echo {self.word} >/run/planted.kmsg; rm /run/planted.kmsg;"
                 " systemd-creds setup")
        self.targets["name"] = "planted.example"
        own, other = self.address(SOCKET.split("/")[0]), self.address(NEIGHBOURS[1].split("/")[0])
        self.targets["places"] |= {
            "gateway": own[0], "other-gateway": other[0], "neighbour": other[1], "own": own[1],
        }
        self.targets["neighbour"] = host.run(
            "readlink -f /var/lib/tussilago/upstreams/victim/socket").strip() + "/in/web.sock"
        self.targets["secrets"] = {
            "host": "/etc/tussilago-canary", "state": "/var/lib/tussilago/canary",
            "neighbour": host.run("ls /var/lib/tussilago/apps/victim/socket/live/*/files/witness.txt").strip(),
        }
        self.facts = self.learn()
        seen = self.effects([])
        assert not seen, f"seen before any probe: {seen}"

    def address(self, tenant):
        """The gateway and the app's address on the bridge of a tenant's app `bridge`."""
        look = self.host.json(f"podman network inspect tussilago-{tenant}-bridge")[0]["subnets"][0]
        container = self.host.json(f"podman inspect $(podman ps -q --filter name=tussilago-{tenant}-bridge-)")[0]
        return look["gateway"], next(iter(container["NetworkSettings"]["Networks"].values()))["IPAddress"]

    def learn(self):
        """What of the host no app may come to know: its names, ids, users, paths and neighbours."""
        lines = self.host.run(
            "hostname; cat /proc/cmdline /etc/machine-id /proc/sys/kernel/random/boot_id; uname -r; uname -v; id -u caddy"
            " | sed 's/^/uid /'").split("\n")
        users = self.host.run("cat /etc/containers/systemd/tussilago/*/*.container | grep -o '^UIDMap=0:[0-9]*'"
                              " | cut -d: -f2 | sort -u").split()
        paths = ["/var/lib/tussilago", "/run/tussilago-ingress", "/var/lib/containers", "/run/containers", "victim",
                 "tussilago-mallory", ".slice", "/etc/containers", "tsl-"]
        facts = [self.word, *lines[:6], *users, *(str(int(each) + 10_001) for each in users), *paths]
        return [each for each in facts if each and len(each) > 3]

    # One run of all probes

    def attack(self, app):
        """From inside of an app, through Caddy; ends with what the host showed meanwhile."""
        host = self.host
        host.write("/srv/attack/targets.json", json.dumps(self.targets))
        answer = host.run(
            f"curl -sS -m 80 -H 'Host: {NAMES[app]}' --data-binary @/srv/attack/targets.json http://127.0.0.1/run")
        effects = self.effects(self.processes(app))
        host.expect(NAMES[app], 200, path="/end")
        return self.judge(json.loads(answer), effects)

    def control(self):
        """As root of the host, without a sandbox."""
        host = self.host
        folder = "/run/ingress"
        host.run(f"ln -sfn /srv/attack/own /app; mkdir -p {folder}; hostname >/srv/attack/hostname")
        host.write("/srv/attack/targets.json", json.dumps(self.targets | {"control": True}))
        process = subprocess.Popen(
            [host.tool, "exec", host.directory, "env", "-C", "/app", f"SECRET={self.word}", "python3", "/app/main.py",
             "/srv/attack/targets.json"], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            results = json.loads(process.stdout.readline())
            effects = self.effects(host.run("pgrep -f '^python3 /app/main.py'").split())
            return self.judge(results, effects)
        finally:
            process.communicate("", timeout=30)
            host.run(f"hostname $(cat /srv/attack/hostname); rm -rf {folder} /app; ip link delete tslattack0 2>/dev/null;"
                     " umount -l /tmp/tussilago-attack-* 2>/dev/null;"
                     " rm -rf /tmp/tussilago-* /dev/shm/tussilago-*; true")

    def processes(self, app):
        """All of the host's processes that an app is made of."""
        unit = self.host.run(f"systemctl list-units --plain --no-legend 'tussilago-{app.replace('/', '-')}-web@*'").split()[0]
        group = self.host.property(unit, "ControlGroup")
        return self.host.run(f"cat $(find /sys/fs/cgroup{group} -name cgroup.procs)").split()

    def effects(self, processes):
        """Which effects the host shows."""
        numbers = " ".join(processes)
        checks = {
            "effect-file-tmp": "test -e /tmp/tussilago-attack-effect",
            "effect-file-shm": "test -e /dev/shm/tussilago-attack-effect",
            "effect-abstract": "grep -q '@tussilago-attack-effect' /proc/net/unix",
            "effect-port": "ss -Hltn 'sport = 10099' | grep -q .",
            "root-mount": "grep -qs ' tussilago-attack ' /proc/[0-9]*/mountinfo",
            "root-fuse": "grep -qs ' tussilago-attack-fuse ' /proc/[0-9]*/mountinfo",
            "root-hostname": "test \"$(hostname)\" = tussilago-attack",
            "root-link": "ip link show tslattack0",
            "root-packet": "test $(wc -l </proc/net/packet) -gt 1",
            "root-nice": f"for each in {numbers}; do ps -L -o ni= -p $each; done | grep -q '^ *-19$'",
        }
        lines = "".join(f"if ( {check} ) >/dev/null 2>&1; then echo {name}; fi\n" for name, check in checks.items())
        effects = {name for name, each in PROBES.items() if each.judge == "effect"}
        assert effects == set(checks), f"no check for {sorted(effects ^ set(checks))}"
        return set(self.host.run(lines).split())

    def judge(self, results, effects):
        """For each probe whether it got in, and what it met."""
        verdicts = {}
        for name, probe in PROBES.items():
            result = results.get(name, {"error": "no answer", "passed": False})
            got = result.get("got")
            if probe.judge == "text":
                found = [each for each in self.facts if got and each in got]
                verdicts[name] = (bool(found), f"shows {found}" if found else result.get("error", "nothing of the host"))
            elif probe.judge == "effect":
                met = "no effect on the host" if got is not None else result["error"]
                verdicts[name] = (name in effects, "the host shows it" if name in effects else met)
            else:
                verdicts[name] = (result["passed"], result.get("error") or f"got {str(got)[:60]!r}")
        return verdicts

    def fight(self):
        """All of it, once."""
        if self.results is None:
            self.prepare()
            self.results = {"socket": self.attack(SOCKET), "bridge": self.attack(BRIDGE), "control": self.control()}
        return self.results

    def end(self):
        """Takes away what was planted."""
        if self.plants:
            self.plants.kill()
            self.plants.wait()
            self.plants = None
        self.host.run(f"rm -f {' '.join(CANARIES)} /run/tussilago-planted.sock; for each in /etc/*.kept; do"
                      " if [ -e $each ]; then mv $each ${each%.kept}; fi; done")
