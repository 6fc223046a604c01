"""A ledger that is deleted at any moment of a busy host: written anew from the units, with no app touched."""

import contextlib
import random
import sys
import threading
import time

from agent import NoAnswer
from host import manifest
from kinds import BYSTANDER, Kind
from scene import Scene, Wrong

# How long a host is busy before its ledger goes, in seconds.
BUSY = (0.2, 3.0)
# All that has to do with the ledger goes while the agent stands still, and then the agent.
LOSE = """set -e
agent=$(systemctl show -P MainPID tussilagod.service)
kill -STOP $agent; rm /var/lib/tussilago/ledger.sqlite*; kill -KILL $agent"""
RECONCILE = Kind("reconcile", "POST", "/v1/reconcile")
COLLECT = Kind("collect", "POST", "/v1/collect")
# What an operation did that was there before the loss, and is not known after it.
UNKNOWN = object()


class Worker(threading.Thread):
    """Somebody who asks for one operation after the other until told to stop."""

    def __init__(self, scene, seed):
        super().__init__(daemon=True)
        self.scene, self.random, self.stop, self.error = scene, random.Random(seed), threading.Event(), None
        self.done = 0

    def run(self):
        try:
            while not self.stop.is_set():
                self.work()
        except (Wrong, NoAnswer, AssertionError, KeyError) as error:
            self.error = error

    def ask(self, method, path, body=None):
        """The operation at its end; UNKNOWN when the ledger went before that."""
        if self.stop.is_set():
            return UNKNOWN
        try:
            answer = self.scene.api(method, path, body)
            if answer.status != 202:
                if self.stop.is_set():
                    return UNKNOWN
                raise Wrong("diverged", f"{method} {path} is answered with {answer}")
            seen = self.scene.ended(answer.body["id"])
        except NoAnswer:
            if self.stop.is_set():
                return UNKNOWN
            raise
        except Wrong as wrong:
            if self.stop.is_set() and wrong.kind in ("lost", "diverged"):
                return UNKNOWN
            raise
        if seen["state"] != "succeeded":
            if self.stop.is_set():
                return UNKNOWN
            raise Wrong("diverged", f"{method} {path} ended as {seen}")
        self.done += 1
        return seen


class Changing(Worker):
    """Has one app deployed, scaled and rolled back; it serves all the time."""

    def __init__(self, scene, seed, app, texts):
        super().__init__(scene, seed)
        self.name_of_host, self.texts = hostname(app), texts
        tenant, name = app.split("/")
        self.path = f"/v1/tenants/{tenant}/apps/{name}"
        self.may_answer = {self.answer()}

    def work(self):
        what = self.random.randrange(4)
        if what == 0:
            self.ask("POST", f"{self.path}/scale", {"processes": {"web": self.random.choice((1, 2))}})
        elif what == 1 and self.has_earlier():
            # To whichever was before; what it answers is what it answered once.
            self.may_answer = self.may_answer | self.texts
            if self.ask("POST", f"{self.path}/rollback", {}) is not UNKNOWN:
                self.may_answer = {self.answer()}
        else:
            text = f"text {len(self.texts)}"
            self.texts.add(text)
            self.may_answer = self.may_answer | {text}
            if self.ask("POST", f"{self.path}/releases", self.release(text)) is not UNKNOWN:
                self.may_answer = {text}

    def has_earlier(self):
        """Whether there is a release to go back to: as many rollbacks as there are releases come to the first."""
        releases = self.scene.patient("GET", f"{self.path}/releases").body["items"]
        current = min((each["number"] for each in releases if each["state"] == "current"), default=0)
        return any(each["state"] == "superseded" and each["number"] < current for each in releases)

    def release(self, text):
        change = '"20s"', self.random.choice(('"20s"', '"21s"'))
        return {"manifest": manifest(self.name_of_host, TEXT=text).replace(*change), "files": "/srv/apps"}

    def answer(self):
        status, text = self.scene.get(self.name_of_host)
        if status != 200:
            raise Wrong("not serving", f"{self.name_of_host} answers {status} {text[:200]!r}")
        return text.split(" release ")[0].removeprefix("this is ").strip()

    def check(self):
        if self.answer() not in self.may_answer:
            raise Wrong("not serving", f"{self.name_of_host} answers {self.answer()!r}, not one of {sorted(self.may_answer)[:5]}")


