"""System calls that an app has no business with, as the app's own user.

Those that would harm the host are made with an argument that the kernel refuses only after the caller's rights.
"""

import ctypes
import os
import struct
from errno import EBADF, EFAULT, EINVAL, ENODEV, ENOENT, ENOEXEC, ENOTBLK, ESRCH

from registry import probe
from system import call

NEW = {
    "mount": 0x00020000, "cgroup": 0x02000000, "uts": 0x04000000, "ipc": 0x08000000, "pid": 0x20000000,
    "net": 0x40000000,
}
NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "uts", "user")
O_PATH_LESS = os.O_RDONLY | os.O_DIRECTORY


def system_call(name, what, *arguments, passed=(), family="system calls"):
    syscall = name.split(" ")[0]

    @probe(f"call-{name.replace(' ', '-').replace('_', '-')}", family, what, passed)
    def attempt(_):
        return call(syscall, *arguments)


# The mount table

system_call("mount", "mounts a file system", b"tussilago-attack", b"/tmp", b"tmpfs", 0, b"size=4k")
system_call("mount bind", "bind-mounts the root directory", b"/", b"/tmp", None, 4096, None)
system_call("mount remount", "makes the root file system writable", None, b"/", None, 32 | 4096, None)
system_call("mount proc", "mounts the processes", b"proc", b"/tmp", b"proc", 0, None)
system_call("mount sysfs", "mounts sysfs", b"sysfs", b"/tmp", b"sysfs", 0, None)
system_call("umount2", "unmounts /proc", b"/nowhere-tussilago", 8, passed=(ENOENT, EINVAL))
system_call("pivot_root", "exchanges the root directory", b"/nowhere-tussilago", b"/nowhere", passed=(ENOENT,))
system_call("chroot", "changes the root directory", b"/tmp")
system_call("fsopen", "opens a file system", b"tmpfs", 0)
system_call("open_tree", "clones the root mount", -100, b"/", 1)
system_call("fspick", "picks a mount to configure", -100, b"/", 0)
system_call("move_mount", "moves a mount", -1, b"", -1, b"", 4, passed=(EBADF, ENOENT))
system_call("mount_setattr", "changes a mount", -1, b"", 0, b"\0" * 32, 32, passed=(EBADF, EINVAL))
system_call("swapon", "swaps onto a file", b"/nowhere-tussilago", 0, passed=(ENOENT,))
system_call("swapoff", "ends swapping", b"/nowhere-tussilago", passed=(ENOENT,))
system_call("quotactl", "changes quotas", (0x800002 << 8), b"/dev/nowhere", 0, None, passed=(ENOENT, ENOTBLK, ENODEV))

# The kernel itself

system_call("reboot", "reboots", 0, 0, 0, None, passed=(EINVAL,))
system_call("kexec_load", "loads a kernel", 0, 0, None, 0xDEAD, passed=(EINVAL,))
system_call("kexec_file_load", "loads a kernel's file", -1, -1, 0, None, 0xDEAD, passed=(EINVAL, EBADF))
system_call("init_module", "loads a module", None, 0, b"", passed=(ENOEXEC, EFAULT))
system_call("finit_module", "loads a module's file", -1, b"", 0, passed=(EBADF, ENOEXEC))
system_call("delete_module", "unloads a module", b"tussilago_nowhere", 0, passed=(ENOENT,))
system_call("iopl", "takes all I/O ports", 3)
system_call("ioperm", "takes an I/O port", 0x80, 1, 1)
system_call("acct", "switches process accounting off", None)
system_call("sethostname", "sets the hostname", b"", 65, passed=(EINVAL,))
system_call("setdomainname", "sets the domain name", b"", 65, passed=(EINVAL,))
system_call("vhangup", "hangs up the terminal")
system_call("sched_setscheduler", "takes real-time priority", 0, 1, struct.pack("i", 1))
system_call("ioprio_set", "takes real-time I/O", 1, 0, 1 << 13)
system_call("userfaultfd", "handles page faults of the kernel", os.O_CLOEXEC)
system_call("perf_event_open", "counts events of the kernel", struct.pack("IIQQQQQ", 1, 64, 0, 0, 0, 0, 0) + b"\0" * 16,
            -1, 0, -1, 0)
