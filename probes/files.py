"""Files: the host's, those of other apps, what the kernel shows as files, devices, and what an app may not write."""

import mmap
import os
import stat
from errno import EINVAL, ENOTTY

from registry import probe
from system import call

# Reading what is the host's: judged by what comes back

# Each file of the host that has a secret word in it is looked for in each of these ways.
WAYS = {
    "by its path": "{path}",
    "above the root": "/../../../../../../..{path}",
    "above the app's files": "/app/../../../../../..{path}",
    "above the ingress": "/run/ingress/../../../../../..{path}",
    "by the root of process 1": "/proc/1/root{path}",
    "by its own root": "/proc/self/root/../../..{path}",
    "by the root of a process of the host": "/proc/{pid}/root{path}",
    "by the directory of a process of the host": "/proc/{pid}/cwd/../../../../../..{path}",
}


def reading(kind, what):
    for number, (way, pattern) in enumerate(WAYS.items(), 1):
        @probe(f"read-{kind}-{number}", "the host's files", f"reads {what}, {way}", judge="text")
        def attempt(targets, pattern=pattern):
            path = pattern.format(path=targets["secrets"][kind], pid=targets["pid"])
            with open(path, errors="replace") as file:
                return file.read(65536)


reading("host", "a file of the host that everybody there may read")
reading("neighbour", "a file of another tenant's app")
reading("state", "a file of the platform")


@probe("read-through-link", "the host's files", "reads the host's file through a symbolic link of its own", judge="text")
def through_link(targets):
    link = f"/tmp/tussilago-link.{os.getpid()}"
    os.symlink(targets["secrets"]["host"], link)
    try:
        with open(link) as file:
            return file.read(65536)
    finally:
        os.unlink(link)


@probe("read-through-descriptor", "the host's files", "goes up from a directory that it has open", judge="text")
def through_descriptor(targets):
    folder = os.open("/app", os.O_RDONLY | os.O_DIRECTORY)
    for _ in range(16):
        folder = os.open("..", os.O_RDONLY | os.O_DIRECTORY, dir_fd=folder)
    file = os.open(targets["secrets"]["host"].lstrip("/"), os.O_RDONLY, dir_fd=folder)
    return os.read(file, 65536).decode()


@probe("read-inherited", "the host's files", "finds a file of the host among those that it was given", judge="text")
def inherited(targets):
    """A descriptor that was left open is how containers were left before (CVE-2024-21626)."""
    seen = []
    for name in os.listdir("/proc/self/fd"):
        for path in (f"/proc/self/fd/{name}/..{targets['secrets']['host']}", f"/proc/self/fd/{name}/../../../../../.."
                     f"{targets['secrets']['host']}"):
            try:
                with open(path) as file:
                    seen.append(file.read())
            except OSError:
                pass
    return " ".join(seen) or None


for name, path, what in (
    ("ledger", "/var/lib/tussilago/ledger.sqlite", "the platform's ledger"),
    ("credential-key", "/var/lib/systemd/credential.secret", "the key of the host's secrets"),
    ("containers", "/var/lib/containers/storage/db.sql", "Podman's list of containers"),
    ("caddy-configuration", "/var/lib/tussilago/caddy/caddy.json", "Caddy's configuration"),
    ("quadlets", "/etc/containers/systemd/tussilago", "the units of all apps"),
    ("journal", "/run/log/journal", "the journal"),
    ("upstreams", "/var/lib/tussilago/upstreams", "the links that Caddy dials"),
    ("ingresses", "/run/tussilago-ingress", "the ingresses of all apps"),
    ("cgroups", "/sys/fs/cgroup/tussilago.slice", "the control groups of all apps"),
    ("units", "/run/systemd/units", "the host's units"),
):
    @probe(f"read-{name}", "the host's files", f"opens {what}")
    def attempt(_, path=path):
        return os.listdir(path) if os.path.isdir(path) else os.open(path, os.O_RDONLY)


# What the kernel shows as files: opened for writing, and never written

def opening(name, path, what, flags=os.O_WRONLY, family="the kernel's files"):
    @probe(f"open-{name}", family, what)
    def attempt(_):
        if os.path.isdir(path):
            return os.listdir(path) or None  # gVisor shows some of them, with nothing in them
        return os.open(path, flags)


