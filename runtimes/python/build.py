"""Builds a Python app from its source, inside a sandbox. It trusts nothing but its own text and order.json.

It finds /run/build/source.tar, a plain tar archive, and /run/build/order.json, and leaves the app's files in /app, what
was installed for it in /packages, and /result/result.json. Its last line on stderr says why it failed. It needs nothing
but Python's own library, from Python 3.9 on.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile

BUILD, APP, PACKAGES, RESULT = "/run/build", "/app", "/packages", "/result/result.json"
KNOWN = f"{BUILD}/packages"  # what was installed for the release that serves
UV, WHEELS = f"{BUILD}/uv", f"{BUILD}/wheels"
FORMAT = 1  # of what is installed: another number installs everything anew
NAME_LIMIT, PATH_LIMIT = 255, 1024  # bytes
# What a line of requirements begins with that names something of the source itself (or holds its place).
OWN = r"-e\b|--editable\b|\.|/|\S+\s*@\s*\.|.*\bfile:"


class Refused(Exception):
    """Why nothing is built, in one line for people."""


def say(text):
    # A name out of an archive may hold what a terminal acts upon.
    plain = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    print(plain[:1000], file=sys.stderr, flush=True)


# The archive


class Unpacker:
    """Writes an archive's files and directories below a directory, and refuses all else that an archive can hold."""

    def __init__(self, target, limits):
        self.target = target
        self.limits = limits
        self.bytes = self.entries = 0
        self.made = {""}

    def unpack(self, path):
        try:
            # A stream: no member is gone back to. Nothing is decompressed, so nothing is larger than what was sent.
            with tarfile.open(path, mode="r|", format=tarfile.PAX_FORMAT, errors="strict") as archive:
                for member in archive:
                    self.take(archive, member)
                    # Or it would keep what it has seen, for look-ups that are not made.
                    archive.members.clear()
        except (tarfile.TarError, UnicodeError, EOFError, ValueError, OverflowError) as error:
            raise Refused(f"the archive is no plain tar archive, or is cut or damaged ({error})") from None
        if not self.entries:
            raise Refused("the archive has no files")

    def take(self, archive, member):
        self.entries += 1
        if self.entries > self.limits["entries"]:
            raise Refused(f"the archive has more than {self.limits['entries']} entries")
        parts = self.parts(member.name)
        if not parts:
            if member.isdir():
                return
            raise Refused("an entry of the archive has no name")
        path = "/".join(parts)
        if member.issym() or member.islnk():
            raise Refused(f"{path} is a link; replace it by what it leads to, or name it in .tussilagoignore")
        if member.issparse() or any(key.startswith("GNU.sparse") for key in member.pax_headers):
            raise Refused(f"{path} is a sparse file, which is not taken")
        if member.isdir():
            self.directory(parts)
        elif member.isreg():
            self.file(archive, member, parts, path)
        else:
            raise Refused(f"{path} is neither a file nor a directory")

    def parts(self, name):
        if name.startswith("/"):
            raise Refused(f"{name!r} in the archive is an absolute name")
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if ".." in parts:
            raise Refused(f"{name!r} in the archive leads out of it")
        if len(parts) > self.limits["depth"]:
            raise Refused(f"the archive's directories are nested more than {self.limits['depth']} deep")
        encoded = [part.encode("utf-8", "strict") for part in parts]
        if any(len(part) > NAME_LIMIT for part in encoded) or sum(map(len, encoded)) > PATH_LIMIT:
            raise Refused("a name in the archive is too long")
        if any(not letter.isprintable() for part in parts for letter in part):
            raise Refused(f"{name!r} in the archive has characters that do not print")
        return parts

    def directory(self, parts):
        for depth in range(1, len(parts) + 1):
            path = "/".join(parts[:depth])
            if path in self.made:
                continue
            try:
                os.mkdir(f"{self.target}/{path}", 0o755)
            except FileExistsError:
                raise Refused(f"{path} is in the archive twice") from None
            self.made.add(path)

    def file(self, archive, member, parts, path):
        self.bytes += member.size
        if member.size < 0:
            raise Refused(f"{path} has a size below zero")
        if self.bytes > self.limits["bytes"]:
            raise Refused(f"the archive's files have more than {self.limits['bytes']} bytes")
        self.directory(parts[:-1])
        # Whatever is there already came from the archive as well: a file is written once, and no link is followed.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(f"{self.target}/{path}", flags, 0o755 if member.mode & 0o100 else 0o644)
        except FileExistsError:
            raise Refused(f"{path} is in the archive twice") from None
        with os.fdopen(descriptor, "wb") as target:
            source = archive.extractfile(member)
            left = member.size
            while left:
                piece = source.read(min(left, 1 << 18))
                if not piece:
                    raise Refused(f"the archive ends in the middle of {path}")
                target.write(piece)
                left -= len(piece)


