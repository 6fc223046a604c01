"""Runs on the test host and plants what the probes look for there; prints their targets, and stays until it is ended.

`planted.py plant WORD`: listeners on the host's addresses, sockets, shared memory, keys; WORD is what a listener says.
"""

import ctypes
import json
import os
import selectors
import socket
import subprocess
import sys

PORTS = (22, 80, 2019, 5432, 6379)
OUTSIDE, METADATA, PRIVATE = "203.0.113.7", "169.254.169.254", "192.168.77.7"
KEY = 0x7551A60
LIBC = ctypes.CDLL(None, use_errno=True)


def listen(selector, each, backlog=64):
    each.listen(backlog)
    each.setblocking(False)
    selector.register(each, selectors.EVENT_READ)


def tcp(family, address, port):
    each = socket.socket(family)
    each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    each.bind((address, port))
    return each


def main():
    word = sys.argv[1].encode()
    selector = selectors.DefaultSelector()
    for address in (OUTSIDE, METADATA, PRIVATE):
        subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=False, stderr=subprocess.DEVNULL)
    for port in PORTS:
        for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
            try:
                listen(selector, tcp(family, address, port))
            except OSError:
                pass  # Caddy's
    datagrams = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    datagrams.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    datagrams.bind(("::", 53))
    datagrams.setblocking(False)
    selector.register(datagrams, selectors.EVENT_READ)
    path = "/run/tussilago-planted.sock"
    if os.path.exists(path):
        os.unlink(path)
    for name in (path, "\0tussilago-planted"):
        each = socket.socket(socket.AF_UNIX)
        each.bind(name)
        listen(selector, each)
    os.chmod(path, 0o777)
    LIBC.shmget(KEY, 4096, 0o1666)
    LIBC.semget(KEY, 1, 0o1666)
    LIBC.msgget(KEY, 0o1666)
    os.makedirs("/dev/mqueue", exist_ok=True)
    LIBC.syscall(240, b"tussilago-planted", os.O_RDWR | os.O_CREAT, 0o666, None)
    LIBC.syscall(248, b"user", b"tussilago-canary", b"x", 1, -4)
    print(json.dumps({
        "pid": os.getpid(), "key": KEY, "queue": "tussilago-planted", "planted": path,
        "abstract": "tussilago-planted", "name": socket.gethostname(),
        "places": {"loopback": "127.0.0.1", "loopback6": "::1", "outside": OUTSIDE, "metadata": METADATA,
                   "private": PRIVATE},
    }), flush=True)
    held = []
    while True:
        for key, _ in selector.select():
            try:
                if key.fileobj is datagrams:
                    _, sender = datagrams.recvfrom(64)
                    datagrams.sendto(word, sender)
                    continue
                connection, _ = key.fileobj.accept()
                connection.setblocking(True)
                connection.sendall(word)
                connection.shutdown(socket.SHUT_WR)
                held = held[-64:] + [connection]
            except OSError:
                pass


if __name__ == "__main__":
    main()
