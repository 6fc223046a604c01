"""Power that fails: at a point of an operation the disk is copied as it is, and a host booted from the copy."""

import os
import shutil
import subprocess

from host import TOP
from kinds import BACKUP, BACKUP_KEY, BYSTANDER
from matrix import Matrix
from scene import Looked, Scene, Wrong

# All that the agent writes and that outlives a boot, and where it is on the disk that is copied.
PLACES = {"/var/lib/tussilago": "state", "/etc/systemd/system": "units", "/etc/containers/systemd/tussilago": "quadlets",
          "/etc/credstore.encrypted": "credentials"}
# What a copy of that disk is of no use without: the host's own key, which is bound to its id, and what a restore reads.
BESIDE = ["/etc/machine-id", "/var/lib/systemd/credential.secret", BACKUP, BACKUP_KEY]
# Nothing but a sync may bring anything to the disk: ext4 would commit its journal every 5 s by itself.
OPTIONS = "commit=600"


def call(*command):
    return subprocess.run(command, check=True, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout.strip()


class DiskScene(Scene):
    """A scene whose state lies on a disk of its own: a file that can be copied at any moment."""

    PLACES, SIZE = PLACES, "128M"
    loop = None

    def __exit__(self, *_):
        super().__exit__()
        if self.loop:
            call("losetup", "--detach", self.loop)

    def testhost(self, verb, *arguments):
        super().testhost(verb, *arguments)
        if verb == "start" and not self.loop:
            self.mount()

    def mount(self):
        self.file = f"{self.parent}/disk"
        call("truncate", "--size", self.SIZE, self.file)
        call("mkfs.ext4", "-q", self.file)
        self.loop = call("losetup", "--find", "--show", self.file)
        number = os.minor(os.stat(self.loop).st_rdev)
        binds = "".join(
            f"mkdir -p {place}; cp -a {place} /srv/disk/{name}; mount --bind /srv/disk/{name} {place};"
            for place, name in self.PLACES.items())
        self.run(f"set -e; mknod -m 600 {self.loop} b 7 {number}; mkdir -p /srv/disk;"
                 f"mount -o {OPTIONS} {self.loop} /srv/disk; {binds} sync")


class Spare(Looked):
    """A host that is booted from copies. Its agent is not watched."""

    def __enter__(self):
        super().__enter__()
        try:
            self.testhost("stop")
        except BaseException:
            self.__exit__()
            raise
        return self

    def watch(self):
        self.testhost("push", f"{TOP}/Tests/Host/crash/inside", "/srv/crash")

    def boot(self, disk, host):
        """Boots from a copy of a host's disk: its journal is replayed by the mount, as at a boot."""
        self.testhost("kill")
        self.looker = None
        for path in BESIDE:
            if os.path.exists(f"{host.directory}/root{path}"):
                shutil.copy2(f"{host.directory}/root{path}", f"{self.directory}/root{path}")
        mount = f"{self.parent}/mount"
        os.makedirs(mount, exist_ok=True)
        copies = "".join(
            f"rm -rf '{self.directory}/root{place}'; cp -a '{mount}/{name}' '{self.directory}/root{place}';"
            for place, name in PLACES.items())
        call("unshare", "--mount", "bash", "-ec",
             f"mount --make-rprivate /; mount -o loop '{disk}' '{mount}'; {copies} umount '{mount}'")
        shutil.rmtree(f"{self.directory}/root/etc/systemd/system/tussilagod.service.d", ignore_errors=True)
        self.testhost("start")


class Power(Matrix):
    """What was acknowledged before the power failed is there after the boot, and nothing is half."""

    SCENE = DiskScene

    def begin(self, scene):
        super().begin(scene)
        self.spare = self.resources.enter_context(Spare(self.stage))

    def fault(self, scene, kind, before, done, fault, fired):
        copy = f"{scene.parent}/copy"

        def act(point, number):
            if number != fault[0]:
                return None
            fired.append(point)
            return lambda: call("cp", "--sparse=always", scene.file, copy)

        key = self.key()
        scene.points.arm(act, self.counted)
        operation = scene.perform(kind, key)
        acknowledged = any(point.kind == "client" for point in scene.points.seen[: fault[0] - 1])
        scene.points.disarm()
        self.check(scene, kind, self.state(done), 1)
        if not fired:
            return
        self.spare.boot(copy, scene)
        if acknowledged and self.spare.patient("GET", f"/v1/operations/{operation['id']}").status != 200:
            raise Wrong("lost", f"{operation['id']} was acknowledged, and is not there after the boot")
        after = self.spare.perform(kind, key)
        if after["state"] != "succeeded":
            raise Wrong("lost", f"after the boot the operation ended as {after}")
        # What runs after a boot is another matter: units that only a boot starts, and those that it does not.
        # That Caddy is owed its file is noted and not synced: after a boot it has read it.
        pardoned = ("unit ", "job ", "container ", "bridge ", "network ", "file /run",
                    "file /etc/systemd/system/tussilagod.service.d", "file /var/lib/tussilago/caddy/.caddy.json.owed")
        self.spare.compare(self.state(done), lambda key: key.startswith(pardoned))
        for name, text in ((BYSTANDER, ""), *([kind.after] if kind.after else [])):
            self.spare.expect(name, 200, text=text, within=30)