# What is to be installed


class Wanted:
    """What an app asks for: files for the installer, and a key that is the same as long as that is the same."""

    def __init__(self, order):
        self.order = order
        self.files = []  # arguments of the installer
        self.hashed = False
        self.texts = []
        self.own = False  # it installs something out of the source itself
        name = order.get("requirements") or self.first_of("uv.lock", "requirements.txt", "pyproject.toml")
        if name is None or name == "none":
            return
        if not os.path.isfile(f"{APP}/{name}"):
            raise Refused(f"{name} is not in the source; correct python.requirements in tussilago.toml")
        if os.path.basename(name) == "uv.lock":
            self.lock(name)
        elif name.endswith(".toml"):
            self.texts.append(self.read(name))
            self.files = ["-r", f"{APP}/{name}"]
        else:
            self.requirements(name, set())
            self.files = ["-r", f"{APP}/{name}"]
            self.hashed = any("--hash=" in text for text in self.texts)

    @staticmethod
    def first_of(*names):
        return next((name for name in names if os.path.isfile(f"{APP}/{name}")), None)

    @staticmethod
    def read(name):
        with open(f"{APP}/{name}", encoding="utf-8", errors="surrogateescape") as file:
            return file.read(1 << 24)

    def lock(self, name):
        """What a lock names is exactly what is installed. It has hashes, but where it was made from a directory of wheels."""
        project = os.path.dirname(f"{APP}/{name}")
        exported = "/tmp/requirements.txt"
        arguments = ["export", "--frozen", "--no-dev", "--no-emit-project", "--no-header", "--no-annotate", "--quiet"]
        uv(*arguments, "--format", "requirements.txt", "--output-file", exported, "--project", project, "--offline",
           what="read uv.lock")
        with open(exported, encoding="utf-8") as file:
            self.texts.append(file.read(1 << 24))
        self.files, self.hashed = ["-r", exported], "--hash=" in self.texts[0]
        self.own = any(re.match(OWN, line.strip()) for line in self.texts[0].splitlines())

    def requirements(self, name, seen):
        """A requirements file with all that it includes (pip's "Requirements File Format")."""
        if name in seen or len(seen) > 100:
            return
        seen.add(name)
        text = self.read(name)
        self.texts.append(text)
        for line in text.splitlines():
            line = line.strip()
            include = re.match(r"(?:-r|-c|--requirement|--constraint)[ =]*(\S+)", line)
            if include:
                inner = os.path.normpath(os.path.join(os.path.dirname(name), include[1]))
                if inner.startswith(("..", "/")) or not os.path.isfile(f"{APP}/{inner}"):
                    raise Refused(f"{name} includes {include[1]}, which is not in the source")
                self.requirements(inner, seen)
            elif re.match(OWN, line):
                self.own = True

    @property
    def key(self):
        parts = [FORMAT, sys.version, self.order.get("packages", []), self.hashed, self.texts]
        if self.own:
            parts.append(self.order["source"])
        return hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def is_empty(self):
        return not self.files and not self.order.get("packages")


# Installing


