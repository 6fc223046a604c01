"""How a host is after each kind of operation without any harm, and the calls on the way there."""

import hashlib
import json
import os
import time

from points import Point

# How long the first host of a run may take to its next state, in seconds.
PATIENCE = 300


class References:
    """States and points by the kinds that an app has lived through: in files, for all hosts of a run and later runs."""

    def __init__(self, directory):
        self.directory, self.known = directory, {}

    def path(self, done):
        return os.path.join(self.directory, hashlib.sha256(json.dumps(done).encode()).hexdigest() + ".json")

    def has(self, done):
        return done in self.known or os.path.exists(self.path(done))

    def add(self, done, state, points):
        text = json.dumps({"state": state, "points": [[each.name, each.kind, each.what, each.changes] for each in points]})
        beside = f"{self.path(done)}.{os.getpid()}"
        with open(beside, "w") as file:
            file.write(text)
        os.rename(beside, self.path(done))

    def get(self, done):
        """State and points; waits for the host that is on its way there."""
        end = time.monotonic() + PATIENCE
        while done not in self.known:
            if os.path.exists(self.path(done)):
                with open(self.path(done)) as file:
                    content = json.load(file)
                self.known[done] = content["state"], [Point(*each) for each in content["points"]]
            else:
                assert time.monotonic() < end, f"no host came to {done[-1:]}"
                time.sleep(0.1)
        return self.known[done]
