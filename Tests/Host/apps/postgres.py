"""A client of PostgreSQL's protocol 3.0 with SCRAM-SHA-256 (RFC 5802, RFC 7677), in as much as the checks need: simple queries
over a Unix socket.
"""

import base64
import hashlib
import hmac
import os
import socket
import struct
from urllib.parse import parse_qs, unquote, urlsplit


class Failure(Exception):
    """What the server answered instead."""

    def __init__(self, fields):
        self.code, self.message = fields.get("C", ""), fields.get("M", "")
        super().__init__(f"{self.code}: {self.message}")


class Connection:
    def __init__(self, url, timeout=20, **instead):
        parts = urlsplit(url)
        user, password = unquote(parts.username), unquote(parts.password)
        database = parts.path.lstrip("/")
        directory = parse_qs(parts.query)["host"][0]
        user, password = instead.get("user", user), instead.get("password", password)
        database, directory = instead.get("database", database), instead.get("directory", directory)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(f"{directory}/.s.PGSQL.5432")
        self.buffer = b""
        words = ["user", user, "database", database, *instead.get("options", [])]
        start = struct.pack("!i", 196608) + b"".join(word.encode() + b"\0" for word in words) + b"\0"
        self.socket.sendall(struct.pack("!i", len(start) + 4) + start)
        self.log_in(password)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def read(self, count):
        while len(self.buffer) < count:
            data = self.socket.recv(65536)
            if not data:
                raise Failure({"C": "08006", "M": "the connection was closed"})
            self.buffer += data
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def message(self):
        kind, length = struct.unpack("!ci", self.read(5))
        body = self.read(length - 4)
        if kind == b"E":
            raise Failure(fields(body))
        return kind, body

    def send(self, kind, body):
        self.socket.sendall(kind + struct.pack("!i", len(body) + 4) + body)

    def log_in(self, password):
        while True:
            kind, body = self.message()
            if kind == b"Z":
                return
            if kind != b"R":
                continue
            (method,) = struct.unpack("!i", body[:4])
            if method == 10:
                assert b"SCRAM-SHA-256" in body[4:].split(b"\0"), body
                self.scram(password.encode())
            elif method != 0:
                raise AssertionError(f"the server asks for a password by method {method}")

    def scram(self, password):
        nonce = base64.b64encode(os.urandom(18)).decode()
        first = f"n=,r={nonce}"
        text = f"n,,{first}".encode()
        self.send(b"p", b"SCRAM-SHA-256\0" + struct.pack("!i", len(text)) + text)
        answer = self.sasl(11)
        values = dict(part.split("=", 1) for part in answer.split(","))
        salt, rounds = base64.b64decode(values["s"]), int(values["i"])
        assert values["r"].startswith(nonce)
        salted = hashlib.pbkdf2_hmac("sha256", password, salt, rounds)
        client = hmac.digest(salted, b"Client Key", "sha256")
        last = f"c=biws,r={values['r']}"
        whole = f"{first},{answer},{last}".encode()
        signature = hmac.digest(hashlib.sha256(client).digest(), whole, "sha256")
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(client, signature))).decode()
        self.send(b"p", f"{last},p={proof}".encode())
        verifier = base64.b64decode(dict(part.split("=", 1) for part in self.sasl(12).split(","))["v"])
        assert verifier == hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), whole, "sha256"), "a false server"

    def sasl(self, expected):
        while True:
            kind, body = self.message()
            if kind == b"R":
                (method,) = struct.unpack("!i", body[:4])
                assert method == expected, method
                return body[4:].decode()

    def query(self, text):
        """The rows of the last statement, as texts."""
        self.send(b"Q", text.encode() + b"\0")
        rows, failure = [], None
        while True:
            kind, length = struct.unpack("!ci", self.read(5))
            body = self.read(length - 4)
            if kind == b"T":
                rows = []
            elif kind == b"D":
                rows.append(row(body))
            elif kind == b"G":
                self.send(b"f", b"no\0")
            elif kind == b"E":
                failure = Failure(fields(body))
            elif kind == b"Z":
                if failure:
                    raise failure
                return rows


def fields(body):
    return {part[:1].decode(): part[1:].decode(errors="replace") for part in body.split(b"\0") if part}


def row(body):
    (count,), place, values = struct.unpack("!h", body[:2]), 2, []
    for _ in range(count):
        (length,) = struct.unpack("!i", body[place : place + 4])
        place += 4
        values.append(None if length < 0 else body[place : place + length].decode())
        place += max(length, 0)
    return values


def url():
    with open("/run/secrets/DATABASE_URL") as file:
        return file.read()
