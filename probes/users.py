"""As root: gVisor lets an app make a user namespace, in which it has all rights over the sandbox's own kernel.

So what succeeds there is judged by what the host shows of it.
"""

import os
import socket
import struct

from registry import probe
from system import call

ALL = 0x10000000  # CLONE_NEWUSER


def become_root(more=0):
    """Root of a user namespace of its own, unless it is root already."""
    if os.geteuid() == 0:
        return
    call("unshare", ALL | more)
    try:
        with open("/proc/self/setgroups", "w") as file:
            file.write("deny")
    except OSError:
        pass
    for name, number in (("uid_map", os.getuid()), ("gid_map", os.getgid())):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(f"0 10001 1" if number == 65534 else f"0 {number} 1")


def as_root(name, what, more=0, judge="effect", lasting=True, passed=()):
    def add(action):
        def attempt(targets):
            become_root(more)
            return action(targets)

        probe(f"root-{name}", "as root of a user namespace", what, passed, judge, lasting)(attempt)

    return add


@as_root("mount", "mounts a file system that the host sees", 0x00020000)
def mount(_):
    os.makedirs("/tmp/tussilago-attack-mount", exist_ok=True)
    return call("mount", b"tussilago-attack", b"/tmp/tussilago-attack-mount", b"tmpfs", 0, b"size=4k")


@as_root("bind-secret", "reads a file of the host from its root directory, mounted again", 0x00020000, "text", False)
def bind(targets):
    os.makedirs("/tmp/tussilago-attack-bind", exist_ok=True)
    call("mount", b"/", b"/tmp/tussilago-attack-bind", None, 4096 | 16384, None)
    try:
        with open("/tmp/tussilago-attack-bind" + targets["secrets"]["host"]) as file:
            return file.read()
    finally:
        call("umount2", b"/tmp/tussilago-attack-bind", 2)


@as_root("proc", "mounts the processes anew and finds one of the host", 0x00020000, "self", False)
def proc(targets):
    os.makedirs("/tmp/tussilago-attack-proc", exist_ok=True)
    call("mount", b"proc", b"/tmp/tussilago-attack-proc", b"proc", 0, None)
    try:
        with open(f"/tmp/tussilago-attack-proc/{targets['pid']}/cmdline") as file:
            return file.read() or "a process"
    finally:
        call("umount2", b"/tmp/tussilago-attack-proc", 2)


@as_root("remount", "makes its release writable", 0x00020000, "self", False)
def remount(_):
    try:
        call("mount", None, b"/app", None, 32 | 4096, None)
    except OSError:
        pass
    file = os.open("/app/tussilago-attack-remount", os.O_WRONLY | os.O_CREAT)
    os.close(file)
    os.unlink("/app/tussilago-attack-remount")
    return "written"


@as_root("hostname", "sets the hostname of the host")
def hostname(_):
    name = b"tussilago-attack"
    return call("sethostname", name, len(name))


@as_root("core-pattern", "names the program that the host runs when one crashes", 0x00020000, "self", False)
def core_pattern(_):
    return os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY)


@as_root("mknod", "makes the device of the kernel's log and opens it", 0, "self", False)
def device(_):
    path = f"/tmp/tussilago-attack-null.{os.getpid()}"
    call("mknod", path.encode(), 0o020666, os.makedev(1, 11))
    try:
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    finally:
        os.unlink(path)


@as_root("setuid", "takes a user of the host", 0, "self", False)
def host_user(_):
    os.setresuid(33, 33, 33)
    return os.getuid()


@as_root("handle", "opens a file by its number, whatever directory it is in", 0, "self", False)
def handle(targets):
    from calls import open_by_handle

    return open_by_handle(targets)


@as_root("module", "loads a module", 0, "self", False, (8, 14))
def module(_):
    return call("init_module", None, 0, b"")


@as_root("setns", "joins the network of the host", 0, "self", False)
def setns(targets):
    return call("setns", os.open(f"/proc/{targets['pid']}/ns/net", os.O_RDONLY), 0)