for path, what in (
    ("kernel/core_pattern", "names the program that the host runs when one crashes"),
    ("kernel/modprobe", "names the program that the host loads modules with"),
    ("kernel/hotplug", "names the program that the host runs for new devices"),
    ("kernel/sysrq", "allows the keys of the kernel"),
    ("kernel/panic", "has the host restart when it panics"),
    ("kernel/kptr_restrict", "shows the kernel's addresses"),
    ("kernel/yama/ptrace_scope", "lets processes trace one another"),
    ("kernel/hostname", "sets the hostname"),
    ("kernel/ns_last_pid", "chooses the next process number"),
    ("kernel/unprivileged_bpf_disabled", "lets everybody load BPF programs"),
    ("vm/overcommit_memory", "changes how memory is given out"),
    ("vm/drop_caches", "empties the host's caches"),
    ("vm/mmap_min_addr", "lets programs map the first page"),
    ("fs/suid_dumpable", "has privileged programs leave core files"),
    ("fs/binfmt_misc/register", "has the host run programs of its own kind"),
    ("fs/file-max", "changes how many files may be open"),
    ("net/ipv4/ip_forward", "has the host forward packets"),
    ("net/ipv4/conf/all/route_localnet", "makes the host's loopback reachable"),
    ("net/ipv4/tcp_migrate_req", "changes a setting of the platform"),
    ("net/core/bpf_jit_enable", "changes how BPF is run"),
):
    opening("sys-" + path.split("/")[-1].replace("_", "-"), f"/proc/sys/{path}", what)

for name, path, what, flags in (
    ("sysrq-trigger", "/proc/sysrq-trigger", "restarts the host by a key", os.O_WRONLY),
    ("kcore", "/proc/kcore", "reads the kernel's memory", os.O_RDONLY),
    ("kallsyms", "/proc/kallsyms", "reads the kernel's addresses", os.O_RDONLY),
    ("kmsg", "/proc/kmsg", "reads the kernel's log", os.O_RDONLY),
    ("keys", "/proc/keys", "lists the kernel's keys", os.O_RDONLY),
    ("timer-list", "/proc/timer_list", "lists the kernel's timers", os.O_RDONLY),
    ("sched-debug", "/proc/schedstat", "reads how the host's processes run", os.O_RDONLY),
    ("slabinfo", "/proc/slabinfo", "reads what the kernel's memory holds", os.O_RDONLY),
    ("pagemap", "/proc/kpagecount", "reads which pages are used", os.O_RDONLY),
    ("modules", "/proc/modules", "lists the kernel's modules", os.O_RDONLY),
    ("config", "/proc/config.gz", "reads how the kernel was made", os.O_RDONLY),
    ("interrupts", "/proc/interrupts", "reads the host's interrupts", os.O_RDONLY),
    ("iomem", "/proc/iomem", "reads the map of physical memory", os.O_RDONLY),
    ("diskstats", "/proc/diskstats", "reads how the host's disks are used", os.O_RDONLY),
    ("partitions", "/proc/partitions", "lists the host's disks", os.O_RDONLY),
    ("swaps", "/proc/swaps", "lists the host's swap", os.O_RDONLY),
    ("locks", "/proc/locks", "lists the locks of the host's files", os.O_RDONLY),
    ("ftrace", "/sys/kernel/tracing/trace", "reads the kernel's trace", os.O_RDONLY),
    ("debugfs", "/sys/kernel/debug", "opens the kernel's inner state", os.O_RDONLY),
    ("securityfs", "/sys/kernel/security", "opens the kernel's security modules", os.O_RDONLY),
    ("uevent-helper", "/sys/kernel/uevent_helper", "names the program that the host runs for devices", os.O_WRONLY),
    ("vmcoreinfo", "/sys/kernel/vmcoreinfo", "reads where the kernel's memory is", os.O_RDONLY),
    ("notes", "/sys/kernel/notes", "reads the kernel's build", os.O_RDONLY),
    ("power", "/sys/power/state", "suspends the host", os.O_WRONLY),
    ("block-queue", "/sys/block", "lists the host's disks", os.O_RDONLY),
    ("dmi", "/sys/class/dmi", "reads the machine's serial number", os.O_RDONLY),
    ("cgroup-procs", "/sys/fs/cgroup/cgroup.procs", "leaves its control group", os.O_WRONLY),
    ("cgroup-kill", "/sys/fs/cgroup/tussilago.slice/cgroup.kill", "ends all apps", os.O_WRONLY),
    ("cgroup-subtree", "/sys/fs/cgroup/cgroup.subtree_control", "switches the limits off", os.O_WRONLY),
    ("module-parameters", "/sys/module/kernel/parameters", "lists the kernel's parameters", os.O_RDONLY),
    ("firmware", "/sys/firmware", "opens the firmware's tables", os.O_RDONLY),
):
    opening(name, path, what, flags)

