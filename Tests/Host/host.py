"""A test host with Tussilago on it, and what the checks ask of it."""

import json
import os
import shutil
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
TESTHOST = f"{TOP}/Tests/TestHost/testhost"


class Result:
    """How a command ended in the host, and what it said, both streams together."""

    def __init__(self, code, output):
        self.code = code
        self.output = output


class Skipped(Exception):
    """A check cannot be done here, and why."""


class Host:
    tool = TESTHOST
    root = "root"  # in its directory as long as there is something to destroy

    def __init__(self, stage):
        self.stage = stage
        self.parent = tempfile.mkdtemp(prefix="tussilago-check.", dir="/var/tmp")
        self.directory = f"{self.parent}/host"

    def __enter__(self):
        try:
            self.set_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def set_up(self):
        self.testhost("new")
        self.testhost("start")
        subprocess.run(
            [f"{TOP}/scripts/install-into-host", self.directory, self.stage], check=True, stdin=subprocess.DEVNULL)
        self.testhost("push", f"{HERE}/apps", "/srv/apps")
        self.testhost("push", f"{HERE}/inside", "/srv/inside")

    def __exit__(self, *_):
        if os.path.exists(f"{self.directory}/{self.root}"):
            self.testhost("destroy")
        shutil.rmtree(self.parent, ignore_errors=True)

    def testhost(self, verb, *arguments):
        subprocess.run([self.tool, verb, self.directory, *arguments], check=True, stdin=subprocess.DEVNULL)

    def popen(self, script, **options):
        """Starts a bash script in the host, as root."""
        return subprocess.Popen(
            [self.tool, "exec", self.directory, "bash", "-c", script], text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)

    def ask(self, script, timeout=90):
        """Runs a bash script in the host and says how it ended."""
        process = self.popen(script)
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
            raise AssertionError(f"{script}: did not end in {timeout} s:\n{output}") from None
        return Result(process.returncode, output)

    def run(self, script, timeout=90):
        """The same for a script that must succeed; what it said, without white space around it."""
        result = self.ask(script, timeout)
        assert result.code == 0, f"{script}: ended with {result.code}:\n{result.output}"
        return result.output.strip()

    def json(self, script):
        return json.loads(self.run(script))

    # Apps

    def write(self, path, text):
        """Writes a file in the host."""
        with tempfile.NamedTemporaryFile("w", dir=self.parent) as file:
            file.write(text)
            file.flush()
            os.chmod(file.name, 0o644)
            self.testhost("push", file.name, path)

    def app(self, app):
        """Makes sure that an app, TENANT/NAME, and its tenant are there."""
        tenant = app.split("/")[0]
        for kind, name in (("tenant", tenant), ("app", app)):
            if self.ask(f"tussilago {kind} show {name}").code != 0:
                self.run(f"tussilago {kind} create {name}")

    def try_deploy(self, app, manifest, timeout=90):
        self.write("/srv/manifest.toml", manifest)
        return self.ask(f"tussilago deploy {app} --manifest /srv/manifest.toml --files /srv/apps", timeout)

    def deploy(self, app, manifest):
        """Deploys and waits for it; the apps' folder is at /app."""
        self.app(app)
        result = self.try_deploy(app, manifest)
        assert result.code == 0, f"deploy of {app} ended with {result.code}:\n{result.output}"
        return result.output

    # What is seen from outside of it

    def get(self, name, path="/"):
        """Status and body of one request through Caddy."""
        answer = self.run(
            f"curl -sS -m 20 -w '\\n%{{http_code}}' -H 'Host: {name}' 'http://127.0.0.1{path}'", timeout=30)
        body, _, status = answer.rpartition("\n")
        return int(status), body

    def expect(self, name, status, path="/", text="", within=0.0):
        """Asserts what a hostname answers, at once or within some seconds."""
        end = time.monotonic() + within
        while True:
            seen = self.get(name, path)
            if seen[0] == status and text in seen[1]:
                return seen[1]
            assert time.monotonic() < end, f"{name}{path}: expected {status} {text!r}, got {seen[0]}: {seen[1][:200]!r}"
            time.sleep(0.05)

    def property(self, unit, name):
        return self.run(f"systemctl show -P {name} -- '{unit}'")

    def reloads(self):
        """A number that changes with each daemon-reload."""
        return self.run(
            "busctl get-property org.freedesktop.systemd1 /org/freedesktop/systemd1"
            " org.freedesktop.systemd1.Manager UnitsLoadTimestampMonotonic")

    def lately(self):
        """What the host said last, for whoever reads of a failure when the host is gone."""
        try:
            journal = self.ask("journalctl -q --no-pager -n 25 -o short-precise; systemctl --failed --no-legend --plain").output
        except (AssertionError, OSError) as error:
            return f"no journal: {error}"
        return "\n".join(f"  | {line[:240]}" for line in journal.splitlines())

    def settled(self, condition, what, within=10.0):
        """Waits until something holds."""
        end = time.monotonic() + within
        while not condition():
            assert time.monotonic() < end, f"not within {within:.0f} s: {what}"
            time.sleep(0.1)


def manifest(hostname, command="app.py", top="", process="", **environment):
    """A manifest for one of the apps in Tests/Host/apps."""
    pairs = "\n".join(f'{key} = "{value}"' for key, value in environment.items())
    return f"""image = "localhost/python:3.13"
hostnames = ["{hostname}"]
{top}
[environment]
{pairs}

[processes.web]
command = ["python3", "-u", "{command}"]
health = {{ path = "/health", timeout = "20s" }}
{process}
"""


SHOP, OTHER = "shop.example.org", "other.example.org"


def deploy_both(host):
    """Two apps of two tenants, which most checks look at; does nothing if they are there."""
    for app, name in (("acme/shop", SHOP), ("umbra/other", OTHER)):
        if host.ask(f"tussilago app show {app} | grep -q current").code != 0:
            host.deploy(app, manifest(name, TEXT=f"{app} first"))
