"""flood.py KIND SECONDS: floods the agent's socket, as whoever calls it; prints how often each status came.

flood.py ask SECONDS: asks as anybody would, and prints how long each answer took, in seconds, and what it was.
"""

import collections
import json
import random
import socket
import sys
import threading
import time

PATH = "/run/tussilago/api.sock"
POST = b"POST /v1/tenants HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
LARGE = 512 << 10  # the largest body, as tussilagod.toml has it
PIECE = b"x" * 65_536


def connect(seconds=12):
    each = socket.socket(socket.AF_UNIX)
    each.settimeout(seconds)
    each.connect(PATH)
    return each


def answer(each):
    """The status that comes, if one does."""
    try:
        text = each.recv(4096)
    except TimeoutError:
        return "nothing"
    except OSError:
        return "closed"
    return text[9:12].decode() if text else "closed"


def sent(pieces, pause=0.0):
    """Sends pieces until the end or until the other side has enough, and takes the answer."""
    with connect() as each:
        try:
            for piece in pieces:
                each.sendall(piece)
                time.sleep(pause)
        except TimeoutError:
            return "stuck"
        except OSError:
            pass  # it may have answered before
        return answer(each)


def with_body(body, length=None):
    return sent([POST + b"Content-Length: %d\r\n\r\n" % (length or len(body)), body])


def silent():
    """A connection that says nothing."""
    with connect() as each:
        return answer(each)


def unread():
    """Many requests, of whose answers nothing is read."""
    with connect() as each:
        try:
            for _ in range(5_000):
                each.sendall(b"GET /v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n")
        except OSError:
            return "cut off"
        return "all was taken"


def chunks():
    yield POST + b"Transfer-Encoding: chunked\r\n\r\n"
    for _ in range(160):
        yield b"10000\r\n" + PIECE + b"\r\n"


# How many do it at once, what they do, and which answers are as they shall be.
KINDS = {
    "connections": (1000, silent),
    "slow heads": (60, lambda: sent((b"%c" % each for each in b"GET /v1/status HTTP/1.1\r\nHost: x\r\n" * 9), 0.2)),
    "a field of 10 MB": (60, lambda: sent([b"GET / HTTP/1.1\r\nX: "] + [PIECE] * 160)),
    "a million fields": (60, lambda: sent([b"GET / HTTP/1.1\r\n"] + [b"A: b\r\n" * 10_000] * 100)),
    "answers that nobody reads": (20, unread),
    "bodies of 10 MB": (30, lambda: sent(chunks())),
    "bodies without an end": (30, lambda: with_body(b" " * (LARGE - 1), LARGE)),
    "deep bodies": (30, lambda: with_body(b"[" * LARGE)),
    "wide bodies": (30, lambda: with_body(b"[" + b"0," * (LARGE // 2 - 2) + b"0]")),
    "bodies that are no text": (30, lambda: with_body(b'{"name":"' + b"\xff\xc0\x80" * (LARGE // 3 - 8) + b'"}')),
    "paths that are no text": (30, lambda: sent([b"GET /v1/tenants/\xff%ff%c0%80 HTTP/1.1\r\nHost: x\r\n\r\n"])),
}


def flood(kind, seconds):
    width, action = KINDS[kind]
    end = time.monotonic() + seconds
    seen = collections.Counter()
    lock = threading.Lock()

    def work():
        while time.monotonic() < end:
            try:
                status = action()
            except OSError as error:
                status = type(error).__name__
            with lock:
                seen[status] += 1
            # Whoever is refused tries again, the crowd as a whole about a thousand times a second: what is shown is how
            # the agent shares what it has, not how many connects a processor can do.
            time.sleep(random.uniform(0.5, 1.5) * width / 1000)

    threading.stack_size(256 << 10)
    threads = [threading.Thread(target=work, daemon=True) for _ in range(width)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end + 1 - time.monotonic()))
    with lock:
        print(json.dumps(seen), flush=True)


def ask(seconds):
    end, times, seen = time.monotonic() + seconds, [], collections.Counter()
    while time.monotonic() < end:
        start = time.monotonic()
        seen[sent([b"GET /v1/tenants HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"])] += 1
        times.append(time.monotonic() - start)
        time.sleep(0.015)
    print(json.dumps({"times": times, "answers": seen}))


if sys.argv[1] == "ask":
    ask(float(sys.argv[2]))
else:
    flood(sys.argv[1], float(sys.argv[2]))