# Devices, by their names and made by number

for name, path, what in (
    ("mem", "/dev/mem", "opens physical memory"),
    ("port", "/dev/port", "opens the I/O ports"),
    ("kmsg", "/dev/kmsg", "opens the kernel's log"),
    ("console", "/dev/console", "opens the host's console"),
    ("disk", "/dev/vda", "opens the host's disk"),
    ("sda", "/dev/sda", "opens the host's disk by its other name"),
    ("loop", "/dev/loop-control", "opens the device that makes disks of files"),
    ("mapper", "/dev/mapper/control", "opens the device that maps disks"),
    ("kvm", "/dev/kvm", "opens the device that makes virtual machines"),
    ("vhost-vsock", "/dev/vhost-vsock", "opens the device that talks to virtual machines"),
    ("uinput", "/dev/uinput", "opens the device that types keys"),
    ("rtc", "/dev/rtc0", "opens the clock of the machine"),
):
    opening(f"device-{name}", path, what, os.O_RDWR, "devices")

for name, kind, major, minor, what in (
    ("memory", stat.S_IFCHR, 1, 1, "physical memory"),
    ("port", stat.S_IFCHR, 1, 4, "the I/O ports"),
    ("kmsg", stat.S_IFCHR, 1, 11, "the kernel's log"),
    ("console", stat.S_IFCHR, 5, 1, "the machine's console"),
    ("loop", stat.S_IFBLK, 7, 0, "a disk made of a file"),
):
    @probe(f"mknod-{name}", "devices", f"makes a device of {what}, and opens it")
    def attempt(targets, name=name, kind=kind, major=major, minor=minor):
        path = f"/tmp/tussilago-{name}.{os.getpid()}"
        call("mknod", path.encode(), kind | 0o600, os.makedev(major, minor))
        try:
            return os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        finally:
            os.unlink(path)


@probe("ioctl-terminal", "devices", "types into the host's terminal", passed=(ENOTTY, EINVAL))
def type_into_terminal(_):
    import fcntl

    with open("/dev/console", "rb", buffering=0) as console:
        return fcntl.ioctl(console, 0x5412, b"\0")  # TIOCSTI


@probe("map-first-page", "devices", "maps the first page of memory")
def first_page(_):
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x10  # MAP_FIXED
    ctypes.set_errno(0)
    if libc.mmap(None, 4096, mmap.PROT_READ | mmap.PROT_WRITE, flags, -1, 0) in (None, 0):
        return "mapped" if ctypes.get_errno() == 0 else _fail(ctypes.get_errno())
    return _fail(ctypes.get_errno())


def _fail(code):
    raise OSError(code, os.strerror(code))


# Writing what is not its own: the root file system, its own release, and the host

def writing(name, what):
    def add(action):
        probe(f"write-{name}", "what may not be written", what)(lambda targets: action())

    return add


@writing("usr", "makes a file among the system's programs")
def write_usr():
    return make("/usr/bin/tussilago-attack")


@writing("etc", "makes a file among the system's settings")
def write_etc():
    return make("/etc/tussilago-attack")


@writing("root", "makes a directory in the root directory")
def write_root():
    os.mkdir("/tussilago-attack")
    os.rmdir("/tussilago-attack")
    return "made"


@writing("var", "makes a file among the system's data")
def write_var():
    return make("/var/tmp/tussilago-attack")


