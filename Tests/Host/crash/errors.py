"""The error matrix: every call of an operation that may fail, failing once, or from then on."""

import errno
import time

from kinds import APP, KINDS, SHOP, Kind
from matrix import Matrix
from scene import Wrong

# What calls fail with. A broken disk, a full one, one that has become read-only, a peer that has gone.
ERRORS = {
    "files": (errno.EIO, errno.ENOSPC, errno.EROFS), "ledger": (errno.EIO, errno.ENOSPC), "bus": (errno.EPIPE,),
    "caddy": (errno.EPIPE,), "podman": (errno.EPIPE,), "spawn": (errno.EAGAIN,),
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
        answer = scene.patient(kind.method, kind.path, kind.body)
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
            self.failed(scene, kind, done, operation["failure"] if operation else answer)

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
        again = scene.patient(kind.method, kind.path, kind.body)
        if again.status == 409 and ("create" in kind.name):
            pass  # it was written down before it failed, and is there: the reconcile finishes it
        elif again.status == 404 and "delete" in kind.name:
            pass
        elif again.status != 202:
            raise Wrong("not mended", f"failed as {failure}; asked again, it is answered with {again}")
        else:
            operation = scene.ended(again.body["id"])
            if operation["state"] != "succeeded":
                raise Wrong("not mended", f"failed as {failure}; asked again, it ends as {operation}")
        self.mended(scene, kind, done, f"it failed as {failure}, and was asked for again")

    def mended(self, scene, kind, done, what):
        scene.perform(RECONCILE)
        try:
            # A failed deploy keeps its record.
            seen = scene.compare(self.references[done], lambda key: key.endswith("/failed"))
            self.serves(scene, kind)
        except Wrong as wrong:
            known = wrong.kind in self.TOTALS
            raise Wrong(wrong.kind if known else "not mended", f"{what}:\n{wrong}") from None
        scene.added(seen["operations"])

    # Which points

    def ended(self, kind, fault):
        """Called when an operation has no call of such a number any more."""

    def targets(self, kind):
        """Each target of an operation with how many calls there were to it."""
        kinds = [point.kind for point in self.points_of[kind.name]]
        return {target: kinds.count(target) for target in ERRORS if target in kinds}

    def code(self, target):
        return self.random.choice(ERRORS[target])

    def every(self, part, parts):
        """Each call once, every other one failing for good; this part's share of them."""
        number = part
        while not self.points_of or any(number < sum(self.targets(kind).values()) for kind in KINDS):
            if not self.points_of:
                yield KINDS, {}
                continue
            faults = {}
            for kind in KINDS:
                left = number
                for target, count in self.targets(kind).items():
                    if left < count:
                        faults[kind.name] = Fault(target, left + 1, self.code(target), self.random.random() < 0.5)
                        break
                    left -= count
            yield KINDS, faults
            number += parts

    def some(self, count):
        """A sample: each target of an operation is as likely as any other."""
        while self.count < count:
            faults = {}
            for kind in KINDS:
                target, length = self.random.choice(sorted(self.targets(kind).items()))
                number = self.random.randint(1, length)
                faults[kind.name] = Fault(target, number, self.code(target), self.random.random() < 0.5)
            yield KINDS, faults
