"""How much of an app's speed a noisy neighbour takes."""

import json
import statistics

from vm import EATER, SHOP

# As many rounds of each, in turn: what else the machine does meanwhile meets all alike.
ROUNDS, REQUESTS, RATE = 3, 300, 5.0
BURNERS = 4
GOAL = 1.5


def measure(vm):
    """p50 and p99 of requests through Caddy, in ms."""
    seen = json.loads(vm.run(
        f"chrt --fifo 10 python3 /srv/apps/pace.py {SHOP} {REQUESTS} {RATE}", timeout=REQUESTS / RATE))
    assert seen["failed"] == 0, seen
    return seen


def test_a_noisy_neighbour_leaves_the_others_their_speed(vm):
    unit = vm.instance(EATER)
    quota = vm.cgroup(unit, "cpu.max")
    said = vm.run(f"curl -sS -m 300 -H 'Host: {vm.hostname(EATER)}' 'http://127.0.0.1/burn?count={BURNERS}'")
    assert said == f"forked {BURNERS}", said
    figures = {"alone": [], "beside it": [], "without limits": []}
    try:
        for _ in range(ROUNDS):
            vm.run(f"systemctl freeze {unit}")
            figures["alone"].append(measure(vm))
            vm.run(f"systemctl thaw {unit}")
            figures["beside it"].append(measure(vm))
            # The control: neither a quota nor an even share.
            vm.run(f"systemctl set-property --runtime {unit} CPUQuota=;"
                   " systemctl set-property --runtime tussilago-umbra.slice CPUWeight=10000")
            figures["without limits"].append(measure(vm))
            vm.run(f"systemctl set-property --runtime {unit} CPUQuota=150%;"
                   " systemctl set-property --runtime tussilago-umbra.slice CPUWeight=")
            assert vm.cgroup(unit, "cpu.max") == quota, "the quota is not what it was"
    finally:
        vm.run(f"systemctl thaw {unit}; systemctl restart {unit}", timeout=120)
    for kind, rounds in figures.items():
        print(f"   {kind}: {[(each['p50'], each['p99']) for each in rounds]} (p50, p99 in ms of {REQUESTS} requests)")
    alone, beside, bare = (statistics.median(each["p99"] for each in rounds) for rounds in figures.values())
    print(f"   p99 beside it {beside / alone:.2f} times, without its limits {bare / alone:.2f} times what it is alone")
    assert bare > beside, "what the limits do cannot be seen"
    assert beside <= GOAL * alone, f"p99 is {beside / alone:.2f} times what it is alone; the goal is {GOAL}"
