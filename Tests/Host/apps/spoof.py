"""spoof.py SOURCE ADDRESS PORT: sends datagrams from an address that is not the app's own, in every way there is.

gVisor lets an app become root of a user namespace, which may use the sandbox's network as its root may: so this does that
first. Prints what each way met, and `sent` where its packets have left the sandbox, for all that it can see.
"""

import ctypes
import os
import socket
import struct
import sys

NEWUSER = 0x10000000
# linux/rtnetlink.h and linux/netlink.h
NEWADDR, DELADDR, ACKNOWLEDGED, CREATE = 20, 21, 0x5, 0x600
LIBC = ctypes.CDLL(None, use_errno=True)
COUNT = 5


def become_root():
    user = os.getuid()
    if LIBC.unshare(NEWUSER):
        raise OSError(ctypes.get_errno(), "unshare")
    with open("/proc/self/uid_map", "w") as file:
        file.write(f"0 {user} 1")


def device():
    """The app's interface on its bridge: the one that is not its loopback."""
    return next((number, name) for number, name in socket.if_nameindex() if name != "lo")


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def packet(source, address, port):
    """IPv4 (RFC 791) and UDP (RFC 768); a UDP checksum of 0 is none."""
    udp = struct.pack("!HHHH", 5000, port, 9, 0) + b"x"
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, source, address)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + udp


def whole_packets(source, address, port):
    """The header is the sender's own (raw(7), IPPROTO_RAW)."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as each:
        for _ in range(COUNT):
            each.sendto(packet(socket.inet_aton(source), socket.inet_aton(address), port), (address, 0))


def frames(source, address, port):
    """Under IP altogether (packet(7))."""
    _, name = device()
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800)) as each:
        for _ in range(COUNT):
            each.sendto(packet(socket.inet_aton(source), socket.inet_aton(address), port), (name, 0x0800, 0, 0, b"\xff" * 6))


def added_address(source, address, port):
    """The interface is given another address (rtnetlink(7)), and a socket is bound to it."""
    index, _ = device()
    raw = socket.inet_aton(source)
    body = struct.pack("=BBBBi", socket.AF_INET, 32, 0, 0, index)
    body += b"".join(struct.pack("=HH", 8, kind) + raw for kind in (1, 2))
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as route:
        ask(route, NEWADDR, CREATE, body)
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as each:
                send(each, source, address, port)
        finally:
            ask(route, DELADDR, 0, body)


def ask(route, kind, flags, body):
    route.sendto(struct.pack("=IHHII", 16 + len(body), kind, ACKNOWLEDGED | flags, 1, 0) + body, (0, 0))
    code = -struct.unpack_from("=i", route.recv(4096), 16)[0]
    if code:
        raise OSError(code, os.strerror(code))


def foreign_bind(source, address, port):
    """A socket is bound to an address that is not there (ip(7), IP_FREEBIND and IP_TRANSPARENT)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as each:
        for option in (15, 19):
            try:
                each.setsockopt(socket.IPPROTO_IP, option, 1)
            except OSError:
                pass
        send(each, source, address, port)


def send(each, source, address, port):
    each.bind((source, 0))
    for _ in range(COUNT):
        each.sendto(b"x", (address, port))


def main():
    become_root()
    for way in (whole_packets, frames, foreign_bind, added_address):
        try:
            way(sys.argv[1], sys.argv[2], int(sys.argv[3]))
            print(f"{way.__name__}: sent")
        except OSError as error:
            print(f"{way.__name__}: {error}")


main()
