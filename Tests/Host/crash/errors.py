"""The error matrix: every call of an operation that may fail, failing once, or from then on."""

import errno
import re
import time

from kinds import APP, KINDS, Kind
from matrix import Matrix
from scene import Wrong

# What calls fail with. A broken disk, a full one, one that has become read-only, a peer that has gone.
ERRORS = {
    "files": (errno.EIO, errno.ENOSPC, errno.EROFS), "ledger": (errno.EIO, errno.ENOSPC), "bus": (errno.EPIPE,),
    "caddy": (errno.EPIPE,), "podman": (errno.EPIPE,), "opener": (errno.EPIPE,), "spawn": (errno.EAGAIN,),
}  # fmt: skip
# While a fault lasts an operation has so long to end, in seconds. The agent's own tries and waits take about 15.
PATIENCE = 60
RECONCILE = Kind("reconcile", "POST", "/v1/reconcile", after=None)


class Fault:
    """Calls to a target fail: the one with this number, or that and all behind it."""

    def __init__(self, target, number, code, lasting):
        self.target, self.number, self.code, self.lasting = target, number, code, lasting

    def __repr__(self):
        which = f"from number {self.number} on" if self.lasting else f"number {self.number}"
        return f"{errno.errorcode[self.code]} for {self.target}, {which}"


class Errors(Matrix):
    """An operation succeeds, and all is as it says. Or it fails; then the old serves, and asked again it succeeds."""

    TOTALS = ("hung", "false successes", "not mended", "failed requests")
    OTHER = "not mended"

    def counted(self, point):
        return point.kind in ERRORS

    def fault(self, scene, kind, before, done, fault, fired):
        def act(point, number):
            if number != fault.number and not (fault.lasting and number > fault.number):
                return None
            if not fired:
                fired.append(point)
            return fault.code

        scene.points.arm(act, lambda point: point.kind == fault.target)
        answer = scene.patient(kind.method, kind.path, kind.asked(scene))
        operation = self.outcome(scene, answer) if answer.status == 202 else None
        scene.points.disarm()
        if answer.status == 202 and not operation:
            # That it ended could not be written down. It is open in the ledger, and the next agent takes it up.
            if fault.target != "ledger":
                raise Wrong("hung", f"the operation has not ended in {PATIENCE} s")
            scene.run("systemctl restart tussilagod.service")
            operation = scene.ended(answer.body["id"])
        if not fired:
            self.ended(kind, fault)
        if operation and operation["state"] == "succeeded":
            self.succeeded(scene, kind, done)
        else:
            self.failed(scene, kind, done, operation or answer)

    @staticmethod
    def outcome(scene, answer):
        """The operation after its end; None if it has not ended in time."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            seen = scene.patient("GET", f"/v1/operations/{answer.body['id']}")
            if seen.status == 200 and seen.body["state"] in ("succeeded", "failed"):
                return seen.body
            time.sleep(0.1)
        return None

    def succeeded(self, scene, kind, done):
        """What serves is as it was said; what was left undone behind it is found by one reconcile."""
        if kind.after:
            try:
                scene.expect(kind.after[0], 200, text=kind.after[1])
            except AssertionError as error:
                raise Wrong("false successes", str(error)) from None
        self.mended(scene, kind, done, "it succeeded")

    def failed(self, scene, kind, done, failure):
        """Asked for again it succeeds; or it is refused, since it is done but for what a reconcile finishes."""
        if self.serves_already(scene, failure):
            self.mended(scene, kind, done, f"it failed after its switch as {failure}")
            if failure["kind"] in ("secret.rotate", "service.rotate"):
                return  # there is nothing more to rotate
            self.repeats = True
        again = scene.patient(kind.method, kind.path, kind.asked(scene))
        if again.status == 202:
            operation = scene.ended(again.body["id"])
            if operation["state"] != "succeeded":
                raise Wrong("not mended", f"failed as {failure}; asked again, it ends as {operation}")
        elif again.status not in (404, 409):
            raise Wrong("not mended", f"failed as {failure}; asked again, it is answered with {again}")
        self.mended(scene, kind, done, f"it failed as {failure}, and was asked for again with {again.status}")

    @staticmethod
    def serves_already(scene, failure):
        """Whether what failed has made a release that is current all the same: asked for again, it is made once more."""
        if not isinstance(failure, dict) or failure["kind"] not in ("app.deploy", "app.scale", "secret.rotate", "service.rotate"):
            return False
        if Errors.made(scene, failure) == "pending":
            # What it needed to end this was away as well.
            scene.perform(RECONCILE)
        return Errors.made(scene, failure) == "current"

    @staticmethod
    def made(scene, failure):
        """The state of the release that an operation has made; None if it has made none."""
        releases = scene.patient("GET", f"{APP}/releases").body["items"]
        return next((each["state"] for each in releases if each["operation"] == failure["id"]), None)

    def mended(self, scene, kind, done, what):
        """After one reconcile all is as it is without an error."""
        scene.perform(RECONCILE)
        # A release that failed keeps its record, as does one that served before it was asked for again.
        pardoned = re.compile(r"/(failed|repeated)(/|$)" if self.repeats else r"/failed(/|$)")
        try:
            seen = scene.compare(self.state(done), pardoned.search)
            self.serves(scene, kind)
        except Wrong as wrong:
            known = wrong.kind in self.TOTALS
            raise Wrong(wrong.kind if known else "not mended", f"{what}:\n{wrong}") from None
        scene.added(seen["operations"])

    def life(self, scene, kinds, fault):
        self.repeats = False
        super().life(scene, kinds, fault)

    # Which points

    def ended(self, kind, fault):
        """Called when an operation has no call of such a number any more."""

    def targets(self, kind):
        """Each target of an operation with how many calls there were to it."""
        kinds = [point.kind for point in self.points_of(kind)]
        return {target: kinds.count(target) for target in ERRORS if target in kinds}

    def failing(self, target, number):
        return Fault(target, number, self.random.choice(ERRORS[target]), self.random.random() < 0.5)

    def every(self, part, parts):
        """Each call once, every other one failing for good; this part's share of them."""
        number = part
        while any(number < sum(self.targets(kind).values()) for kind in KINDS):
            yield KINDS, lambda kind: self.numbered(kind, number)
            number += parts

    def numbered(self, kind, left):
        for target, count in self.targets(kind).items():
            if left < count:
                return self.failing(target, left + 1)
            left -= count
        return None

    def chosen(self, kind):
        """A failure of one call: each target of an operation is as likely as any other."""
        target, length = self.random.choice(sorted(self.targets(kind).items()))
        return self.failing(target, self.random.randint(1, length))
