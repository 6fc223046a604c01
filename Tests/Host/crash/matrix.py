"""The crash matrix: every kind of operation, with the agent killed at every one of its points."""

import contextlib
import random
import sys
import uuid

from agent import NoAnswer
from kinds import BYSTANDER, KINDS
from scene import Scene, Wrong

# Of kills, one in so many is followed by a second one while the next agent takes the operation up.
SECOND, SECOND_WITHIN = 4, 60


class Matrix:
    """Lives through the kinds again and again, with faults in each; compares with the life without any."""

    TOTALS = ("lost", "duplicated", "orphans", "diverged", "failed requests")
    OTHER = "lost"  # what else goes wrong counts as
    SCENE = Scene

    def __init__(self, stage, seed, references, first=True):
        self.stage = stage
        self.random = random.Random(seed)
        self.references, self.first = references, first
        self.totals = dict.fromkeys(self.TOTALS, 0)
        self.count, self.goal = 0, None

    def run(self, plans):
        """Lives all plans, each the kinds and their faults, on as many hosts as it takes: what went wrong stays behind."""
        plans = iter(plans)
        more = True
        while more:
            with contextlib.ExitStack() as self.resources:
                scene = self.resources.enter_context(self.SCENE(self.stage))
                try:
                    self.begin(scene)
                    more = False
                    for kinds, fault in plans:
                        more = True
                        if kinds != KINDS and not self.references.has(names(kinds)):
                            self.life(scene, kinds, None)
                        self.life(scene, kinds, fault)
                        more = False
                        print(f"{self.count} points, {sum(self.totals.values())} wrong", file=sys.stderr, flush=True)
                except Wrong:
                    pass
                finally:
                    scene.requests.end()

    def begin(self, scene):
        """Before the first life on a host: one of the hosts lives without any harm, the others follow it."""
        if self.first and not self.references.has(names(KINDS)):
            self.references.add((), scene.settled_look()["state"], [])
            self.life(scene, KINDS, None)
            control(scene, self.state(names(KINDS)))

    def state(self, done):
        return self.references.get(done)[0]

    def points_of(self, kind):
        """The points of a kind, as they came without a fault."""
        return [point for point in self.references.get(names(KINDS[: KINDS.index(kind) + 1]))[1] if self.counted(point)]

    def life(self, scene, kinds, fault):
        """Each kind in turn, with its fault if it has one. Without a function for that, what is seen is the reference."""
        done = ()
        for kind in kinds:
            if self.count == self.goal:
                return  # nothing is to be seen behind the last fault of a sample
            before, done = done, (*done, kind.name)
            if fault is None:
                self.remember(scene, kind, done)
            elif what := fault(kind):
                self.suffer(scene, kind, before, done, what)
            else:
                scene.prepare(kind)
                scene.perform(kind)
                scene.added(scene.look("operations")["operations"])

    def counted(self, point):
        """Which calls are points."""
        return point.changes

    def remember(self, scene, kind, done):
        scene.prepare(kind)
        scene.requests.begin(kind.serves)
        scene.points.arm(chosen=lambda point: True)
        operation = scene.perform(kind)
        scene.points.disarm()
        assert operation["state"] == "succeeded", f"{kind.name} fails without any fault: {operation}"
        points = scene.points.seen
        seen = scene.settled_look()
        self.references.add(done, seen["state"], points)
        scene.added(seen["operations"])
        try:
            self.serves(scene, kind)
        except Wrong as wrong:
            raise AssertionError(f"{kind.name}, without any fault: {wrong}") from None

    def suffer(self, scene, kind, before, done, fault):
        """One operation with a fault, and all that is asked of it."""
        scene.prepare(kind)
        scene.requests.begin(kind.serves)
        fired = []
        try:
            self.fault(scene, kind, before, done, fault, fired)
        except (Wrong, NoAnswer, AssertionError) as error:
            wrong = error if isinstance(error, Wrong) else Wrong(self.OTHER, f"{error!r}")
            if wrong.kind not in self.TOTALS:
                wrong = Wrong(self.OTHER, f"{wrong.kind}: {wrong}")
            self.count += 1
            self.totals[wrong.kind] += 1
            journal = scene.ask("journalctl -q --no-pager -u tussilagod.service -n 30").output
            where = ", then at ".join(map(str, fired))
            print(f"FAILED {kind.name}, {fault} at {where}: {wrong.kind}:\n{wrong}\n{journal}", flush=True)
            raise wrong from None
        self.count += bool(fired)

    def fault(self, scene, kind, before, done, fault, fired):
        """Kills the agent before its point number `fault[0]`, and again so many points after."""
        first, second = fault

        def act(point, number):
            if number not in (first, second and first + second):
                return None
            fired.append(point)
            return "kill"

        scene.points.arm(act, self.counted)
        operation = scene.perform(kind)
        scene.points.disarm()
        if operation["state"] != "succeeded":
            raise Wrong("lost", f"the operation ended as {operation}")
        self.check(scene, kind, self.state(done), 1)
        if not fired:
            self.ended(kind)

    def ended(self, kind):
        """Called when an operation has no point of such a number any more."""

    def check(self, scene, kind, reference, operations, pardoned=lambda key: False):
        seen = scene.compare(reference, pardoned)
        new = scene.added(seen["operations"])
        if len(new) != operations:
            raise Wrong("duplicated" if len(new) > operations else "lost", f"{operations} asked for, the ledger has {new}")
        self.serves(scene, kind)

    @staticmethod
    def serves(scene, kind):
        if kind.after:
            status, text = scene.get(kind.after[0])
            if status != 200 or kind.after[1] not in text:
                raise Wrong("diverged", f"{kind.after[0]} answers {status} {text[:200]!r}")
        requests = scene.requests.begin([BYSTANDER])
        if requests["failed"]:
            raise Wrong("failed requests", f"{requests}")

    # Which points

    def key(self):
        return str(uuid.UUID(int=self.random.getrandbits(128)))

    def kill(self, number):
        """A kill at a point, and sometimes a second one."""
        return number, self.random.randint(1, SECOND_WITHIN) if self.random.randrange(SECOND) == 0 else None

    def every(self, part, parts):
        """All points of all kinds; this part's share of them."""
        left = {kind.name for kind in KINDS}
        self.ended = lambda kind: left.discard(kind.name)
        number = part + 1
        while left:
            wanted = left | {kind.name for kind in KINDS if kind.needed}
            # From the last on: what a kind undoes stands before it, and may undo another.
            for kind in reversed(KINDS):
                if kind.name in wanted:
                    wanted.add(kind.undoes)
            kinds = [kind for kind in KINDS if kind.name in wanted]
            yield kinds, lambda kind: self.kill(number) if kind.name in left else None
            number += parts

    def some(self, count):
        """A sample: of each kind about as many."""
        self.goal = count
        while self.count < count:
            harmed = self.random.sample(KINDS, min(len(KINDS), count - self.count))
            yield KINDS, lambda kind: self.chosen(kind) if kind in harmed else None

    def chosen(self, kind):
        """A kill at one point of a kind. A step of many pages in the ledger does not outweigh the others."""
        points = self.points_of(kind)
        weights = [1 if point.name == "pwrite64" else 4 for point in points]
        return self.kill(self.random.choices(range(1, len(points) + 1), weights)[0])


