"""An app that says what it reaches: /tcp?to=ADDRESS:PORT, /tls?to=NAME:PORT&name=SNI, /name?of=NAME, /hold?to=…, /held.

/devices names its network devices; /spoof?source=ADDRESS&to=ADDRESS:PORT tries to send what another seems to have sent.
"""

import os
import signal
import socket
import ssl
import subprocess
import sys
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingMixIn, UnixStreamServer
from urllib.parse import parse_qs, urlsplit

held = []


def split(to):
    address, _, port = to.rpartition(":")
    return address.strip("[]"), int(port)


def tcp(to, **_):
    """What the other side says to a greeting; one that speaks HTTP says that it does not understand."""
    with socket.create_connection(split(to), timeout=3) as connection:
        connection.sendall(b"hello?\r\n\r\n")
        return connection.recv(100).decode()


def hello(name):
    """The first bytes of a TLS client that asks for a name."""
    context = ssl.create_default_context()
    context.check_hostname = False
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname=name or None)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def tls(to, name=None, **_):
    """What comes back after a ClientHello: the tests' servers say which name they have read in it."""
    host, port = split(to)
    # Made before: it takes a while, and the other side greets whoever says nothing.
    greeting = hello(host if name is None else name)
    with socket.create_connection((host, port), timeout=5) as connection:
        connection.sendall(greeting)
        answer = connection.recv(100)
    return f"alert {answer[6]}" if answer[:1] == b"\x15" else answer.decode() or "closed"


def name(of, **_):
    return " ".join(sorted({each[4][0] for each in socket.getaddrinfo(of, 80)}))


def hold(to, **_):
    """Keeps a connection open, to be asked later."""
    connection = socket.create_connection(split(to), timeout=3)
    connection.recv(100)
    held.append(connection)
    return "held"


def again(**_):
    """What the connection that is held answers now."""
    held[-1].settimeout(3)
    held[-1].sendall(b"still there?\n")
    return held[-1].recv(100).decode() or "closed"


def devices(**_):
    return " ".join(name for _, name in socket.if_nameindex())


def spoof(source, to, **_):
    """In a process of its own, which becomes another user."""
    address, port = split(to)
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "spoof.py")
    run = subprocess.run([sys.executable, program, source, address, str(port)], text=True, timeout=20,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return run.stdout


ACTIONS = {"/tcp": tcp, "/tls": tls, "/name": name, "/hold": hold, "/held": again, "/devices": devices, "/spoof": spoof}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        asked = {key: values[0] for key, values in parse_qs(url.query, keep_blank_values=True).items()}
        try:
            text = ACTIONS.get(url.path, lambda **_: "ok")(**asked)
        except OSError as error:
            text = f"failed: {error}"
        except Exception as error:  # the check shall read what it was, not that nobody answered
            text = f"broken: {error!r}"
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

    def address_string(self):
        return "-"


class UnixServer(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True


path = os.environ["TUSSILAGO_SOCKET"]
if os.path.exists(path):
    os.unlink(path)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
UnixServer(path, Handler).serve_forever(poll_interval=None)
