"""A host whose agent is watched call by call, and its API as seen from this side."""

import http.client
import json
import os
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from forwarder import agent_socket  # noqa: E402
from host import Host, manifest  # noqa: E402, F401
from points import Points  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))

# The agent under inside/launch.py, else as it is shipped: its own sandbox and restarts.
DROP_IN = """[Service]
ExecStart=
ExecStart=/usr/bin/python3 -I /srv/crash/launch.py /usr/libexec/tussilago/tussilagod
"""


class NoAnswer(Exception):
    """The connection ended before an answer came."""


class Answer:
    def __init__(self, status, body):
        self.status, self.body = status, body

    def __str__(self):
        return f"{self.status} {json.dumps(self.body)[:600]}"


class Connection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("tussilago", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class WatchedHost(Host):
    """A host on which every agent comes up under `points`."""

    def __enter__(self):
        super().__enter__()
        try:
            self.watch()
        except BaseException:
            self.__exit__()
            raise
        return self

    def watch(self):
        self.testhost("push", f"{HERE}/inside", "/srv/crash")
        self.write("/etc/systemd/system/tussilagod.service.d/crash.conf", DROP_IN)
        self.points = Points(self.inside("/run/points.sock"))
        self.run("systemctl daemon-reload; systemctl restart tussilagod.service")

    def inside(self, path):
        """A path of the running host, as this side reaches it."""
        with open(f"{self.directory}/pid") as file:
            return f"/proc/{file.read().split()[0]}/root{path}"

    def api(self, method, path, body=None, key=None, timeout=60):
        """One request to the agent."""
        connection = Connection(agent_socket(self.directory), timeout)
        headers = {"Idempotency-Key": key} if key else {}
        text = None
        if isinstance(body, bytes):
            text, headers["Content-Type"] = body, "application/octet-stream"
        elif body is not None:
            text, headers["Content-Type"] = json.dumps(body), "application/json"
        try:
            connection.request(method, path, text, headers)
            answer = connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer(repr(error)) from None
        finally:
            connection.close()
        return Answer(answer.status, json.loads(data) if data else None)

    def patient(self, method, path, body=None, key=None, within=30):
        """The same, from somebody who comes back when the agent was away."""
        end = time.monotonic() + within
        while True:
            try:
                return self.api(method, path, body, key)
            except NoAnswer:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
