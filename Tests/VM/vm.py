"""A virtual machine that is as empty as a Debian 13 host before the README's first command, and what checks ask of it."""

import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, f"{TOP}/Tests/Host")

from host import Host  # noqa: E402

# What the README's first deploy serves at, and the app that asks for too much.
SHOP, EATER = "shop.example.org", "umbra/eater"


class VM(Host):
    tool = f"{HERE}/machine"
    root = "disk"

    def set_up(self):
        self.testhost("new", self.stage)
        self.testhost("start")
        self.testhost("push", f"{HERE}/apps", "/srv/apps")
        self.testhost("push", f"{TOP}/examples", "/root/examples")

    def ask(self, script, timeout=90):
        """Without KVM everything takes ten times as long."""
        return super().ask(script, timeout * 6)

    def get(self, name, path="/"):
        """Status and body of one request through Caddy; 0 when there is no answer in a minute."""
        answer = self.ask(f"curl -sS -m 60 -w '\\n%{{http_code}}' -H 'Host: {name}' 'http://127.0.0.1{path}'").output
        body, _, status = answer.rpartition("\n")
        return int(status) if status.isdigit() else 0, body

    def app_with(self, app, limits):
        """Deploys the hungry app with these limits."""
        self.deploy(app, f"""image = "localhost/python:3.13"
hostnames = ["{self.hostname(app)}"]
[limits]
{limits}
[processes.web]
command = ["python3", "-u", "hungry.py"]
health = {{ path = "/health", timeout = "5m" }}
""")

    @staticmethod
    def hostname(app):
        return ".".join(reversed(app.split("/"))) + ".example.org"

    def instance(self, app):
        """The unit that serves an app."""
        stem = "tussilago-" + "-".join(part.replace("-", "_") for part in app.split("/"))
        units = self.run(
            f"systemctl list-units --plain --no-legend --state=active,activating '{stem}-web*@*.service' | cut -d' ' -f1")
        assert units and "\n" not in units, f"{app} has not one instance: {units!r}"
        return units

    def cgroup(self, unit, name):
        """What a file of a unit's control group says."""
        return self.run(f"cat /sys/fs/cgroup$(systemctl show -P ControlGroup -- '{unit}')/{name}")

    def events(self, unit, name="memory.events"):
        """The counters of such a file."""
        return {key: int(value) for key, value in (line.split() for line in self.cgroup(unit, name).splitlines())}


def readme(heading):
    """The commands that the README gives below a heading, line by line, without their comments."""
    with open(f"{TOP}/README.md") as file:
        section = file.read().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [re.split(r"\s{2,}#", line[4:])[0].rstrip() for line in section.splitlines() if line.startswith("    ")]
    assert lines, f"the README has no commands below {heading!r}"
    return lines