def names(kinds):
    return tuple(kind.name for kind in kinds)


def control(scene, reference):
    """What the checks are for is seen by them. The host is as it was afterwards."""
    def seen_as(kind, check):
        try:
            check()
        except Wrong as wrong:
            assert wrong.kind == kind, f"what was planted is seen as {wrong.kind}, not {kind}: {wrong}"
            return
        raise AssertionError(f"what was planted is not seen: {kind}")

    for kind, plant, clear in (
        ("orphans", "mkdir -p /var/lib/tussilago/apps/acme/shop/live", "rm -r /var/lib/tussilago/apps/acme"),
        ("orphans", "ln -s gone /var/lib/tussilago/upstreams/.shop.new", "rm /var/lib/tussilago/upstreams/.shop.new"),
        ("orphans", "systemd-run -q --unit=tussilago-planted sleep 600", "systemctl stop tussilago-planted"),
        ("diverged", "chmod 700 /var/lib/tussilago/upstreams", "chmod 711 /var/lib/tussilago/upstreams"),
    ):
        scene.run(plant)
        seen_as(kind, lambda: scene.compare(reference, within=0))
        scene.run(clear)
    scene.compare(reference)

    identity = scene.perform(KINDS[0])["id"]
    scene.perform(KINDS[-1])
    operations = len(scene.added(scene.look("operations")["operations"]))
    assert operations == 2, f"two operations are seen as {operations}"
    scene.run(f"sqlite3 /var/lib/tussilago/ledger.sqlite \"PRAGMA foreign_keys=ON; DELETE FROM operation WHERE id=lower('{identity}')\"")
    seen_as("lost", lambda: scene.ended(identity))

    scene.requests.begin(["nobody.example.org"])
    scene.settled(lambda: scene.requests.begin(["nobody.example.org"])["failed"], "failed requests that are seen")
