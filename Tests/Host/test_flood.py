"""Floods of the agent's socket: whoever floods gets a bounded answer, others are answered as before, and the agent
does not grow."""

import json
import re
import time

# What a user may have open is his own limit, so these come from somebody else than who asks meanwhile.
SOMEBODY = "setpriv --reuid=daemon --regid=nogroup --groups=tussilago"
# Bodies are only read of whoever may change something: these come from root.
FLOODS = {
    "connections": (SOMEBODY, {"429", "408", "closed", "nothing"}),
    "slow heads": (SOMEBODY, {"408", "429", "closed"}),
    "a field of 10 MB": (SOMEBODY, {"431", "429", "closed"}),
    "a million fields": (SOMEBODY, {"431", "429", "closed"}),
    "answers that nobody reads": (SOMEBODY, {"cut off"}),
    "bodies of 10 MB": ("", {"413", "429", "closed"}),
    "bodies without an end": ("", {"408", "429", "closed"}),
    "deep bodies": ("", {"400", "429", "closed"}),
    "wide bodies": ("", {"400", "429", "closed"}),
    "bodies that are no text": ("", {"400", "429", "closed"}),
    "paths that are no text": (SOMEBODY, {"400", "404", "429"}),
}
# The agent has more patience with these than the flood lasts; its unit tests show that it ends.
PATIENT = {"slow heads", "answers that nobody reads"}
SECONDS = 2
GROWTH = 8 << 20
# Below this a difference is the machine's and not the agent's, in seconds: other checks run beside this one.
NOISE = 0.1


def anonymous(host):
    """The agent's heap and stacks, in bytes. The files that it maps come and go (docs/decisions/0010)."""
    status = host.run("cat /proc/$(systemctl show -P MainPID tussilagod.service)/status")
    return int(re.search(r"RssAnon:\s+(\d+) kB", status)[1]) << 10


def ask(host):
    """The 99th percentile of the times of somebody who asks meanwhile, in seconds; all must be answered."""
    seen = json.loads(host.run(f"python3 /srv/inside/flood.py ask {SECONDS}"))
    assert set(seen["answers"]) == {"200"}, f"who asks meanwhile gets {seen['answers']}"
    times = sorted(seen["times"])
    return times[len(times) * 99 // 100]


def flood(host, kind):
    """What the flood was answered, how long others waited, and how much the agent has at the end of it."""
    who, _ = FLOODS[kind]
    # The lowest priority: what is shown is the agent's patience, not that a processor can be kept busy.
    with host.popen(f"exec {who} nice -n 19 python3 /srv/inside/flood.py '{kind}' {SECONDS + 1}") as process:
        time.sleep(0.5)
        slow = ask(host)
        size = anonymous(host)
        output, _ = process.communicate(timeout=60)
    return json.loads(output), slow, size


def test_floods_get_bounded_answers_and_hold_nobody_up(host):
    host.run("systemctl stop tussilagod.service; tussilago status; tussilago tenant list")
    quiet, before = ask(host), anonymous(host)
    process = host.property("tussilagod.service", "MainPID")
    largest = before
    for kind, (_, expected) in FLOODS.items():
        answers, slow, size = flood(host, kind)
        for _ in range(2):
            if slow <= max(2 * quiet, NOISE):
                break
            # Once more: the processors may have been busy with something else.
            quiet = max(quiet, ask(host))
            answers, slow, size = flood(host, kind)
        largest = max(largest, size)
        print(f"  {kind}: {answers}; others' p99 {slow * 1000:.1f} ms ({quiet * 1000:.1f} ms in quiet);"
              f" {(size - before) / (1 << 20):+.1f} MiB", flush=True)
        assert set(answers) <= expected and (answers or kind in PATIENT), f"{kind}: answered with {answers}"
        assert slow <= max(2 * quiet, NOISE), f"{kind}: others wait {slow:.3f} s, {quiet:.3f} s in quiet"
        assert size - before <= GROWTH, f"{kind}: the agent has grown by {size - before} bytes"
    assert host.property("tussilagod.service", "MainPID") == process, "the agent was replaced"


def test_the_agent_grows_where_its_limits_are_wide(host):
    """The control: the same flood, the same look, another agent."""
    path = "/etc/tussilago/tussilagod.toml.d/10-test.toml"
    host.write(path, '[api]\nbody = "64M"\n')
    host.run("systemctl stop tussilagod.service; tussilago status; tussilago tenant list")
    try:
        before = anonymous(host)
        _, _, size = flood(host, "bodies without an end")
        assert size - before > GROWTH, f"it has grown by {size - before} bytes only: the look shows nothing"
    finally:
        host.run(f"rm {path}; systemctl stop tussilagod.service")
