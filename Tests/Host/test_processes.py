"""Processes besides the one that takes requests: workers, and jobs on a schedule."""

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
    assert result.code == 1, result.output
    # The journal may have the line a moment later than the error was told.
    host.settled(lambda: "no queue there" in host.run("tussilago logs procs/app --process worker"), "the log says why")
    assert "ended before it had run for 3 s" in result.output and "tussilago logs procs/app" in result.output, result.output
    assert host.get(WORKERS) == before, (before, host.get(WORKERS))
    assert host.property("tussilago-procs-app-worker@2.service", "ActiveState") == "active"
    # The same worker with no such gate is taken: the check above sees the gate and nothing else.
    ungated = worker(test, "steady = '0s'")
    assert host.try_deploy("procs/app", manifest(WORKERS, process=ungated, TEXT="broken")).code == 0
    host.deploy("procs/app", manifest(WORKERS, process=worker(STEADY), TEXT="procs"))


JOB = """
[processes.tick]
command = ["python3", "-u", "-c", "import os, sys; print('tick of', os.environ['TUSSILAGO_RELEASE']); sys.exit(%d)"]
schedule = "*-*-01 00:00"
timeout = "20s"
"""
FAST = "/etc/systemd/system/tussilago-procs-jobs-tick@.timer.d"
JOBS = "jobs.example.org"


def job(host):
    return host.json("tussilago status procs/jobs --json")["jobs"][0]


def ended(host, release):
    """The last run of the job, once it has ended in this release."""
    def has():
        shown = job(host)
        return shown["release"] == release and (shown.get("last") or {}).get("result")
    host.settled(has, f"the job runs in release {release}: {job(host)}", within=20)
    return job(host)["last"]


def test_a_job_runs_by_its_timer_and_its_result_and_log_are_seen(host):
    # An admin's drop-in has it run every two seconds, which no manifest may ask for, until it has run.
    host.run(f"mkdir -p {FAST}")
    host.write(f"{FAST}/fast.conf", "[Timer]\nOnCalendar=\nOnCalendar=*:*:0/2\n")
    try:
        host.deploy("procs/jobs", manifest(JOBS, process=JOB % 0, TEXT="jobs"))
        ended(host, 1)
    finally:
        host.run(f"rm -r {FAST}; systemctl daemon-reload; systemctl try-restart 'tussilago-procs-jobs-tick@*.timer'")
    last = ended(host, 1)
    assert last["result"] == "success" and last["status"] == 0, last
    shown = job(host)
    assert shown["schedule"] == "*-*-01 00:00:00" and shown["active"] == "active" and shown["next"], shown
    said = host.run("tussilago status procs/jobs")
    assert "tick, *-*-01 00:00:00, next " in said and "ended well" in said, said
    assert "tick of 1" in host.run("tussilago logs procs/jobs --process tick")
    assert "this is jobs" not in host.run("tussilago logs procs/jobs --process tick")
    # One that fails is told of, and neither restarted nor a reason to go back. Its timer goes on.
    reloads = host.reloads()
    host.deploy("procs/jobs", manifest(JOBS, process=JOB % 3, TEXT="jobs"))
    assert host.ask("systemctl start tussilago-procs-jobs-tick.2@2.service").code == 1, "it has not failed"
    last = ended(host, 2)
    assert last["result"] == "exit-code" and last["status"] == 3, last
    assert "failed (exit-code, status 3)" in host.run("tussilago status procs/jobs")
    assert host.property("tussilago-procs-jobs-tick@1.timer", "ActiveState") == "inactive"
    assert host.property("tussilago-procs-jobs-tick.2@2.timer", "ActiveState") == "active"
    assert host.json("tussilago status procs/jobs --json")["state"] == "running"
    assert reloads != host.reloads(), "the command is the template's"
    # The same again is another release, with no reload; the job moves with it.
    reloads = host.reloads()
    host.deploy("procs/jobs", manifest(JOBS, process=JOB % 3, TEXT="again"))
    assert reloads == host.reloads() and job(host)["timer"] == "tussilago-procs-jobs-tick.2@3.timer", job(host)


def test_a_job_stops_and_starts_with_its_app_and_goes_with_it(host):
    if host.ask("tussilago app show procs/jobs | grep -q current").code != 0:
        host.deploy("procs/jobs", manifest(JOBS, process=JOB % 0, TEXT="jobs"))
    first, timer = job(host)["release"], job(host)["timer"]
    host.run("systemctl stop tussilago-procs-jobs.target")
    assert host.property(timer, "ActiveState") == "inactive"
    host.run("systemctl start tussilago-procs-jobs.target")
    host.settled(lambda: host.property(timer, "ActiveState") == "active", f"{timer} starts with its target")
    # What an admin has stopped is left; what was lost is made anew.
    host.run(f"systemctl stop {timer}; tussilago reconcile --queue")
    assert host.property(timer, "ActiveState") == "inactive"
    file = f"/etc/systemd/system/{timer.split('@')[0]}@.timer"
    host.run(f"rm {file}; tussilago reconcile --queue; test -e {file}; systemctl start {timer}")
    # A rollback has its own release's job.
    host.deploy("procs/jobs", manifest(JOBS, process=JOB % 4, TEXT="next"))
    assert job(host)["timer"] != timer, job(host)
    host.run(f"tussilago rollback procs/jobs {first}")
    assert job(host)["timer"] == timer and host.property(timer, "ActiveState") == "active", job(host)
    host.run("tussilago app delete procs/jobs")
    left = host.run("ls /etc/systemd/system /etc/containers/systemd/tussilago/* 2>/dev/null | grep procs-jobs || true;"
                    " systemctl list-units --all --no-legend 'tussilago-procs-jobs*' || true")
    assert left == "", left


def test_a_schedule_is_refused_where_it_stands(host):
    host.app("procs/app")
    for schedule, reason in (("*:*:0/5", "once a minute at most"), ("daily Nowhere/Atlantis", "knows no time zone"),
                             ("daily\\nOnCalendar=*:*:*", "schedule")):
        wrong = JOB.replace("*-*-01 00:00", schedule) % 0
        result = host.try_deploy("procs/app", manifest(WORKERS, process=wrong))
        assert result.code != 0 and reason in result.output and "processes.tick.schedule" in result.output, result.output
        assert "manifest.toml:13:12" in result.output, result.output
