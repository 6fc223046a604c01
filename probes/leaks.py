"""What an app can read of where it runs: none of it may name the host, its users, its paths or its neighbours."""

import os
import platform
import socket

from registry import probe


def telling(name, what):
    def add(action):
        probe(f"leak-{name}", "what it can read of the host", f"{what} names the host", judge="text")(
            lambda targets: action())

    return add


def file(name, path):
    @telling(name, path)
    def read():
        if os.path.isdir(path):
            return " ".join(os.listdir(path))
        with open(path, errors="replace") as text:
            return text.read(1 << 18).replace("\0", " ")


for name, path in (
    ("hostname", "/proc/sys/kernel/hostname"), ("etc-hostname", "/etc/hostname"), ("hosts", "/etc/hosts"),
    ("resolver", "/etc/resolv.conf"), ("machine-id", "/etc/machine-id"), ("version", "/proc/version"),
    ("mounts", "/proc/mounts"), ("mountinfo", "/proc/self/mountinfo"), ("command-line", "/proc/cmdline"),
    ("cgroup", "/proc/self/cgroup"), ("init-cgroup", "/proc/1/cgroup"), ("uid-map", "/proc/self/uid_map"),
    ("init-environment", "/proc/1/environ"), ("init-command", "/proc/1/cmdline"), ("status", "/proc/self/status"),
    ("boot-id", "/proc/sys/kernel/random/boot_id"), ("osrelease", "/proc/sys/kernel/osrelease"),
    ("passwd", "/etc/passwd"), ("group", "/etc/group"), ("mtab", "/etc/mtab"), ("arp", "/proc/net/arp"),
    ("routes", "/proc/net/route"), ("links", "/proc/net/dev"), ("unix-sockets", "/proc/net/unix"),
    ("tcp-sockets", "/proc/net/tcp"), ("sys-net", "/sys/class/net"), ("run", "/run"), ("run-secrets", "/run/secrets"),
    ("container-environment", "/run/.containerenv"), ("self-maps", "/proc/self/maps"), ("fdinfo", "/proc/self/fdinfo/1"),
    ("random-uuid", "/sys/class/dmi/id/product_uuid"), ("uptime-users", "/var/run/utmp"),
):
    file(name, path)


@telling("environment", "the environment")
def environment():
    return " ".join(f"{key}={value}" for key, value in os.environ.items())


@telling("uname", "uname(2)")
def uname():
    return " ".join(os.uname()) + " " + platform.platform()


@telling("domain", "the name of the domain")
def domain():
    return socket.getfqdn()


@telling("links-of-descriptors", "the paths of its open files")
def descriptors():
    return " ".join(os.readlink(f"/proc/self/fd/{each}") for each in os.listdir("/proc/self/fd") if each.isdigit()
                    and os.path.lexists(f"/proc/self/fd/{each}"))


@telling("owners", "the owners of its files")
def owners():
    return " ".join(f"{path}={os.lstat(path).st_uid}:{os.lstat(path).st_gid}"
                    for path in ("/", "/app", "/app/witness.txt", "/run/ingress", "/tmp", "/proc/1", "/etc/passwd",
                                 "/var/lib/tussilago/apps/victim") if os.path.lexists(path))


@telling("ids", "its own ids")
def ids():
    return f"{os.getresuid()} {os.getresgid()} {os.getgroups()}"


@telling("processes", "the command lines of all processes")
def processes():
    seen = []
    for each in os.listdir("/proc"):
        if each.isdigit():
            try:
                with open(f"/proc/{each}/cmdline") as text:
                    seen.append(text.read().replace("\0", " "))
            except OSError:
                pass
    return "\n".join(seen)