class Coming(Worker):
    """Has tenants and apps made, deployed and deleted."""

    def __init__(self, scene, seed, tenant):
        super().__init__(scene, seed)
        self.tenant = f"/v1/tenants/{tenant}"
        self.name_of_host = f"{tenant}.example.org"
        self.names = tenant

    def work(self):
        app = f"{self.tenant}/apps/shop"
        self.ask("POST", "/v1/tenants", {"name": self.names})
        self.ask("POST", f"{self.tenant}/apps", {"name": "shop"})
        self.ask("POST", f"{app}/releases", {"manifest": manifest(self.name_of_host), "files": "/srv/apps"})
        self.ask("DELETE", app)
        self.ask("DELETE", self.tenant)

    def check(self):
        """What is there can be deleted, however far it had come."""
        for path in (f"{self.tenant}/apps/shop", self.tenant):
            if self.scene.patient("GET", path).status == 200:
                ended = self.scene.perform(Kind("delete", "DELETE", path))
                if ended["state"] != "succeeded":
                    raise Wrong("diverged", f"{path} cannot be deleted: {ended}")


def hostname(app):
    return f"{app.replace('/', '-')}.example.org"


class Lost:
    """Loses the ledger again and again."""

    TOTALS = ("not recovered", "ids changed", "left to do", "not serving", "diverged", "failed requests")
    ALL = 50

    def __init__(self, stage, seed, *_):
        self.stage, self.random = stage, random.Random(seed)
        self.totals = dict.fromkeys(self.TOTALS, 0)
        self.count = self.operations = 0

    def every(self, part, parts):
        return range(part, self.ALL, parts)

    def some(self, count):
        return range(count)

    def run(self, plans):
        plans = iter(plans)
        more = True
        while more:
            with Scene(self.stage) as scene, contextlib.ExitStack() as end:
                end.callback(scene.requests.end)
                self.texts = {app: set() for app in ("busy/one", "busy/two")}
                for app, texts in self.texts.items():
                    # Twice, so that there is one to go back to.
                    for text in ("text 0", "text 1"):
                        scene.deploy(app, manifest(hostname(app), TEXT=text))
                        texts.add(text)
                more = False
                for _ in plans:
                    self.count += 1
                    try:
                        self.lose(scene)
                    except (Wrong, NoAnswer, AssertionError) as error:
                        kind = error.kind if isinstance(error, Wrong) and error.kind in self.TOTALS else "diverged"
                        self.totals[kind] += 1
                        journal = scene.ask("journalctl -q --no-pager -u tussilagod.service -n 60").output
                        print(f"FAILED lost ledger: {kind}: {error!r}\n{journal}", flush=True)
                        more = True
                        break
                print(f"{self.count} ledgers lost amid {self.operations} operations", file=sys.stderr, flush=True)

    def lose(self, scene):
        scene.run("systemctl reset-failed tussilagod.service")
        stable = self.ids(scene)
        changing = [Changing(scene, self.random.random(), app, texts) for app, texts in self.texts.items()]
        workers = [*changing, Coming(scene, self.random.random(), "coming")]
        scene.requests.begin([BYSTANDER, *(each.name_of_host for each in changing)])
        for worker in workers:
            worker.start()
        time.sleep(self.random.uniform(*BUSY))
        for worker in workers:
            worker.stop.set()
        scene.run(LOSE)
        for worker in workers:
            worker.join(150)
            self.operations += worker.done
        for error in (worker.error for worker in workers if worker.error):
            raise error
        self.recovered(scene)
        if self.ids(scene) != stable:
            raise Wrong("ids changed", f"{stable}\nbecame\n{self.ids(scene)}")
        for worker in workers:
            worker.check()
        scene.expect(BYSTANDER, 200, text="bystander")
        requests = scene.requests.begin([BYSTANDER])
        if requests["failed"]:
            raise Wrong("failed requests", f"{requests}")

    @staticmethod
    def ids(scene):
        return {path: scene.patient("GET", path).body.get("id") for path in (
            "/v1/tenants/busy", "/v1/tenants/busy/apps/one", "/v1/tenants/busy/apps/two", "/v1/tenants/umbra",
            "/v1/tenants/umbra/apps/other")}

    @staticmethod
    def recovered(scene):
        """It is written anew; what was half done is finished or taken back by one reconcile and one collection."""
        parts = {part["name"]: part for part in scene.patient("GET", "/v1/status").body["parts"]}
        if "written anew" not in parts["ledger"].get("detail", ""):
            raise Wrong("not recovered", f"the status says {parts['ledger']}")
        for kind in (RECONCILE, COLLECT):
            ended = scene.perform(kind)
            if ended["state"] != "succeeded":
                raise Wrong("not recovered", f"a {kind.name} after it ends as {ended}")
        for command in ("reconcile --dry-run --json", "gc --dry-run --json"):
            found = scene.json(f"tussilago {command}")
            found = found["items"] if isinstance(found, dict) else found
            left = [each for each in found if isinstance(each, str) or each["action"] != "respect"]
            if left:
                raise Wrong("left to do", f"{command}: {left}")
