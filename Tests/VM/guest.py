"""QEMU's guest agent in a virtual machine: how commands get into it without a network.

It speaks JSON over a virtio-serial port, whose other end is a Unix socket (qemu-ga-ref(7)). That takes one connection at
a time, so each call is one connection under a lock; commands still run side by side, since the agent only starts them.
"""

import base64
import fcntl
import json
import os
import random
import socket
import time


class NoAnswer(Exception):
    """The agent said nothing in time: the machine is booting, or gone."""


class Guest:
    def __init__(self, directory):
        self.path = f"{directory}/agent"

    def call(self, name, timeout=60.0, **arguments):
        """One call, and what it returned."""
        with open(f"{self.path}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            end = time.monotonic() + timeout
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(timeout)
                try:
                    # A path of any length: only its last part is in the address.
                    directory = os.open(os.path.dirname(self.path), os.O_PATH)
                    try:
                        connection.connect(f"/proc/self/fd/{directory}/{os.path.basename(self.path)}")
                    finally:
                        os.close(directory)
                    # What is left of a call that was given up must not be taken for the answer to this one.
                    token = random.randrange(1 << 31)
                    connection.sendall(b"\xff" + self.encode("guest-sync-delimited", {"id": token}))
                    answers = self.lines(connection, end)
                    while next(answers) != {"return": token}:
                        pass
                    connection.sendall(self.encode(name, arguments))
                    answer = next(answers)
                except (OSError, StopIteration) as error:
                    raise NoAnswer(f"{name}: {error or 'the connection ended'}") from None
        if "error" in answer:
            raise RuntimeError(f"{name}: {answer['error'].get('desc')}")
        return answer["return"]

    @staticmethod
    def encode(name, arguments):
        return json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n"

    @staticmethod
    def lines(connection, end):
        rest = b""
        while True:
            line, found, after = rest.partition(b"\n")
            if found:
                rest = after
                # The delimiter stands before the answer to a sync, and after what is older.
                line = line.rpartition(b"\xff")[2]
                try:
                    yield json.loads(line)
                except ValueError:
                    pass  # the end of a line whose begin another connection has read
                continue
            connection.settimeout(max(0.01, end - time.monotonic()))
            more = connection.recv(1 << 16)
            if not more:
                return
            rest += more

    def run(self, command, text=b"", limit=3600):
        """Runs a command as root and waits for it: its code, and what it wrote to stdout and to stderr.

        It is killed after so many seconds: nothing in the machine outlives whoever waits for it by much.
        """
        arguments = {"input-data": base64.b64encode(text).decode()} if text else {}
        pid = self.call(
            "guest-exec", path="/usr/bin/timeout", arg=["--kill-after=5", str(limit), *command],
            env=["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"],
            **{"capture-output": True}, **arguments)["pid"]
        pause = 0.02
        while True:
            status = self.call("guest-exec-status", pid=pid)
            if status["exited"]:
                break
            time.sleep(pause)
            pause = min(0.5, pause * 1.5)
        out, err = (base64.b64decode(status.get(each, "")) for each in ("out-data", "err-data"))
        return status.get("exitcode", 128 + status.get("signal", 0)), out, err
