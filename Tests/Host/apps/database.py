"""An app with a database, and a hostile one: says what comes of the statements that it is told to run.

POST /flood with a number holds so many connections that never say who they are, until another is asked for with 0.
POST / with {"statements": [...], "instead": {...}} runs them on one connection, each by itself; `instead` are what it connects
with in place of what it was given. It is ready when its database answers.
"""

import json
import os
import signal
import socket
import sys

import app
import postgres


def outcomes(statements, instead):
    """Of each statement its rows, or the code and text of what came instead."""
    try:
        connection = postgres.Connection(postgres.url(), **instead)
    except (postgres.Failure, OSError) as failure:
        return [{"code": getattr(failure, "code", "connect"), "text": str(failure)}]
    seen = []
    with connection:
        for statement in statements:
            try:
                seen.append({"rows": connection.query(statement)})
            except postgres.Failure as failure:
                seen.append({"code": failure.code, "text": failure.message})
            except OSError as failure:
                return [*seen, {"code": "connect", "text": str(failure)}]
    return seen


held = []


def flood(count):
    """How many connections there are then."""
    while held:
        held.pop().close()
    for _ in range(count):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(5)
        try:
            connection.connect("/run/postgresql/.s.PGSQL.5432")
        except OSError:
            connection.close()
            break
        held.append(connection)
    return len(held)


class Handler(app.Handler):
    def do_GET(self):
        if self.path in ("/", "/health"):
            seen = outcomes(["SELECT 1"], {})
            self.answer(200 if seen == [{"rows": [["1"]]}] else 500, seen)
        elif self.path == "/url":
            self.answer(200, postgres.url())
        else:
            super().do_GET()

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/flood":
            self.answer(200, flood(body))
        else:
            self.answer(200, outcomes(body["statements"], body.get("instead", {})))

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    path = os.environ["TUSSILAGO_SOCKET"]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    app.UnixServer(path, Handler).serve_forever(poll_interval=None)