system_call("io_uring_setup", "opens an io_uring", 1, ctypes.create_string_buffer(120))
system_call("fanotify_init", "watches all files of a mount", 4, 0)
system_call("lookup_dcookie", "looks up a file by its cookie", 0, None, 0, passed=(EINVAL,))
system_call("kcmp", "compares two processes' files", 1, 1, 0, 0, 0)


@probe("call-bpf-map", "system calls", "makes a BPF map")
def bpf_map(_):
    return call("bpf", 0, struct.pack("IIIII", 2, 4, 4, 1, 0) + b"\0" * 44, 64)


@probe("call-bpf-program", "system calls", "loads a BPF program for the kernel's functions", passed=(EINVAL,))
def bpf_program(_):
    code = ctypes.create_string_buffer(struct.pack("<BBhi", 0xB7, 0, 0, 0) + struct.pack("<BBhi", 0x95, 0, 0, 0))
    text = ctypes.create_string_buffer(b"GPL\0")
    attributes = struct.pack("IIQQIIQII", 2, 2, ctypes.addressof(code), ctypes.addressof(text), 0, 0, 0, 0, 0)
    return call("bpf", 5, attributes + b"\0" * 64, 120)


@probe("call-adjtimex", "system calls", "sets the clock's tick, to what it is")
def adjtimex(_):
    state = ctypes.create_string_buffer(208)
    call("adjtimex", state)
    struct.pack_into("I", state, 0, 0x4000)  # ADJ_TICK
    return call("adjtimex", state)


@probe("call-syslog", "system calls", "reads the kernel's log", judge="text")
def syslog(_):
    log = ctypes.create_string_buffer(1 << 19)
    return log.raw[: call("syslog", 3, log, len(log))].decode(errors="replace")


@probe("call-syslog-clear", "system calls", "sets what the kernel writes to the console", passed=(EINVAL,))
def syslog_console(_):
    return call("syslog", 8, None, 99)


@probe("call-open-by-handle-at", "system calls", "opens a file by its number, whatever directory it is in")
def open_by_handle(_):
    """The Shocker: with the right alone to read directories, any file of the disk was open to a container."""
    handle = ctypes.create_string_buffer(struct.pack("Ii", 128, 0) + b"\0" * 128)
    mount = ctypes.c_int(0)
    folder = os.open("/", O_PATH_LESS)
    call("name_to_handle_at", -100, b"/etc/passwd", handle, ctypes.byref(mount), 0)
    return os.read(call("open_by_handle_at", folder, handle, os.O_RDONLY), 10)


# The rights of the process

@probe("call-setuid", "rights", "becomes root")
def setuid(_):
    os.setresuid(0, 0, 0)
    return os.geteuid()


@probe("call-setgid", "rights", "becomes a member of root's group")
def setgid(_):
    os.setresgid(0, 0, 0)
    return os.getegid()


@probe("call-setgroups", "rights", "takes further groups")
def setgroups(_):
    os.setgroups([0, 4])
    return os.getgroups()


@probe("call-capset", "rights", "takes the right to administer the system")
def capset(_):
    rights = struct.pack("III", 1 << 21, 1 << 21, 0) + struct.pack("III", 0, 0, 0)
    return call("capset", struct.pack("Ii", 0x20080522, 0), rights)


@probe("file-suid-program", "rights", "becomes root through a set-user-ID program")
def suid_program(_):
    import subprocess

    if os.geteuid() == 0:
        return "is root"
    for program in ("/usr/bin/su", "/bin/su"):
        done = subprocess.run([program, "-c", "id -u"], capture_output=True, text=True, input="\n", timeout=3)
        if done.stdout.strip() == "0":
            return "root"
    return None


# Namespaces

def part(kind, flag):
    @probe(f"call-unshare-{kind}", "system calls", f"makes a {kind} namespace")
    def attempt(_):
        path = f"/proc/self/ns/{'mnt' if kind == 'mount' else kind}"
        before = os.readlink(path)
        call("unshare", flag)
        # gVisor knows no such namespace, and says yes.
        return os.readlink(path) if os.readlink(path) != before else None


for kind, flag in NEW.items():
    part(kind, flag)


def join(kind):
    @probe(f"call-setns-{kind}", "system calls", f"joins the {kind} namespace of the host")
    def attempt(targets):
        # One's own user namespace cannot be joined: EINVAL is what says so, after the rights.
        namespace = os.open(f"/proc/{targets['pid']}/ns/{kind}", os.O_RDONLY)
        return call("setns", namespace, 0)


for kind in NAMESPACES[:-1]:
    join(kind)


