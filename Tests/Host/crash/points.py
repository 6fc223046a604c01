"""The calls of a running agent that may change something, one by one: counted, and one of them killed at or failed.

`Points` runs outside of the host. inside/launch.py sends it the listener of each agent that starts (seccomp_unotify(2)).
"""

import array
import ctypes
import errno
import fcntl
import os
import select
import signal
import socket
import struct
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))

RECEIVE, SEND = 0xC0502100, 0xC0182101
CONTINUE = 1
AT_FDCWD = -100


def calls():
    """Names of the calls by number, as inside/launch.py has them."""
    text = open(f"{HERE}/inside/launch.py").read()
    scope = {"os": os}
    exec(text[text.index("CALLS =") : text.index("AUDIT_ARCH")], scope)  # noqa: S102
    names = {number: name for name, number in scope["CALLS"].items()}
    return names | {scope["OPEN"]: "open", scope["OPENAT"]: "openat", scope["CLONE"]: "clone"}


NAMES = calls()

# Which arguments are paths, each with the argument that holds the directory it starts from, if it has one.
PATHS = {
    "open": [(0, None)], "openat": [(1, 0)], "rename": [(0, None), (1, None)],
    "renameat": [(1, 0), (3, 2)], "renameat2": [(1, 0), (3, 2)], "mkdir": [(0, None)], "mkdirat": [(1, 0)],
    "rmdir": [(0, None)], "link": [(0, None), (1, None)], "linkat": [(1, 0), (3, 2)], "unlink": [(0, None)],
    "unlinkat": [(1, 0)], "symlink": [(1, None)], "symlinkat": [(2, 1)], "chmod": [(0, None)], "fchmodat": [(1, 0)],
    "fchmodat2": [(1, 0)], "chown": [(0, None)], "fchownat": [(1, 0)],
}  # fmt: skip
# Peers of the agent's sockets.
PEERS = {
    "/run/dbus/system_bus_socket": "bus", "/run/systemd/private": "bus", "/run/caddy/admin.sock": "caddy",
    "/run/podman/podman.sock": "podman", "/run/systemd/journal/socket": "journal", "/run/systemd/notify": "notify",
    "/run/tussilago/open.sock": "opener",
}  # fmt: skip
# What a point can be about. The rest (the journal, systemd's watchdog, the program's own pipes) changes nothing.
COUNTED = ("files", "ledger", "bus", "caddy", "podman", "opener", "spawn", "client")
# Methods that ask and change nothing: a message of them is no point of a crash, but can fail like any other.
ASKING = (b"Get\0", b"GetAll\0", b"ListUnits", b"GetUnit", b"Hello\0", b"AddMatch\0", b"Subscribe\0", b"LoadUnit\0")


class Point:
    """One call, at which the agent waits."""

    def __init__(self, name, kind, what, changes):
        self.name, self.kind, self.what, self.changes = name, kind, what, changes

    def __str__(self):
        return f"{self.kind} {self.name} {self.what}"


