"""A full disk: what needs room is refused with words, and what gives room, or needs none, works."""

from kinds import APP, KINDS, SHOP
from power import DiskScene

FILL = "/var/lib/tussilago/filler"


class FullScene(DiskScene):
    PLACES = {"/var/lib/tussilago": "state"}
    SIZE = "64M"

    def fill(self):
        """To the last block; small pieces at the end, for what a large one leaves."""
        self.run(f"for size in 1M 4k; do dd if=/dev/zero of={FILL}.$size bs=$size status=none 2>/dev/null || true; done; sync;"
                 f" df --output=avail {FILL}.4k | grep -qx ' *0'")


def refusal(scene, kind):
    """How an operation fails: the answer's problem, or what the operation says."""
    answer = scene.patient(kind.method, kind.path, kind.asked(scene))
    if answer.status != 202:
        return answer.status, answer.body["code"]
    operation = scene.ended(answer.body["id"])
    return operation["state"], (operation.get("failure") or {}).get("code")


def run(stage):
    """Prints one line for each thing that must hold; returns how many do not."""
    by_name = {kind.name: kind for kind in KINDS}
    wrong = 0

    def expect(what, holds, seen):
        nonlocal wrong
        wrong += not holds
        print(f"{'ok' if holds else 'FAILED'} full disk: {what}" + ("" if holds else f": {seen}"), flush=True)

    with FullScene(stage) as scene:
        try:
            for kind in KINDS[:3]:
                scene.perform(kind)
            scene.fill()
            # Once more and once more: whatever room the agent had is used up, if it does not keep it.
            for _ in range(3):
                seen = refusal(scene, by_name["deploy, same shape"])
                expect("a deploy is refused for the room", seen in ((507, "no-space"), ("failed", "no-space")), seen)
            status, text = scene.get(SHOP)
            expect("what serves, serves", status == 200, (status, text))
            scene.run("systemctl restart tussilagod.service")
            for path in ("/v1/status", APP, f"{APP}/status", "/v1/operations"):
                seen = scene.patient("GET", path)
                expect(f"GET {path} answers", seen.status == 200, seen)
            scene.fill()
            for name in ("stop", "delete an app", "delete a tenant"):
                seen = refusal(scene, by_name[name])
                expect(f"{name} works", seen == ("succeeded", None), seen)
            scene.run(f"rm -f {FILL}.*; systemctl restart tussilagod.service")
            for kind in KINDS[:3]:
                seen = refusal(scene, kind)
                expect(f"with room again, {kind.name} works", seen in (("succeeded", None), (409, "conflict")), seen)
        finally:
            scene.requests.end()
    return wrong