def environment(packages):
    return {
        "PATH": f"{packages}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/tmp", "TMPDIR": "/tmp", "LANG": "C.UTF-8", "PYTHONUSERBASE": packages, "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1", "UV_CACHE_DIR": "/tmp/uv", "UV_NO_PROGRESS": "1", "UV_NO_CONFIG": "1",
        "UV_PYTHON_DOWNLOADS": "never", "UV_LINK_MODE": "copy", "UV_OFFLINE": "1", "NO_COLOR": "1",
        "UV_CONCURRENT_INSTALLS": "2", "UV_CONCURRENT_BUILDS": "1",
        # Files are copied after this: their times are not those that the bytecode would be held against.
        "PYC_INVALIDATION_MODE": "UNCHECKED_HASH",
    }


def run(words, what, packages=PACKAGES, cwd=APP):
    """Runs a program; what it says goes to the log. Returns nothing, or says which part of it tells why it failed."""
    process = subprocess.Popen(
        words, cwd=cwd, env=environment(packages), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    tail = b""
    for line in iter(lambda: process.stdout.readline(1 << 16), b""):
        os.write(2, line)
        tail = (tail + line)[-4096:]
    if process.wait() != 0:
        raise Refused(f"could not {what}: {reason(tail.decode('utf-8', 'replace'), process.returncode)}")


def reason(tail, code):
    """What an installer's last lines say of a package, in one line."""
    text = " ".join(re.sub(r"[│├╰▶×─]+", " ", tail).split())
    for pattern in (r"(Because .{1,300}?)(?:, we can conclude|$)", r"(Hash mismatch for .{1,200}?)(?: Expected|$)",
                    r"(Failed to (?:build|download) `[^`]{1,200}`)", r"error: (.{1,300})"):
        found = re.search(pattern, text)
        if found:
            return found[1].strip()
    return text[-200:] if text else f"it ended with {code}"


def uv(*arguments, what):
    if not os.path.isfile(UV):
        raise Refused(f"could not {what}: this host has no uv; an admin gets it with pip install uv, and puts it at"
                      " /usr/local/bin/uv or says where it is with python.uv in tussilagod.toml")
    run([UV, *arguments], what)


def install(wanted):
    site = f"{PACKAGES}/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    os.makedirs(site, mode=0o755)
    common = ["pip", "install", "--python", sys.executable, "--target", site, "--no-index", "--compile-bytecode"]
    if os.path.isdir(WHEELS):
        common += ["--find-links", WHEELS]
    if wanted.files:
        uv(*common, *(["--require-hashes"] if wanted.hashed else []), *wanted.files, what="install what the app asks for")
    # What the platform adds stands in no lock of the app's.
    for package in wanted.order.get("packages", []):
        uv(*common, package, what=f"install {package}")
    if os.path.isdir(f"{site}/bin"):
        os.rename(f"{site}/bin", f"{PACKAGES}/bin")
    if os.path.exists(f"{site}/.lock"):
        os.remove(f"{site}/.lock")


def compile_app():
    """Bytecode for the app's own files, which are read-only when it runs. What does not compile fails when it is used."""
    subprocess.run(
        [sys.executable, "-m", "compileall", "-qq", "--invalidation-mode", "unchecked-hash", "-x", r"/(\.|node_modules/)",
         APP], env=environment(PACKAGES), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, check=False)


def build(order):
    Unpacker(APP, order["limits"]).unpack(f"{BUILD}/source.tar")
    wanted = Wanted(order)
    key = wanted.key
    installs = not wanted.is_empty and key != order.get("known")
    if installs:
        install(wanted)
    packages = PACKAGES if installs or wanted.is_empty else KNOWN
    for command in order.get("commands", []):
        say(f"$ {' '.join(command)}")
        try:
            run(command, f"run {command[0]}", packages)
        except OSError as error:
            raise Refused(f"could not run {command[0]}: {error.strerror}") from None
    compile_app()
    result = {"key": key, "packages": "none" if wanted.is_empty else "new" if installs else "known"}
    with open(RESULT, "x", encoding="utf-8") as file:
        json.dump(result, file)


def main():
    os.umask(0o022)
    with open(f"{BUILD}/order.json", encoding="utf-8") as file:
        order = json.load(file)
    try:
        build(order)
    except Refused as error:
        say(f"build: {error}")
        return 1
    except OSError as error:
        full = error.errno in (28, 122)  # ENOSPC, EDQUOT
        say(f"build: {'it needs more room than a build has' if full else error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
