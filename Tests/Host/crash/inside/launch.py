"""launch.py PROGRAM: becomes PROGRAM, with a seccomp filter that shows each call that may change the host to points.py.

It stands in ExecStart= of the agent's service, so the filter comes on top of the unit's own. The listener goes to
points.py over a Unix socket; each call then waits there until it is let through, failed, or the agent is killed.
Why not strace's inject=: it counts for each thread and each system call alone. The agent has a pool of threads, so
"the 17th change" would be another one in each run; and it cannot tell the bus from Caddy, or an open that creates.
"""

import array
import ctypes
import os
import socket
import struct
import sys
import threading

SOCKET = "/run/points.sock"

# Those of x86-64, linux/arch/x86/entry/syscalls/syscall_64.tbl. points.py knows them by these names.
CALLS = {
    "write": 1, "pwrite64": 18, "writev": 20, "pwritev": 296, "sendto": 44, "sendmsg": 46, "sendfile": 40,
    "copy_file_range": 326, "ftruncate": 77, "fallocate": 285, "fsync": 74, "fdatasync": 75,
    "rename": 82, "renameat": 264, "renameat2": 316, "mkdir": 83, "mkdirat": 258, "rmdir": 84,
    "link": 86, "linkat": 265, "unlink": 87, "unlinkat": 263, "symlink": 88, "symlinkat": 266,
    "chmod": 90, "fchmod": 91, "fchmodat": 268, "fchmodat2": 452, "chown": 92, "fchown": 93, "fchownat": 260,
    "vfork": 58,
}  # fmt: skip
OPEN, OPENAT, CLONE = 2, 257, 56
AUDIT_ARCH_X86_64 = 0xC000003E
O_CREAT_OR_TRUNC = os.O_CREAT | os.O_TRUNC
CLONE_VFORK = 0x4000

LOAD, EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06
ALLOW, NOTIFY = 0x7FFF0000, 0x7FC00000
NUMBER, ARCH, ARGUMENT = 0, 4, 16


def program():
    """The filter, as one instruction (code, value, jump if true, jump if false) after another."""
    lines = [(LOAD, ARCH, 0, 0), (EQUAL, AUDIT_ARCH_X86_64, 1, 0), (RETURN, ALLOW, 0, 0), (LOAD, NUMBER, 0, 0)]
    # Calls that change something only with certain flags.
    for call, argument, bits in ((OPEN, 1, O_CREAT_OR_TRUNC), (OPENAT, 2, O_CREAT_OR_TRUNC), (CLONE, 0, CLONE_VFORK)):
        lines += [
            (EQUAL, call, 0, 4), (LOAD, ARGUMENT + 8 * argument, 0, 0), (ANY_BIT, bits, 0, 1), (RETURN, NOTIFY, 0, 0),
            (RETURN, ALLOW, 0, 0),
        ]  # fmt: skip
    for call in CALLS.values():
        lines += [(EQUAL, call, 0, 1), (RETURN, NOTIFY, 0, 0)]
    return lines + [(RETURN, ALLOW, 0, 0)]


def install():
    """Puts this thread, and what it becomes, under the filter; returns the listener."""
    code = b"".join(struct.pack("=HBBI", code, yes, no, value) for code, value, yes, no in program())
    buffer = ctypes.create_string_buffer(code)
    head = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    seccomp, set_filter, new_listener, wait_killable = 317, 1, 8, 32
    listener = libc.syscall(seccomp, set_filter, new_listener | wait_killable, ctypes.c_char_p(head))
    if listener < 0:
        raise OSError(ctypes.get_errno(), "seccomp")
    return listener


def main():
    """This thread goes under the filter, and may then do nothing that is counted; another one hands the listener over."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(SOCKET)
    installed, handed = threading.Event(), threading.Event()
    box = []

    def hand_over():
        installed.wait()
        connection.sendmsg([b"!"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", box))])
        connection.recv(1)
        handed.set()

    threading.Thread(target=hand_over, daemon=True).start()
    box.append(install())
    installed.set()
    handed.wait()
    os.execv(sys.argv[1], sys.argv[1:])


main()