@as_root("ptrace", "traces a process of the host", 0, "self", False)
def trace(targets):
    return call("ptrace", 0x4206, targets["pid"], 0, 0)


@as_root("link", "adds a link to the host's network", 0x40000000)
def link(_):
    name = b"tslattack0\0"
    kind = struct.pack("HH", 4 + 7, 1) + b"bridge\0\0"
    body = struct.pack("BBHiII", 0, 0, 0, 0, 0, 0)
    body += struct.pack("HH", 4 + len(name), 3) + name + b"\0" * (-len(name) % 4)
    body += struct.pack("HH", 4 + len(kind), 18) + kind
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as route:
        route.sendto(struct.pack("IHHII", 16 + len(body), 16, 0x605, 1, 0) + body, (0, 0))
        code = -struct.unpack_from("i", route.recv(4096), 16)[0]
        if code:
            raise OSError(code, os.strerror(code))
    return "added"


@as_root("packet", "reads and forges packets of the host's links", 0x40000000)
def packets(_):
    each = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    each.bind(("lo", 0))
    frame = b"\0" * 12 + b"\x88\xb5" + b"tussilago-attack-frame"
    for _ in range(20):
        each.send(frame)
    each.detach()
    return "sent"


@as_root("fuse", "mounts a file system that it answers for itself, where the host sees it", 0x00020000)
def fuse(_):
    """The sandbox's kernel has such a device of its own, and the host's kernel must not come to ask through it."""
    os.makedirs("/tmp/tussilago-attack-fuse", exist_ok=True)
    device = os.open("/dev/fuse", os.O_RDWR)
    options = b"fd=%d,rootmode=40000,user_id=0,group_id=0" % device
    return call("mount", b"tussilago-attack-fuse", b"/tmp/tussilago-attack-fuse", b"fuse", 0, options)


@as_root("chroot", "leaves its root directory and reads a file of the host", 0, "text", False)
def leave_root(targets):
    """chroot(2): whoever may call it can leave one that he is in."""
    os.makedirs("/tmp/tussilago-attack-root", exist_ok=True)
    os.chroot("/tmp/tussilago-attack-root")
    for _ in range(16):
        os.chdir("..")
    os.chroot(".")
    with open(targets["secrets"]["host"]) as file:
        return file.read()


@as_root("clock", "sets the clock's tick, to what it is", 0, "self", False)
def clock(targets):
    from calls import adjtimex

    return adjtimex(targets)


@as_root("nice", "takes the processor before all others")
def nice(_):
    os.setpriority(os.PRIO_PROCESS, 0, -19)
    return os.getpid()


@as_root("cgroup", "mounts the control groups and finds those of the host", 0x02020000, "self", False)
def cgroup(_):
    os.makedirs("/tmp/tussilago-attack-cgroup", exist_ok=True)
    call("mount", b"cgroup2", b"/tmp/tussilago-attack-cgroup", b"cgroup2", 0, None)
    try:
        return os.stat("/tmp/tussilago-attack-cgroup/tussilago.slice").st_ino
    finally:
        call("umount2", b"/tmp/tussilago-attack-cgroup", 2)


@as_root("sysrq", "restarts the host by a key", 0, "self", False)
def sysrq(_):
    return os.open("/proc/sysrq-trigger", os.O_WRONLY)


@as_root("reboot", "reboots", 0, "self", False, (22,))
def reboot(_):
    return call("reboot", 0, 0, 0, None)


@as_root("bpf", "loads a BPF program", 0, "self", False)
def bpf(targets):
    from calls import bpf_map

    return bpf_map(targets)


@as_root("keys", "reads the kernel's keys", 0, "self", False)
def keys(_):
    return os.open("/proc/keys", os.O_RDONLY)


@as_root("fanotify", "watches all files of a mount", 0, "self", False)
def watch(_):
    return call("fanotify_init", 4, 0)
