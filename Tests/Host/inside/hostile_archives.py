"""Unpacks hostile archives as a build does, each in a process and a directory of its own, and prints what each met.

Usage: hostile_archives.py BUILDER. The last, `good`, is the control: the same archive without what makes the others hostile.
"""

import bz2
import gzip
import importlib.util
import io
import json
import lzma
import os
import resource
import shutil
import sys
import tarfile
import time

LIMITS = {"bytes": 1 << 20, "entries": 1000, "depth": 32}
# Far more than an honest archive takes, in bytes of address space and in seconds of processor.
MEMORY, SECONDS = 512 << 20, 20


def member(name, data=b"x", kind=tarfile.REGTYPE, link="", **more):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, len(data) if kind == tarfile.REGTYPE else 0
    for key, value in more.items():
        setattr(info, key, value)
    return info, data


def archive(*members, tar_format=tarfile.PAX_FORMAT, **options):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tar_format, **options) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data) if info.isreg() else None)
    return out.getvalue()


def header(name=b"x", size=b"00000000001\0", kind=b"0", mode=b"0000644\0", magic=b"ustar\x0000", checksum=None):
    block = bytearray(512)
    block[0:len(name)] = name
    block[100:108], block[124:136], block[136:148] = mode, size, b"00000000000\0"
    block[108:116] = block[116:124] = b"0000000\0"
    block[156:157], block[257:265] = kind, magic
    block[148:156] = b" " * 8
    block[148:156] = checksum or b"%06o\0 " % sum(block)
    return bytes(block)


def pax(records, name="a.py", data=b"x", kind=b"x"):
    body = b"".join(records)
    padded = body + b"\0" * (-len(body) % 512)
    size = b"%011o\0" % len(body)
    return (header(b"pax", size, kind) + padded + header(name.encode(), b"%011o\0" % len(data))
            + data + b"\0" * (-len(data) % 512) + b"\0" * 1024)


def record(key, value):
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest)
    while length != len(rest) + len(str(length)):
        length = len(rest) + len(str(length))
    return str(length).encode() + rest


def many(count, name):
    return archive(*[member(name % number, b"") for number in range(count)])


GOOD = [member("app.py", b"print()\n"), member("a", kind=tarfile.DIRTYPE), member("a/b.py")]
HOSTILE = {
    "leads out by ..": archive(*GOOD, member("../out.py")),
    "leads out in the middle": archive(*GOOD, member("a/../../out.py")),
    "leads out by a directory": archive(member("..", kind=tarfile.DIRTYPE)),
    "leads out by pax": pax([record(b"path", b"../out.py")]),
    "leads out by a GNU long name": archive(member("../" + "x" * 200), tar_format=tarfile.GNU_FORMAT),
    "absolute name": archive(member("/tmp/out.py")),
    "absolute name by pax": pax([record(b"path", b"/etc/out.py")]),
    "absolute with two slashes": archive(member("//tmp/out.py")),
    "the folder itself as a file": archive(member(".")),
    "no name": header(b"") + b"x".ljust(512, b"\0") + b"\0" * 1024,
    "a symlink out": archive(member("l", kind=tarfile.SYMTYPE, link="/etc")),
    "through a symlink": archive(member("l", kind=tarfile.SYMTYPE, link="/tmp"), member("l/out.py")),
    "through a symlink in it": archive(member("l", kind=tarfile.SYMTYPE, link="."), member("l/l/out.py")),
    "a symlink in place of a file": archive(*GOOD, member("app.py", kind=tarfile.SYMTYPE, link="/etc/passwd")),
    "a hard link out": archive(member("h", kind=tarfile.LNKTYPE, link="/etc/passwd")),
    "a hard link to an earlier": archive(*GOOD, member("h", kind=tarfile.LNKTYPE, link="app.py")),
    "a FIFO": archive(member("f", kind=tarfile.FIFOTYPE)),
    "a character device": archive(member("d", kind=tarfile.CHRTYPE, devmajor=1, devminor=3)),
    "a block device": archive(member("d", kind=tarfile.BLKTYPE, devmajor=8, devminor=0)),
    "an unknown type": header(kind=b"Z") + b"x".ljust(512, b"\0") + b"\0" * 1024,
    "GNU sparse": header(kind=b"S", size=b"00000000000\0") + b"\0" * 1024,
    "GNU sparse by pax 1.0": pax([record(b"GNU.sparse.major", b"1"), record(b"GNU.sparse.minor", b"0"),
                                  record(b"GNU.sparse.realsize", b"99999999999")], data=b"1\n0\n1\n".ljust(512, b"\0")),
    "GNU sparse by pax 0.1": pax([record(b"GNU.sparse.map", b"0,1"), record(b"GNU.sparse.size", b"9999999999999")]),
    "a file twice": archive(*GOOD, member("app.py", b"other")),
    "a file as a directory": archive(*GOOD, member("app.py/x.py")),
    "a directory as a file": archive(*GOOD, member("a")),
    "the same by another spelling": archive(*GOOD, member("./a//b.py")),
    "too many entries": many(1001, "f%d"),
    "too many directories": archive(*[member(f"d{n}", kind=tarfile.DIRTYPE) for n in range(1001)]),
    "too large together": archive(*[member(f"f{n}", b"x" * 200_000) for n in range(6)]),
    "too large by its size": archive(member("f", b"x" * ((1 << 20) + 1))),
    "a size that is not there": header(size=b"00000777777\0") + b"x" * 512,
    "a size without end": header(size=b"77777777777\0") + b"x" * 512,
    "a negative size": header(size=b"\xff" * 12) + b"x" * 512,
    "a size by pax without end": pax([record(b"size", b"9" * 30)]),
    "a size by pax that is none": pax([record(b"size", b"-1")]),
    "too deep": archive(member("/".join(["d"] * 40) + "/f")),
    "a name too long": archive(member("n" * 300)),
    "a path too long": archive(member("/".join(["n" * 200] * 6))),
    "a control character": archive(member("a\x1b[2Jb.py")),
    "a line end in a name": archive(member("a\nb.py")),
    "a direction of writing": archive(member("a\u202eyp.b")),
    "a name that is no UTF-8": header(b"\xff\xfe.py") + b"x".ljust(512, b"\0") + b"\0" * 1024,
    "gzip": b"\x1f\x8b\x08" + archive(*GOOD),
    "a bomb of gzip": gzip.compress(b"\0" * (1 << 26)),
    "a bomb of bzip2": bz2.compress(b"\0" * (1 << 24)),
    "a bomb of xz": lzma.compress(b"\0" * (1 << 24)),
    "a zip": b"PK\x03\x04" + b"\0" * 1020,
    "nothing": b"",
    "zeros alone": b"\0" * 10240,
    "noise": bytes((number * 7919 + 13) % 251 for number in range(8192)),
    "cut in a head": archive(*GOOD)[:300],
    "cut in a file": archive(member("f", b"x" * 5000))[:2000],
    "a false checksum": header(checksum=b"000000\0 ") + b"x".ljust(512, b"\0"),
    "an extended header of an extended header": header(b"pax", b"00000001000\0", b"x") * 40 + b"\0" * 1024,
    "an extended header without end": header(b"pax", b"77777777777\0", b"x") + b"x" * 512,
    "a record that counts false": pax([b"9999 path=x\n"]),
    "a global header that names all": pax([record(b"path", b"../../out.py")], kind=b"g"),
    "a GNU long name without end": header(b"././@LongLink", b"77777777777\0", b"L") + b"x" * 512,
    "a volume's continuation": header(kind=b"M") + b"x".ljust(512, b"\0") + b"\0" * 1024,
}
# What is no attack, and must not be taken for one.
FINE = {
    "good": archive(*GOOD),
    "good, as tar writes it": archive(member(".", kind=tarfile.DIRTYPE), member("./app.py"), tar_format=tarfile.GNU_FORMAT),
    "good, as git writes it": pax([record(b"comment", b"0123")], kind=b"g"),
    "good, with a long name": archive(member("d/" + "n" * 150 + ".py")),
    "good, with letters of others": archive(member("straße/日本.py")),
    "good, with a setuid bit that is dropped": archive(member("s.py", mode=0o6755)),
}


