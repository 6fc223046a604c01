"""One host on which operations are crashed, and what is seen of it afterwards."""

import json
import select
import subprocess
import time
import uuid

from agent import WatchedHost
from host import TESTHOST, manifest
from kinds import BYSTANDER

# How long a state may take to settle, and an operation to end: long, for a machine that has much else to do.
SETTLE, END = 15, 120


class Wrong(Exception):
    """What must hold does not; `kind` says which of the totals it counts for."""

    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind


class Watch:
    """Requests for hostnames through Caddy, all the time."""

    def __init__(self, host):
        self.process = subprocess.Popen(
            [TESTHOST, "exec", host.directory, "python3", "/srv/crash/watch.py"],
            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.begun = False

    def begin(self, names):
        """Returns what came of the names before."""
        self.process.stdin.write(" ".join(names) + "\n")
        self.process.stdin.flush()
        seen = json.loads(self.process.stdout.readline()) if self.begun else None
        self.begun = True
        return seen

    def end(self):
        self.process.stdin.close()
        self.process.wait()


class Looked(WatchedHost):
    """A host whose state is compared with another's."""

    def __init__(self, stage):
        super().__init__(stage)
        self.known, self.looker = set(), None

    def __exit__(self, *_):
        super().__exit__()
        if self.looker:
            self.looker.communicate()

    def look(self, what="all"):
        """The state and the last operations, or the `operations` alone."""
        if not self.looker or self.looker.poll() is not None:
            self.looker = subprocess.Popen(
                [TESTHOST, "exec", self.directory, "python3", "-I", "/srv/crash/look.py"],
                text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.looker.stdin.write(f"{what}\n")
        self.looker.stdin.flush()
        assert select.select([self.looker.stdout], [], [], END)[0], f"look.py does not answer in {END} s"
        line = self.looker.stdout.readline()
        assert line, "look.py has ended"
        return json.loads(line)

    def settled_look(self):
        """What is seen once it does not change any more."""
        end = time.monotonic() + SETTLE
        before = None
        while True:
            seen = self.look()
            if before and seen["state"] == before["state"] or time.monotonic() > end:
                return seen
            before = seen
            time.sleep(0.2)

    # An operation

    def prepare(self, kind):
        """An agent that is up, and that systemd starts again at once when it dies; and what the kind needs."""
        self.run("systemctl reset-failed tussilagod.service")
        self.patient("GET", "/v1/status")
        if kind.before:
            kind.before(self)
            self.added(self.look("operations")["operations"])

    def perform(self, kind, key=None):
        """Has an operation end, whatever happens to the agent meanwhile."""
        answer = self.patient(kind.method, kind.path, kind.asked(self), key or str(uuid.uuid4()), END)
        if answer.status != 202:
            raise Wrong("diverged", f"it is answered with {answer}")
        return self.ended(answer.body["id"])

    def ended(self, identity, within=END):
        end = time.monotonic() + within
        while True:
            seen = self.patient("GET", f"/v1/operations/{identity}")
            if seen.status == 404:
                raise Wrong("lost", f"operation {identity} was acknowledged and is not known")
            if seen.status != 200:
                raise Wrong("diverged", f"operation {identity} is answered with {seen}")
            if seen.body["state"] not in ("accepted", "running"):
                return seen.body
            if time.monotonic() > end:
                raise Wrong("lost", f"operation {identity} has not ended in {within} s: {seen}")
            time.sleep(0.05)

    def added(self, operations):
        """Operations that have come since the last time."""
        new = [each for each in operations if each["id"] not in self.known]
        self.known |= {each["id"] for each in new}
        return new

    def compare(self, reference, pardoned=lambda key: False, within=SETTLE):
        """Waits for the state to be as it was without a crash."""
        end = time.monotonic() + within
        while True:
            seen = self.look()
            orphans, other = difference(seen["state"], reference, pardoned)
            if not orphans and not other:
                return seen
            if time.monotonic() > end:
                self.added(seen["operations"])
                raise Wrong("orphans" if orphans else "diverged", "\n".join(orphans + other))
            time.sleep(0.2)


class Scene(Looked):
    """A host with an app that nobody touches, and one that lives through operations."""

    def __enter__(self):
        super().__enter__()
        try:
            # It would come whenever its time is; here it is one of the kinds.
            self.run("systemctl stop tussilago-reconcile.timer tussilago-reconcile.service;"
                     " systemctl mask tussilago-reconcile.service")
            self.deploy("umbra/other", manifest(BYSTANDER, TEXT="bystander"))
            self.requests = Watch(self)
            self.added(self.look("operations")["operations"])
        except BaseException:
            self.__exit__()
            raise
        return self


def difference(state, reference, pardoned=lambda key: False):
    """What is there and should not be, and what else differs."""
    orphans = [f"orphan: {key}: {state[key][:200]!r}" for key in sorted(state.keys() - reference.keys()) if not pardoned(key)]
    other = [f"missing: {key}" for key in sorted(reference.keys() - state.keys()) if not pardoned(key)]
    for key in sorted(state.keys() & reference.keys()):
        if state[key] != reference[key] and not pardoned(key):
            at = next((i for i, (a, b) in enumerate(zip(state[key], reference[key])) if a != b), 0)
            at = max(0, at - 40)
            other.append(f"differs: {key}: {state[key][at:at + 200]!r} for {reference[key][at:at + 200]!r}")
    return orphans, other
