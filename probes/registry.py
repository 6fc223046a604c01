"""What a probe is, and how one is tried: in a process of its own, so that nothing it does stays with the next."""

import errno
import json
import os
import select
import signal
import time

PROBES = {}
# The processes of lasting probes, until the host has looked at what they did.
LASTING = []
# A probe that still runs then is killed, in seconds: what hangs has not got in.
PATIENCE = 4
# How many processes run at once; the slow ones wait for answers.
CROWD = 8
# How many probes one process tries, but for those of these families.
BATCH = 12
ALONE = ("as root of a user namespace", "its network", "how much it may write")


class Probe:
    """One thing that hostile code may try.

    It got what it wanted if it returns something else than None, or fails with one of `passed`: an error that the kernel
    gives only after it has checked that the caller may. With `judge` it is not its own word that counts:
    "text": it got in if what it returns has a secret of the host in it;
    "effect": it got in if the host then shows the effect of this name.
    """

    def __init__(self, action, name, family, what, passed, judge, lasting):
        self.action, self.name, self.family, self.what = action, name, family, what
        self.passed, self.judge, self.lasting = passed, judge, lasting

    def attempt(self, targets):
        """What came of it, as the probe sees it."""
        try:
            got = self.action(targets)
        except OSError as error:
            return {"error": errno.errorcode.get(error.errno, str(error)), "passed": error.errno in self.passed}
        except (Exception, SystemExit) as error:  # it must not end the others
            return {"error": f"{type(error).__name__}: {error}"[:200], "passed": False}
        return {"error": "nothing", "passed": False} if got is None else {"got": str(got)[:400_000], "passed": True}


def probe(name, family, what, passed=(), judge="self", lasting=False):
    """Adds a probe. A lasting one's process stays for the host to look at."""

    def add(action):
        assert name not in PROBES, name
        PROBES[name] = Probe(action, name, family, what, passed, judge, lasting)
        return action

    return add


def separate():
    """A mount namespace of its own: beside a sandbox a mount would be there for all that follows."""
    from system import call

    call("unshare", 0x00020000)
    call("mount", None, b"/", None, 0x44000, None)  # MS_REC | MS_PRIVATE


class Attempt:
    """A process that tries some probes, one after the other, and writes a line about each."""

    def __init__(self, probes, targets):
        self.probes, self.end, self.text = probes, time.monotonic() + PATIENCE, b""
        self.reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.reader)
            os.setpgid(0, 0)
            try:
                if targets.get("control"):
                    separate()
                with open(writer, "w", buffering=1) as pipe:
                    for probe in probes:
                        pipe.write(json.dumps(probe.attempt(targets)) + "\n")
                if probes[-1].lasting:
                    time.sleep(60)
            finally:
                os._exit(0)
        os.close(writer)

    def take(self):
        """Reads what is there; whether that was all."""
        data = os.read(self.reader, 1 << 16)
        self.text += data
        return not data

    def finish(self):
        """Ends it. Returns what came of each probe that was tried to its end, and the probes that were not."""
        os.close(self.reader)
        if self.probes[-1].lasting:
            LASTING.append(self.pid)
        else:
            try:
                os.kill(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            os.waitpid(self.pid, 0)
        lines = self.text.split(b"\n")[:-1]
        return ({each.name: json.loads(line) for each, line in zip(self.probes, lines)}, self.probes[len(lines):])


def batches(probes, alone):
    """What is tried in one process: a fork takes long in a sandbox. What is refused leaves nothing behind for the next;
    what is not, or may wait, has a process of its own."""
    batch = []
    for each in probes:
        if alone or each.lasting or each.family in ALONE:
            yield [each]
        else:
            batch.append(each)
            if len(batch) == BATCH:
                yield batch
                batch = []
    if batch:
        yield batch


def run(targets, names=None):
    """Tries all probes, or some; returns what came of each by its name."""
    waiting = list(batches([PROBES[name] for name in names or PROBES], targets.get("control")))
    running, results = [], {}
    while waiting or running:
        while waiting and len(running) < CROWD:
            running.append(Attempt(waiting.pop(0), targets))
        ready, _, _ = select.select([each.reader for each in running], [], [], 0.1)
        for each in list(running):
            if each.reader in ready and not each.take():
                continue
            if each.reader not in ready and time.monotonic() < each.end:
                continue
            running.remove(each)
            done, rest = each.finish()
            results |= done
            if rest:
                # The first of them hung, or ended the process; the others have not had their turn.
                results[rest[0].name] = {"error": "hangs" if time.monotonic() > each.end else "killed", "passed": False}
                waiting += [[other] for other in rest[1:]]
    return results


def end():
    """Ends what lasts."""
    while LASTING:
        pid = LASTING.pop()
        try:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
