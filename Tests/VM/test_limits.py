"""What a manifest's limits come to: the numbers in the control groups, and what the kernel does by them.

The eater is asked for too much; the app of the README's first deploy is its neighbour. A control takes one limit away.
"""

import contextlib

from vm import EATER, SHOP

NEIGHBOUR, AGENT, CADDY = "acme/shop", "tussilagod.service", "caddy.service"
# MiB, and tasks. A sandbox with an idle Python takes about 90 and 50 of them.
MEMORY, TASKS = 160, 100
LIMITS = f'memory = "{MEMORY}M"\ncpu = "150%"\ntasks = {TASKS}\nio-weight = 50'


def life(vm, unit):
    """What changes when a unit is started again, or anything of it is killed."""
    return vm.run(f"systemctl show -P InvocationID -P NRestarts -P MainPID -- '{unit}'"), vm.events(unit)["oom_kill"]


@contextlib.contextmanager
def all_others_live_on(vm):
    """That nothing happens meanwhile to the neighbour, the agent and Caddy."""
    # The agent shall be there to be hit, and not leave by itself.
    folder = "/etc/tussilago/tussilagod.toml.d"
    vm.run(f"mkdir -p {folder}; printf '[agent]\\nidle = \"1h\"\\n' >{folder}/10-test.toml;"
           f" systemctl stop {AGENT}; tussilago status")
    try:
        before = {unit: life(vm, unit) for unit in (vm.instance(NEIGHBOUR), AGENT, CADDY)}
        yield
        vm.expect(SHOP, 200)
        for unit, was in before.items():
            now = life(vm, unit)
            assert now == was, f"{unit} was hit: {was} became {now}"
    finally:
        vm.run(f"rm {folder}/10-test.toml; systemctl stop {AGENT}")


@contextlib.contextmanager
def without(vm, limit):
    """One limit of the eater's unit is taken away."""
    unit = vm.instance(EATER)
    before = vm.property(unit, limit)
    vm.run(f"systemctl set-property --runtime {unit} {limit}=infinity")
    try:
        yield
    finally:
        vm.run(f"systemctl set-property --runtime {unit} {limit}={before}")


def ask(vm, path):
    """Status and body of a request to the eater, which may be the end of it."""
    result = vm.ask(f"curl -sS -m 300 -w ' %{{http_code}}' -H 'Host: {vm.hostname(EATER)}' 'http://127.0.0.1{path}'")
    body, _, status = result.output.rpartition(" ")
    return status, body


def test_the_control_groups_say_what_the_manifests_say(vm):
    vm.app_with(EATER, LIMITS)
    for app, memory, processor, tasks, weight in (
            (EATER, MEMORY, "150000 100000", TASKS, 50), (NEIGHBOUR, 256, "100000 100000", 512, 100)):
        unit = vm.instance(app)
        wanted = {"memory.max": str(memory << 20), "memory.swap.max": "0", "memory.oom.group": "1",
                  "cpu.max": processor, "pids.max": str(tasks), "io.weight": f"default {weight}"}
        seen = {name: vm.cgroup(unit, name) for name in wanted}
        assert seen == wanted, f"{unit}: {seen} and not {wanted}"


def test_all_of_a_sandbox_is_in_its_units_control_group(vm):
    """Limits hold for what is in there, and for nothing else."""
    unit = vm.instance(EATER)
    group = vm.property(unit, "ControlGroup")
    assert group.startswith("/tussilago.slice/tussilago-umbra.slice/tussilago-umbra-eater.slice/"), group
    # By what they are, wherever they are: the sandbox and its gofer, and the stubs of the sandbox's processes.
    seen = vm.run(
        "for each in /proc/[0-9]*; do"
        " if tr '\\0' ' ' <$each/cmdline | grep -qE '^(runsc-|.exe. )'; then cat $each/cgroup; fi; done 2>/dev/null; true")
    groups = [line.split(":", 2)[2] for line in seen.splitlines()]
    assert sum(each.startswith(group + "/") for each in groups) >= 3, f"what is in {group} cannot be seen: {groups}"
    astray = [each for each in groups if not each.startswith("/tussilago.slice/tussilago-")]
    assert not astray, f"a sandbox's processes are in {astray}"
    idle = {name: vm.cgroup(unit, name) for name in ("memory.peak", "pids.current")}
    print(f"   an idle sandbox: {idle}")