@writing("passwd", "opens the list of users for writing")
def write_passwd():
    return os.open("/etc/passwd", os.O_WRONLY)


@writing("app", "adds a file to its own release")
def write_app():
    return make("/app/tussilago-attack")


@writing("app-file", "opens a file of its own release for writing")
def write_app_file():
    return os.open("/app/witness.txt", os.O_WRONLY)


@writing("app-truncate", "empties a file of its own release")
def truncate_app():
    os.truncate("/app/witness.txt", os.stat("/app/witness.txt").st_size)
    return "could"


@writing("app-unlink", "removes a file of its own release")
def unlink_app():
    os.rename("/app/witness.txt", "/app/witness.away")
    os.rename("/app/witness.away", "/app/witness.txt")
    return "renamed"


@writing("app-chmod", "changes a file's mode in its own release")
def chmod_app():
    os.chmod("/app/witness.txt", 0o777)
    os.chmod("/app/witness.txt", 0o644)
    return "changed"


@writing("app-chown", "takes a file of its own release")
def chown_app():
    os.chown("/app/witness.txt", os.geteuid(), os.getegid())
    return "taken"


@writing("app-times", "changes a file's times in its own release")
def times_app():
    os.utime("/app/witness.txt", (0, 0))
    return "changed"


@writing("app-attribute", "sets an attribute in its own release")
def attribute_app():
    os.setxattr("/app/witness.txt", "user.tussilago", b"x")
    os.removexattr("/app/witness.txt", "user.tussilago")
    return "set"


@writing("app-link", "makes a hard link to a file of its own release")
def link_app():
    os.link("/app/witness.txt", "/app/witness.link")
    os.unlink("/app/witness.link")
    return "linked"


@writing("app-handle", "writes a file of its own release through a file that it has open for reading")
def reopen_app():
    file = os.open("/app/witness.txt", os.O_RDONLY)
    return os.open(f"/proc/self/fd/{file}", os.O_WRONLY)


@writing("app-map", "changes a file of its own release in memory that is shared")
def map_app():
    file = os.open("/app/witness.txt", os.O_RDWR)
    mmap.mmap(file, 4, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
    return "mapped"


@writing("upstream", "moves the link that Caddy dials")
def write_upstream():
    return make("/var/lib/tussilago/upstreams/tussilago-attack")


@writing("unit", "makes a unit of the host")
def write_unit():
    return make("/etc/systemd/system/tussilago-attack.service.d.tmp")


@writing("run", "makes a file among what runs on the host")
def write_run():
    return make("/run/tussilago-attack")


def make(path):
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.close(file)
    os.unlink(path)
    return "made"


# What it may write is its own: nothing of it is seen on the host

for name, folder in (("tmp", "/tmp"), ("shm", "/dev/shm")):
    @probe(f"effect-file-{name}", "its own files", f"makes a file in {folder} that the host sees", judge="effect",
           lasting=True)
    def attempt(_, folder=folder):
        path = f"{folder}/tussilago-attack-effect"
        if not os.path.exists(path):
            open(path, "w").close()
        return path


# How much it may write

def filling(name, what, folder, limit):
    """Writes until it is refused; gets in with more than the limit, in bytes."""
    @probe(f"fill-{name}", "how much it may write", what)
    def attempt(_):
        path, written, block = f"{folder}/fill.{os.getpid()}", 0, b"\1" * (1 << 16)
        with open(path, "wb", buffering=0) as file:
            os.unlink(path)
            while written <= limit:
                written += file.write(block)
        return f"{written} bytes"


filling("tmp", "more than 64 MiB into /tmp", "/tmp", 64 << 20)
filling("shm", "more than 16 MiB into /dev/shm", "/dev/shm", 16 << 20)
filling("ingress", "more than 64 KiB into the ingress", "/run/ingress", 64 << 10)


@probe("fill-ingress-names", "how much it may write", "more than 16 files into the ingress")
def fill_names(_):
    made = []
    try:
        for number in range(64):
            made.append(f"/run/ingress/fill.{os.getpid()}.{number}")
            open(made[-1], "x").close()
        return "64 files"
    finally:
        for path in made:
            if os.path.exists(path):
                os.unlink(path)
