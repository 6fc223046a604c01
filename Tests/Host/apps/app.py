"""An app for the checks: listens on $TUSSILAGO_SOCKET, or on $PORT if there is one. Behaves as $TEXT, $WAIT, $FORGE say,
and is sick from $SICKENS seconds on, and as long as one of its secrets begins with "bad".
"""

import ctypes
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import ThreadingMixIn, UnixStreamServer
from urllib.parse import parse_qs, urlsplit

SYSLOG_ACTION_READ_ALL = 3


def kernel_log():
    buffer = ctypes.create_string_buffer(65536)
    length = ctypes.CDLL(None).klogctl(SYSLOG_ACTION_READ_ALL, buffer, len(buffer))
    return buffer.raw[: max(0, length)].decode(errors="replace")


def connect(port):
    """What comes of a connection to the gateway of the app's own network, the first address of its /24."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("10.95.255.254", 9))  # sends nothing; only picks the address of this side
        own = int.from_bytes(socket.inet_aton(probe.getsockname()[0]), "big")
    gateway = socket.inet_ntoa(((own & ~255) + 1).to_bytes(4, "big"))
    try:
        socket.create_connection((gateway, port), timeout=2).close()
        return f"{gateway} open"
    except OSError as error:
        return f"{gateway} {error}"


def secrets():
    """Of each secret what it is, but its value."""
    for name in sorted(os.listdir("/run/secrets")) if os.path.isdir("/run/secrets") else []:
        path = f"/run/secrets/{name}"
        with open(path, "rb") as file:
            value = file.read()
        status = os.stat(path)
        try:
            open(path, "ab").close()
            written = "writable"
        except OSError as error:
            written = error.strerror
        yield name, value, f"{name} {hashlib.sha256(value).hexdigest()} {status.st_mode:o} {status.st_uid} {written}"


BEGUN = time.monotonic()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 17

    def do_GET(self):
        url = urlsplit(self.path)
        status, text = 200, "ok"
        if url.path == "/health":
            refused = any(value.startswith(b"bad") for _, value, _ in secrets())
            sickens = float(os.environ.get("SICKENS", "inf"))
            status = 500 if refused or time.monotonic() - BEGUN > sickens else 200
        elif url.path == "/dmesg":
            text = kernel_log()
        elif url.path == "/null":
            text = str(subprocess.run(["true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode)
        elif url.path == "/secrets":
            text = "\n".join(line for _, _, line in secrets())
        elif url.path == "/slow":
            time.sleep(float(parse_qs(url.query)["seconds"][0]))
            text = f"release {os.environ.get('TUSSILAGO_RELEASE', 'none')}"
        elif url.path == "/connect":
            text = connect(int(parse_qs(url.query)["port"][0]))
        else:
            text = f"{os.environ.get('TEXT', '')} release {os.environ.get('TUSSILAGO_RELEASE', 'none')}"
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

    def address_string(self):
        return "-"  # a Unix socket's peer has none


class UnixServer(ThreadingMixIn, UnixStreamServer):
    def handle_error(self, request, client_address):
        """A probe that gave up is no news: its traceback would push what the app said out of the log's end."""

    request_queue_size = 128
    daemon_threads = True


def main():
    print("this is", os.environ.get("TEXT", "nobody"))
    for line in os.environ.get("FORGE", "").split("|"):
        if line:
            print(line)
    time.sleep(float(os.environ.get("WAIT", "0")))
    path = os.environ.get("TUSSILAGO_SOCKET")
    if path:
        if os.path.exists(path):
            os.unlink(path)
        server = UnixServer(path, Handler)
    else:
        server = ThreadingHTTPServer(("", int(os.environ["PORT"])), Handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server.serve_forever(poll_interval=None)


if __name__ == "__main__":
    main()