def unpack(builder, data, directory):
    """In a process of its own: how it ended, and what it left."""
    source = f"{directory}/source.tar"
    target = f"{directory}/app"
    os.mkdir(target)
    with open(source, "wb") as file:
        file.write(data)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        try:
            builder.Unpacker(target, LIMITS).unpack(source)
            answer = "unpacked"
        except builder.Refused as error:
            answer = f"refused: {error}"
        except BaseException as error:  # noqa: BLE001
            answer = f"BROKE: {type(error).__name__}: {error}"
        os.write(write, answer.encode("utf-8", "backslashreplace")[:2000])
        os._exit(0)
    os.close(write)
    answer = b""
    while piece := os.read(read, 4096):
        answer += piece
    os.close(read)
    _, status, usage = os.wait4(child, 0)
    left = []
    for folder, directories, files in os.walk(target):
        for name in directories + files:
            path = f"{folder}/{name}"
            kind = "link" if os.path.islink(path) else "ok" if os.path.isdir(path) or os.path.isfile(path) else "odd"
            if kind != "ok" or os.stat(path).st_mode & 0o7000 or (os.path.isfile(path) and os.stat(path).st_nlink > 1):
                left.append(path)
    return {"answer": answer.decode() if status == 0 else f"BROKE: status {status}", "odd": left,
            "kilobytes": usage.ru_maxrss, "seconds": round(usage.ru_utime + usage.ru_stime, 2)}


def main():
    spec = importlib.util.spec_from_file_location("build", sys.argv[1])
    builder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(builder)
    results = {}
    for name, data in {**HOSTILE, **FINE}.items():
        directory = f"/tmp/hostile-{os.getpid()}"
        shutil.rmtree(directory, ignore_errors=True)
        os.mkdir(directory)
        before = set(os.listdir("/tmp")) | set(os.listdir(directory))
        begun = time.monotonic()
        results[name] = unpack(builder, data, directory)
        results[name]["wall"] = round(time.monotonic() - begun, 2)
        new = (set(os.listdir("/tmp")) | set(os.listdir(directory))) - before - {"app", "source.tar"}
        results[name]["outside"] = sorted(new)
        results[name]["hostile"] = name in HOSTILE
        shutil.rmtree(directory, ignore_errors=True)
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