class Points:
    """Listens for agents of one host. Between `arm` and `disarm`, each point of theirs is counted and acted upon."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.disarm()
        if os.path.exists(path):
            os.unlink(path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, act=None, chosen=lambda point: point.changes):
        """Counts the points that are `chosen`. `act` gets a point and its number, and says what becomes of the call:
        None (it goes on), an errno, "kill", or what is to be called with all of the agent stopped before it is killed."""
        with self.lock:
            self.act, self.chosen = act or (lambda point, number: None), chosen
            self.seen, self.answered = [], False

    def disarm(self):
        with self.lock:
            self.act = None

    def _accept(self):
        while True:
            connection, _ = self.listener.accept()
            fds = array.array("i")
            _, ancillary, _, _ = connection.recvmsg(1, socket.CMSG_SPACE(fds.itemsize))
            agent = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
            for _, _, data in ancillary:
                fds.frombytes(data)
            if fds:
                threading.Thread(target=Agent(self, agent, fds[0]).serve, daemon=True).start()
                connection.send(b"!")
            connection.close()

    def decide(self, point):
        with self.lock:
            if self.act is None or point.kind not in COUNTED or not self.chosen(point):
                return None
            # Of what is said to clients only the answer that acknowledges counts: the rest are answers to the matrix.
            if point.kind == "client":
                if self.answered:
                    return None
                self.answered = True
            self.seen.append(point)
            action = self.act(point, len(self.seen))
            return action


class Agent:
    """One process of the agent and its listener."""

    def __init__(self, points, pid, listener):
        self.points, self.pid, self.listener = points, pid, listener
        self.pidfd = os.pidfd_open(pid)

    def serve(self):
        poll = select.poll()
        poll.register(self.listener, select.POLLIN)
        try:
            while True:
                if poll.poll()[0][1] & (select.POLLHUP | select.POLLERR):
                    return  # the last process under the filter has ended
                request = bytearray(80)
                try:
                    fcntl.ioctl(self.listener, RECEIVE, request)
                except OSError as error:
                    if error.errno in (errno.ENOENT, errno.EINTR):
                        continue  # the caller was killed meanwhile
                    raise
                self.answer(request)
        finally:
            os.close(self.listener)
            os.close(self.pidfd)

    def answer(self, request):
        identity, thread, _, number = struct.unpack_from("=QIIi", request)
        arguments = struct.unpack_from("=6Q", request, 32)
        try:
            point = self.describe(thread, NAMES[number], arguments)
            action = self.points.decide(point) if point else None
        except (OSError, ValueError):
            action = None  # it has ended meanwhile
        except Exception as error:  # noqa: BLE001
            print(f"points: {error!r}", file=sys.stderr)
            action = None
        if callable(action):
            signal.pidfd_send_signal(self.pidfd, signal.SIGSTOP)
            action()
        if action == "kill" or callable(action):
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
            return
        result = struct.pack("=QqiI", identity, 0, -action if action else 0, 0 if action else CONTINUE)
        try:
            fcntl.ioctl(self.listener, SEND, bytearray(result))
        except OSError:
            pass  # it has ended meanwhile

    def describe(self, thread, name, arguments):
        if not os.path.exists(f"/proc/{self.pid}/task/{thread}"):
            return None  # a program that the agent has started
        if name in ("clone", "vfork"):
            return Point(name, "spawn", "", True)
        if name in PATHS:
            paths = [
                self.path(thread, arguments[path], None if base is None else arguments[base])
                for path, base in PATHS[name]]
            return self.file(name, " → ".join(paths))
        descriptor = arguments[0] & 0xFFFFFFFF
        target = os.readlink(f"/proc/{thread}/fd/{descriptor}")
        if target.startswith("socket:"):
            return self.message(thread, name, descriptor, arguments)
        if not target.startswith("/"):
            return None  # a pipe, or an eventfd
        return self.file(name, target)

    @staticmethod
    def file(name, what):
        if what.startswith(("/dev/", "/proc/", "/sys/")):
            return None
        return Point(name, "ledger" if "/ledger.sqlite" in what else "files", what, True)

    def message(self, thread, name, descriptor, arguments):
        copy = socket.socket(fileno=pidfd_getfd(self.pidfd, descriptor))
        try:
            try:
                peer = copy.getpeername()
            except OSError:
                peer = None
            if not peer and name in ("sendto", "sendmsg"):
                peer = self.destination(thread, name, arguments)
            if not peer and copy.getsockname() == "/run/tussilago/api.sock":
                return Point(name, "client", "", True)
        finally:
            copy.close()
        kind = PEERS.get(peer, "other")
        if kind in ("journal", "notify"):
            return Point(name, kind, "", False)
        if kind == "opener":
            return Point(name, kind, "", False)  # it is asked for an open file
        data = self.payload(thread, name, arguments)
        if kind == "bus":
            method = next((each.strip(b"\0").decode() for each in data.split(b"\0") if each[:1].isupper()), "")
            return Point(name, kind, bus_member(data) or method, not any(each in data for each in ASKING) and bool(bus_member(data)))
        line = data.split(b"\r\n", 1)[0].decode(errors="replace")
        return Point(name, kind, line[:80], not line.startswith(("GET ", "HEAD ")))

    def path(self, thread, address, base):
        path = self.read(thread, address, 4096).split(b"\0", 1)[0].decode(errors="replace")
        if path.startswith("/") or base is None:
            return path
        base = ctypes.c_int(base & 0xFFFFFFFF).value
        folder = os.readlink(f"/proc/{thread}/cwd" if base == AT_FDCWD else f"/proc/{thread}/fd/{base}")
        return f"{folder}/{path}"

    @staticmethod
    def read(thread, address, size):
        """Memory of the agent; less than `size` where it ends."""
        with open(f"/proc/{thread}/mem", "rb", buffering=0) as memory:
            memory.seek(address)
            parts = b""
            while len(parts) < size:
                # To the end of the page: the next one may not be there.
                length = min(size - len(parts), 4096 - (address + len(parts)) % 4096)
                try:
                    part = memory.read(length)
                except OSError:
                    break
                parts += part
                if not part or b"\0" in part and size == 4096:
                    break
            return parts

    def vectors(self, thread, address, count):
        for base, length in struct.iter_unpack("=QQ", self.read(thread, address, 16 * min(count, 64))):
            yield self.read(thread, base, min(length, 512)) if length else b""

    def payload(self, thread, name, arguments):
        """The beginning of what is sent."""
        if name == "sendmsg":
            head = struct.unpack("=QIIQQ", self.read(thread, arguments[1], 32))
            return b"".join(self.vectors(thread, head[3], head[4]))
        if name in ("writev", "pwritev"):
            return b"".join(self.vectors(thread, arguments[1], arguments[2]))
        return self.read(thread, arguments[1], min(arguments[2], 512))

    def destination(self, thread, name, arguments):
        if name == "sendmsg":
            address, length = struct.unpack("=QI", self.read(thread, arguments[1], 12))
        else:
            address, length = arguments[4], arguments[5]
        return self.read(thread, address, length)[2:].strip(b"\0").decode() if address else None


def bus_member(data):
    """The method that a D-Bus message calls: header field 3, a string (D-Bus specification, Message Format)."""
    at = data.find(b"\x03\x01s\0")
    if at < 0:
        return ""
    length = int.from_bytes(data[at + 4 : at + 8], sys.byteorder)
    return data[at + 8 : at + 8 + length].decode(errors="replace")


def pidfd_getfd(pidfd, descriptor):
    result = ctypes.CDLL(None, use_errno=True).syscall(438, pidfd, descriptor, 0)
    if result < 0:
        raise OSError(ctypes.get_errno(), "pidfd_getfd")
    return result
