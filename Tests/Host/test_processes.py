"""Processes besides the one that takes requests: workers."""

from host import manifest

WORKERS = "procs.example.org"


def worker(script, more=""):
    return f"""
[processes.worker]
command = ["python3", "-u", "-c", "{script}"]
{more}
"""


STEADY = "import time; print('worker of', __import__('os').environ['TUSSILAGO_RELEASE']); time.sleep(9999)"


def test_workers_run_beside_the_web_process_with_numbers_and_limits_of_their_own(host):
    more = "count = 2\nlimits = { memory = '96M', tasks = 200 }"
    host.deploy("procs/app", manifest(WORKERS, process=worker(STEADY, more), TEXT="procs"))
    host.expect(WORKERS, 200, text="release 1")
    units = ["tussilago-procs-app-worker@1.service", "tussilago-procs-app-worker@1.2.service"]
    assert [host.property(unit, "ActiveState") for unit in units] == ["active", "active"]
    limits = [(host.property(f"tussilago-procs-app-{name}@1.service", "MemoryMax"),
               host.property(f"tussilago-procs-app-{name}@1.service", "TasksMax")) for name in ("web", "worker")]
    assert limits == [(str(256 << 20), "512"), (str(96 << 20), "200")], limits
    host.run("tussilago scale procs/app worker=1")
    shown = host.json("tussilago status procs/app --json")
    assert [each["process"] for each in shown["instances"]] == ["web", "worker"], shown
    host.expect(WORKERS, 200, text="release 2")
    assert "worker of 2" in host.run("tussilago logs procs/app")


def test_a_worker_that_crashes_at_its_start_keeps_the_old_release(host):
    test = "import sys, time; time.sleep(0.5); sys.exit('no queue there')"
    before = host.get(WORKERS)
    result = host.try_deploy("procs/app", manifest(WORKERS, process=worker(test), TEXT="broken"))
    assert result.code == 1 and "no queue there" in result.output, result.output
    assert "ended before it had run for 3 s" in result.output and "tussilago logs procs/app" in result.output, result.output
    assert host.get(WORKERS) == before, (before, host.get(WORKERS))
    assert host.property("tussilago-procs-app-worker@2.service", "ActiveState") == "active"
    # The same worker with no such gate is taken: the check above sees the gate and nothing else.
    ungated = worker(test, "steady = '0s'")
    assert host.try_deploy("procs/app", manifest(WORKERS, process=ungated, TEXT="broken")).code == 0
    host.deploy("procs/app", manifest(WORKERS, process=worker(STEADY), TEXT="procs"))
