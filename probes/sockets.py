"""Sockets: kinds that an app has no need of, the host's Unix sockets, and its names in the abstract."""

import os
import socket
import struct

from registry import probe

# Kinds

def kind(name, what, family, type, protocol=0):
    @probe(f"socket-{name}", "kinds of sockets", what)
    def attempt(_):
        return socket.socket(family, type, protocol).fileno()


kind("packet", "reads and forges packets of the host's links", socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
kind("packet-dgram", "reads and forges packets, without their heads", socket.AF_PACKET, socket.SOCK_DGRAM,
     socket.htons(3))
kind("raw-icmp", "forges ICMP", socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
kind("raw-tcp", "forges TCP", socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
kind("raw-ip", "forges whole IP packets", socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
kind("raw-icmp6", "forges ICMPv6", socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
kind("vsock", "talks to the machine's supervisor", socket.AF_VSOCK, socket.SOCK_STREAM)
kind("alg", "uses the kernel's cryptography", socket.AF_ALG, socket.SOCK_SEQPACKET)
kind("key", "manages the kernel's keys for IPsec", 15, socket.SOCK_RAW, 2)
kind("xdp", "takes packets before the kernel does", 44, socket.SOCK_RAW)
kind("sctp", "talks SCTP", socket.AF_INET, socket.SOCK_SEQPACKET, 132)
kind("mptcp", "talks MPTCP", socket.AF_INET, socket.SOCK_STREAM, 262)
kind("tipc", "talks to other machines of a cluster", socket.AF_TIPC, socket.SOCK_RDM)
kind("bluetooth", "talks to devices nearby", 31, socket.SOCK_RAW, 1)
kind("can", "talks to a vehicle", 29, socket.SOCK_RAW, 1)
kind("llc", "talks in the language of old links", 26,
     socket.SOCK_STREAM)
kind("netlink-audit", "talks to the kernel's audit", socket.AF_NETLINK, socket.SOCK_RAW, 9)
kind("netlink-netfilter", "changes the firewall", socket.AF_NETLINK, socket.SOCK_RAW, 12)
kind("netlink-generic", "talks to the kernel's families", socket.AF_NETLINK, socket.SOCK_RAW, 16)
kind("netlink-diag", "lists all sockets", socket.AF_NETLINK, socket.SOCK_RAW, 4)
kind("netlink-xfrm", "changes IPsec", socket.AF_NETLINK, socket.SOCK_RAW, 6)
kind("netlink-connector", "hears of every process", socket.AF_NETLINK, socket.SOCK_RAW, 11)
kind("netlink-fib", "looks routes up", socket.AF_NETLINK, socket.SOCK_RAW, 10)
kind("netlink-iscsi", "manages disks of the network", socket.AF_NETLINK, socket.SOCK_RAW, 8)
kind("netlink-crypto", "manages the kernel's cryptography", socket.AF_NETLINK, socket.SOCK_RAW, 21)


@probe("option-mark", "kinds of sockets", "marks its packets for the host's rules")
def mark(_):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as each:
        each.setsockopt(socket.SOL_SOCKET, 36, 1)
        return each.getsockopt(socket.SOL_SOCKET, 36) or None


@probe("option-transparent", "kinds of sockets", "speaks from addresses that are not its own")
def transparent(_):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as each:
        each.setsockopt(socket.IPPROTO_IP, 19, 1)
        each.bind(("198.51.100.99", 0))
        return "may"


@probe("option-buffer", "kinds of sockets", "takes more memory for a socket than is allowed")
def buffer(_):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as each:
        each.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        return each.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) >= 64 << 20 or None


def netlink(name, what, message_type, body, judge="self", flags=0x5):
    @probe(f"netlink-{name}", "kinds of sockets", what, judge=judge)
    def attempt(_):
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as route:
            route.settimeout(2)
            route.sendto(struct.pack("IHHII", 16 + len(body), message_type, flags, 1, 0) + body, (0, 0))
            if judge == "text":
                text = b""
                while True:
                    data = route.recv(1 << 16)
                    text += data
                    if not data or struct.unpack_from("H", data, 4)[0] in (2, 3) or b"\x03\0" in data[-16:]:
                        return text.decode("latin-1")
            answer = route.recv(1 << 16)
            code = -struct.unpack_from("i", answer, 16)[0]
            if code:
                raise OSError(code, os.strerror(code))
            return "done"


netlink("link-down", "takes the loopback of the network down and up", 16, struct.pack("BBHiII", 0, 0, 0, 1, 1, 1))
netlink("links", "lists the links of the host", 18, struct.pack("BBHiII", 0, 0, 0, 0, 0, 0), "text", 0x301)
netlink("addresses", "lists the addresses of the host", 22, struct.pack("BBBBI", 0, 0, 0, 0, 0), "text", 0x301)


# Unix sockets of the host

def dialling(name, what, path, type=socket.SOCK_STREAM):
    @probe(f"unix-{name}", "the host's Unix sockets", what)
    def attempt(targets):
        with socket.socket(socket.AF_UNIX, type) as each:
            each.settimeout(2)
            each.connect(path.format(**targets))
            return "connected"


dialling("dbus", "talks to D-Bus", "/run/dbus/system_bus_socket")
dialling("systemd", "talks to systemd", "/run/systemd/private")
dialling("notify", "tells systemd that a service is ready", "/run/systemd/notify", socket.SOCK_DGRAM)
dialling("journal", "writes to the journal under another name", "/run/systemd/journal/socket", socket.SOCK_DGRAM)
dialling("journal-stdout", "opens a stream into the journal", "/run/systemd/journal/stdout")
dialling("syslog", "writes to the log", "/dev/log", socket.SOCK_DGRAM)
dialling("userdb", "asks for the host's users", "/run/systemd/userdb/io.systemd.DynamicUser")
dialling("credentials", "asks for secrets to be read", "/run/systemd/io.systemd.Credentials")
dialling("podman", "talks to Podman", "/run/podman/podman.sock")
dialling("caddy", "talks to Caddy's admin endpoint", "/run/caddy/admin.sock")
dialling("agent", "talks to the agent", "/run/tussilago/api.sock")
dialling("neighbour", "talks to another tenant's app", "{neighbour}")
dialling("planted", "talks to a socket that everybody on the host may use", "{planted}")
dialling("planted-root", "talks to it by the root of process 1", "/proc/1/root{planted}")
dialling("planted-up", "talks to it from above the ingress", "/run/ingress/../../../..{planted}")
dialling("planted-pid", "talks to it by the root of a process of the host", "/proc/{pid}/root{planted}")


@probe("unix-link", "the host's Unix sockets", "talks to it through a link in the ingress")
def through_link(targets):
    path = f"/run/ingress/dial.{os.getpid()}"
    os.symlink(targets["planted"], path)
    try:
        with socket.socket(socket.AF_UNIX) as each:
            each.connect(path)
            return "connected"
    finally:
        os.unlink(path)


@probe("abstract-dial", "names in the abstract", "talks to a socket of the host that has no path")
def abstract(targets):
    with socket.socket(socket.AF_UNIX) as each:
        each.settimeout(2)
        each.connect("\0" + targets["abstract"])
        return "connected"


@probe("effect-abstract", "names in the abstract", "makes a socket without a path that the host can dial",
       judge="effect", lasting=True)
def abstract_listener(_):
    each = socket.socket(socket.AF_UNIX)
    each.bind("\0tussilago-attack-effect")
    each.listen(1)
    os.dup(each.fileno())
    each.detach()
    return "listens"


# The app's network: it has none, or answers the host

@probe("effect-port", "its network", "listens on a port of the host", judge="effect", lasting=True)
def listener(_):
    each = socket.socket(socket.AF_INET)
    each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    each.bind(("0.0.0.0", 10_099))
    each.listen(1)
    each.detach()
    return "listens"


PORTS = (22, 80, 2019, 5432, 6379)
PLACES = {
    "loopback": "the host's loopback", "loopback6": "the host's loopback by IPv6", "gateway": "its bridge's gateway",
    "other-gateway": "another bridge's gateway", "outside": "an address on the internet",
    "metadata": "the address of a cloud's metadata", "private": "a machine of the private network",
}


def connecting(place, what, port):
    @probe(f"net-{place}-{port}", "its network", f"connects to {what}, port {port}")
    def attempt(targets):
        with socket.create_connection((targets["places"][place], port), timeout=2) as each:
            return answered(each)


def answered(each):
    """The word of the host's listener: a connection alone may be to the sandbox's own network."""
    each.settimeout(2)
    if each.getpeername()[1] == 80:
        each.sendall(b"GET / HTTP/1.0\r\nHost: x\r\n\r\n")
    return each.recv(64) or None


for place, what in PLACES.items():
    for port in PORTS:
        connecting(place, what, port)


@probe("net-neighbour-8000", "its network", "connects to another tenant's app on its bridge")
def neighbour(targets):
    with socket.create_connection((targets["places"]["neighbour"], 8000), timeout=2) as each:
        each.sendall(b"GET / HTTP/1.0\r\nHost: x\r\n\r\n")
        return each.recv(64) or None


def sending(place, what, port):
    @probe(f"net-udp-{place}-{port}", "its network", f"sends a datagram to {what}, port {port}")
    def attempt(targets):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as each:
            each.settimeout(1)
            each.connect((targets["places"][place], port))
            each.send(b"anybody there?")
            return each.recv(64)


for place in ("gateway", "outside", "metadata", "private"):
    sending(place, PLACES[place], 53)


@probe("net-resolve", "its network", "resolves a name of the host's network")
def resolve(targets):
    return socket.getaddrinfo(targets["name"], 80)[0][4]
