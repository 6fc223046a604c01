"""A web app in the standard library alone: what the platform asks of an app, and no more.

It listens on the Unix socket that $TUSSILAGO_SOCKET names, answers its health check, and ends when it gets SIGTERM.
"""

import ctypes
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingMixIn, UnixStreamServer

SYSLOG_ACTION_READ_ALL = 3


def kernel_log():
    """What dmesg prints. The image has no dmesg, so the C library's own call is asked (klogctl(3))."""
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(65536)
    length = libc.klogctl(SYSLOG_ACTION_READ_ALL, buffer, len(buffer))
    if length < 0:
        return f"no kernel log: {os.strerror(ctypes.get_errno())}\n"
    return buffer.raw[:length].decode(errors="replace")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Large enough for any response to leave in one piece; unbuffered, its head and its body are written one by one.
    wbufsize = 1 << 17

    def do_GET(self):
        if self.path == "/health":
            self.answer(200, "ok\n")
        elif self.path == "/dmesg":
            self.answer(200, kernel_log())
        elif self.path == "/":
            text = os.environ.get("TEXT", "Hello")
            self.answer(200, f"{text} (release {os.environ.get('TUSSILAGO_RELEASE', 'none')})\n")
        else:
            self.answer(404, "not found\n")

    do_HEAD = do_GET

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def log_request(self, code="-", size="-"):
        # Health checks come often and say nothing.
        if " /health " not in self.requestline:
            print(int(code), self.requestline)

    def address_string(self):
        # http.server would look for a host and a port, which a Unix socket's peer does not have.
        return "-"


class Server(ThreadingMixIn, UnixStreamServer):
    # Connections that may wait to be accepted; socketserver's default of 5 refuses a burst.
    request_queue_size = 128
    daemon_threads = True


def main():
    path = os.environ["TUSSILAGO_SOCKET"]
    # Left by an instance that was killed.
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    server = Server(path, Handler)
    # Requests have been drained when the platform sends it, so there is nothing to wait for.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print("listening on", path)
    # No interval: it would wake an idle app up twice a second to ask whether shutdown() was called.
    server.serve_forever(poll_interval=None)


if __name__ == "__main__":
    main()