# Other processes: a process of the host by its number there

def towards(name, what, passed=()):
    def add(action):
        probe(f"process-{name}", "processes of the host", what, passed)(lambda targets: action(targets["pid"]))

    return add


@towards("kill", "sends a signal")
def kill(pid):
    os.kill(pid, 0)
    return "may"


@towards("ptrace", "traces it")
def ptrace(pid):
    call("ptrace", 0x4206, pid, 0, 0)  # PTRACE_SEIZE stops nothing; it ends with this process
    return "traced"


@towards("vm-readv", "reads its memory", passed=(EFAULT,))
def vm_readv(pid):
    buffer = ctypes.create_string_buffer(8)
    local = struct.pack("QQ", ctypes.addressof(buffer), 8)
    return call("process_vm_readv", pid, local, 1, struct.pack("QQ", 0, 8), 1, 0)


@towards("vm-writev", "writes its memory", passed=(EFAULT,))
def vm_writev(pid):
    buffer = ctypes.create_string_buffer(8)
    local = struct.pack("QQ", ctypes.addressof(buffer), 8)
    return call("process_vm_writev", pid, local, 1, struct.pack("QQ", 0, 8), 1, 0)


@towards("pidfd", "takes hold of it")
def pidfd(pid):
    return call("pidfd_open", pid, 0)


@towards("pidfd-getfd", "takes its open files")
def pidfd_getfd(pid):
    return call("pidfd_getfd", call("pidfd_open", pid, 0), 0, 0)


@towards("prlimit", "changes its limits")
def process_limits(pid):
    return call("prlimit64", pid, 7, None, ctypes.create_string_buffer(16))


@towards("priority", "changes its priority")
def priority(pid):
    os.setpriority(os.PRIO_PROCESS, pid, os.getpriority(os.PRIO_PROCESS, pid))
    return "changed"


@towards("affinity", "moves it to other processors")
def affinity(pid):
    os.sched_setaffinity(pid, os.sched_getaffinity(pid))
    return "moved"


@towards("move-pages", "moves its memory", passed=(ENODEV,))
def move_pages(pid):
    return call("move_pages", pid, 0, None, None, None, 0)


@towards("kcmp", "compares its memory with one's own")
def compare(pid):
    return call("kcmp", os.getpid(), pid, 1, 0, 0)


@towards("session", "asks for its session")
def session(pid):
    return os.getsid(pid)


@towards("scheduler", "asks for its scheduling")
def scheduler(pid):
    return os.sched_getscheduler(pid)


def read_of_process(name, what):
    @towards(name.replace("/", "-"), what)
    def attempt(pid):
        path = f"/proc/{pid}/{name}"
        if os.path.islink(path):
            return os.readlink(path)
        if os.path.isdir(path):
            return os.listdir(path)
        with open(path, "rb") as file:
            return file.read(16) if name != "mem" else "opened"


for name, what in (
    ("environ", "reads its environment"), ("cmdline", "reads its command line"), ("maps", "reads its memory map"),
    ("mem", "opens its memory"), ("root", "reaches its root directory"), ("cwd", "reaches its directory"),
    ("exe", "reads which program it is"), ("fd", "lists its files"), ("status", "reads its state"),
    ("stack", "reads its kernel stack"),
):
    read_of_process(name, what)


# Memory and messages shared by a key

@probe("ipc-shm", "shared by key", "attaches the host's shared memory")
def shared_memory(targets):
    return call("shmget", targets["key"], 0, 0)


@probe("ipc-sem", "shared by key", "finds the host's semaphores")
def semaphores(targets):
    return call("semget", targets["key"], 0, 0)


@probe("ipc-msg", "shared by key", "finds the host's message queue")
def messages(targets):
    return call("msgget", targets["key"], 0)


@probe("ipc-mqueue", "shared by key", "opens the host's POSIX message queue")
def posix_queue(targets):
    return call("mq_open", targets["queue"].encode(), os.O_RDONLY, 0, None)


@probe("ipc-key-add", "shared by key", "puts a key on the user's keyring")
def add_key(_):
    key = call("add_key", b"user", b"tussilago-attack", b"x", 1, -4)
    call("keyctl", 9, key, -4)  # and takes it away
    return key


@probe("ipc-key-search", "shared by key", "finds a key of the host")
def search_key(_):
    return call("keyctl", 10, -4, b"user", b"tussilago-canary", 0)
