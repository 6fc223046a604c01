"""The probes as an app: POST /run with the targets tries them all; GET /end ends those whose processes last.

Without a sandbox, `main.py TARGETS.json` tries them as whoever calls it, prints what came of each, and stays until its
input ends. It listens on $TUSSILAGO_SOCKET, or on $PORT.
"""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, UnixStreamServer

import calls  # noqa: F401
import files  # noqa: F401
import leaks  # noqa: F401
import plants
import registry
import sockets  # noqa: F401
import users  # noqa: F401


class Handler(BaseHTTPRequestHandler):
    wbufsize = 1 << 17

    def do_GET(self):
        text = "ok"
        if self.path == "/end":
            registry.end()
        elif self.path == "/flood":
            self.flood()
        elif self.path == "/probes":
            text = json.dumps({each.name: {"judge": each.judge, "what": each.what} for each in registry.PROBES.values()})
        self.answer(text)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/plant":
            self.answer("ok")
            plants.plant(body["plant"], os.environ["TUSSILAGO_SOCKET"], body)
        else:
            self.answer(json.dumps(registry.run(body, body.get("names"))))

    def flood(self):
        for number in range(40_000):
            os.write(1, b"flood %d\n" % number)

    def answer(self, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_):
        pass

    def address_string(self):
        return "-"


def serve():
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    path = os.environ.get("TUSSILAGO_SOCKET")
    if path:
        if os.path.lexists(path):
            os.unlink(path)
        UnixStreamServer(path, Handler).serve_forever(poll_interval=None)
    else:
        # No HTTPServer, which looks its own name up before it listens: there may be a resolver, and no answer.
        TCPServer(("", int(os.environ["PORT"])), Handler).serve_forever(poll_interval=None)


def control(path):
    with open(path) as file:
        targets = json.load(file)
    # One that was left open by mistake, for the probe that looks for such.
    os.set_inheritable(os.open("/", os.O_RDONLY | os.O_DIRECTORY), True)
    print(json.dumps(registry.run(targets, targets.get("names"))), flush=True)
    sys.stdin.read()
    registry.end()


if len(sys.argv) > 1:
    control(sys.argv[1])
else:
    serve()
