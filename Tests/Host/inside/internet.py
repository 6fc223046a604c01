"""Plays the Internet, in a network namespace of the test host: greets on some TCP ports, and answers DNS at port 53.

To a TLS ClientHello it says the name that it reads in it. Names are in /run/names.json: {"TYPE NAME": [answers]}.
"""

import json
import socket
import struct
import threading

TYPES = {1: "A", 28: "AAAA", 16: "TXT"}


def server_name(data):
    """The host_name of a ClientHello (RFC 6066 §3), found by its extension's own shape."""
    for start in range(len(data) - 9):
        kind, size, whole, name_type, length = struct.unpack_from("!HHHBH", data, start)
        if kind == 0 and name_type == 0 and size == whole + 2 == length + 5:
            return data[start + 9:start + 9 + length].decode()
    return "nobody"


def serve(connection):
    with connection:
        connection.settimeout(1)
        try:
            first = connection.recv(16384)
        except TimeoutError:
            first = b""
        if first[:1] == b"\x16":
            connection.sendall(f"TLS for {server_name(first)}".encode())
            return
        connection.settimeout(60)
        connection.sendall(b"hello")
        while data := connection.recv(100):
            connection.sendall(data)


def listen(family, port):
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listener.bind(("", port))
    listener.listen(64)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=lambda: quiet(serve, connection), daemon=True).start()


def quiet(function, *arguments):
    try:
        function(*arguments)
    except OSError:
        pass


def record(kind, answer):
    if kind == "A":
        return socket.inet_aton(answer)
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, answer)
    return bytes([len(answer)]) + answer.encode()


def reply(query):
    """The answer to one question (RFC 1035 §4); the question is repeated, and further records are left out."""
    end = query.index(0, 12) + 5
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
        at += query[at] + 1
    name = ".".join(labels)
    number = struct.unpack_from("!H", query, end - 4)[0]
    with open("/run/names.json") as file:
        names = json.load(file)
    kind = TYPES.get(number)
    answers = names.get(f"{kind} {name}", [])
    known = any(key.split()[1] == name for key in names)
    head = query[:2] + struct.pack("!HHHHH", 0x8580 if known else 0x8583, 1, len(answers), 0, 0)
    body = b""
    for answer in answers:
        data = record(kind, answer)
        body += b"\xc0\x0c" + struct.pack("!HHIH", number, 1, 1, len(data)) + data
    return head + query[12:end] + body


def resolve():
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("9.9.9.9", 53))
    while True:
        query, peer = listener.recvfrom(4096)
        quiet(listener.sendto, reply(query), peer)


for each in (80, 443, 8443):
    for version in (socket.AF_INET, socket.AF_INET6):
        threading.Thread(target=listen, args=(version, each), daemon=True).start()
resolve()
