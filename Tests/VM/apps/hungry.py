"""An app that takes what it is asked to: memory, processes, processor time. Listens on $TUSSILAGO_SOCKET.

/eat?mb=N takes and keeps N MiB; /fork?count=N has N processes stay, and says how many came about; /burn?count=N has N
processes compute for ever. Everything else is answered with the release.
"""

import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingMixIn, UnixStreamServer
from urllib.parse import parse_qs, urlsplit

kept = []


def eat(mebibytes):
    for _ in range(mebibytes):
        kept.append(bytearray(os.urandom(1)) * (1 << 20))
    return f"ate {mebibytes}"


def fork(count, work):
    for done in range(count):
        try:
            child = os.fork()
        except OSError as error:
            return f"forked {done}: {error}"
        if child == 0:
            while True:
                work()
    return f"forked {count}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        query = {key: int(values[0]) for key, values in parse_qs(url.query).items()}
        if url.path == "/eat":
            text = eat(query["mb"])
        elif url.path == "/fork":
            text = fork(query["count"], lambda: time.sleep(3600))
        elif url.path == "/burn":
            text = fork(query["count"], lambda: None)
        else:
            text = f"release {os.environ['TUSSILAGO_RELEASE']}"
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass

    def address_string(self):
        return "-"  # a Unix socket's peer has none


class UnixServer(ThreadingMixIn, UnixStreamServer):
    request_queue_size = 128
    daemon_threads = True


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
server = UnixServer(os.environ["TUSSILAGO_SOCKET"], Handler)
server.serve_forever(poll_interval=None)