def test_a_limit_of_a_tenant_holds_for_its_apps(vm):
    """As the README says: systemctl edit tussilago-TENANT.slice."""
    tenant = "tussilago-umbra.slice"

    def limit(memory, tasks, processor):
        vm.run(f"printf '[Slice]\\nMemoryMax={memory}\\nTasksMax={tasks}\\nCPUQuota={processor}\\n' |"
               f" systemctl edit --stdin {tenant}")
        return [vm.cgroup(tenant, name) for name in ("memory.max", "pids.max", "cpu.max")]

    assert vm.cgroup(tenant, "memory.max") == "max", "there is a limit before"
    seen = limit("300M", 400, "70%%")
    assert seen == [str(300 << 20), "400", "70000 100000"], seen
    # systemd leaves in place what no unit file speaks of any more: a limit goes by saying that there is none.
    seen = limit("infinity", "infinity", "")
    assert seen == ["max", "max", "max 100000"], seen
    vm.run(f"rm -r /etc/systemd/system/{tenant}.d; systemctl daemon-reload")


def test_an_app_over_its_memory_is_killed_alone_and_comes_back(vm):
    unit = vm.instance(EATER)
    with all_others_live_on(vm):
        before, killed = vm.property(unit, "InvocationID"), vm.events("tussilago-umbra.slice")["oom_kill"]
        since = vm.run("date +%s")
        status, said = ask(vm, f"/eat?mb={2 * MEMORY}")
        assert status != "200", f"it ate twice its memory: {said}"
        vm.settled(lambda: vm.property(unit, "InvocationID") != before, "a new start", within=300)
        vm.expect(vm.hostname(EATER), 200, text="release", within=300)
    told = vm.run(f"journalctl --no-pager -q -o cat --since=@{since} UNIT='{unit}'")
    assert "Failed with result 'oom-kill'" in told, f"systemd does not know why it ended: {told}"
    kernel = vm.run(f"journalctl --no-pager -q -o cat -k --since=@{since}")
    group = vm.property(unit, "ControlGroup")
    assert f"oom_memcg={group}," in kernel, f"it was not this unit's limit: {kernel[-2000:]}"
    assert vm.events("tussilago-umbra.slice")["oom_kill"] > killed


def test_without_that_limit_it_eats_as_much_and_lives(vm):
    vm.expect(vm.hostname(EATER), 200, text="release", within=300)
    unit = vm.instance(EATER)
    with without(vm, "MemoryMax"):
        before = life(vm, unit)
        status, said = ask(vm, f"/eat?mb={2 * MEMORY}")
        assert (status, said) == ("200", f"ate {2 * MEMORY}"), (status, said)
        assert life(vm, unit) == before, "it was killed all the same"
        vm.run(f"systemctl restart {unit}", timeout=120)  # what it has eaten would not go below the limit


def test_a_fork_bomb_ends_at_its_own_limit(vm):
    vm.expect(vm.hostname(EATER), 200, text="release", within=300)
    unit = vm.instance(EATER)
    with all_others_live_on(vm):
        refused = vm.events("tussilago-umbra.slice", "pids.events")["max"]
        status, said = ask(vm, f"/fork?count={TASKS}")
        assert vm.events("tussilago-umbra.slice", "pids.events")["max"] > refused, f"no limit was met: {status} {said}"
    print(f"   it said: {status} {said[:80]!r}")
    vm.run(f"systemctl restart {unit}", timeout=120)


def test_without_that_limit_the_same_forks_pass(vm):
    vm.expect(vm.hostname(EATER), 200, text="release", within=300)
    unit = vm.instance(EATER)
    with without(vm, "TasksMax"), without(vm, "MemoryMax"):
        status, said = ask(vm, f"/fork?count={TASKS}")
        assert (status, said) == ("200", f"forked {TASKS}"), (status, said)
        tasks = int(vm.cgroup(unit, "pids.current"))
        assert tasks > TASKS, f"{tasks} tasks would not have met the limit"
        vm.run(f"systemctl restart {unit}", timeout=120)


def test_the_agent_is_small_and_the_last_to_be_killed(vm):
    """It has no limit of its own: what is to be killed for a host without memory is chosen by the kernel, not it."""
    vm.run("tussilago status")
    assert vm.cgroup(AGENT, "memory.max") == "max"
    assert vm.run(f"cat /proc/$(systemctl show -P MainPID {AGENT})/oom_score_adj") == "-500"
    peak = int(vm.cgroup(AGENT, "memory.peak")) >> 20
    print(f"   its control group had at most {peak} MiB")
    assert peak <= 64, f"{peak} MiB"
