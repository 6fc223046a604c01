"""What an admin lets a tenant's apps have beyond the strict policy."""

import json

from host import manifest

LOOSE = "loose.example.org"
SIZE = "import os, time; print('shm', os.statvfs('/dev/shm').f_blocks * os.statvfs('/dev/shm').f_frsize); time.sleep(9999)"


def asking(sandbox):
    return manifest(LOOSE, TEXT="loose", process=f"""
[processes.worker]
command = ["python3", "-u", "-c", "{SIZE}"]
[sandbox]
{sandbox}
""")


def shown(host, release, size):
    """The policy's amounts in the worker of a release: in its sandbox, and in its unit."""
    instances = host.json("tussilago status loose/app --json")["instances"]
    unit = next(each["unit"] for each in instances if each["process"] == "worker")
    assert unit.endswith(f"@{release}.service"), unit
    host.settled(lambda: f"shm {size}" in host.run(f"journalctl -u {unit} -o cat --no-pager"), f"/dev/shm has {size} bytes")
    return host.property(unit, "TimeoutStopUSec"), host.property(unit, "LogRateLimitBurst")


def test_a_tenant_has_more_than_the_strict_policy_only_with_an_admins_leave(host):
    host.deploy("loose/app", asking("shared-memory = '1M'\nstop = '3s'"))
    assert shown(host, 1, 1 << 20) == ("23s", "5000")
    more = asking("shared-memory = '32M'\nlog-lines = 6000")
    refused = host.try_deploy("loose/app", more)
    assert refused.code == 1 and "the policy of tenant loose allows 16M" in refused.output, refused.output
    assert "tussilago tenant policy" in refused.output, refused.output
    host.run("tussilago tenant policy loose --shared-memory 32M --log-lines 6000 --reason 'wheels of 100% pure \"shm\"'")
    assert "shared-memory to 32M" in host.run("tussilago tenant show loose")
    host.deploy("loose/app", more)
    assert shown(host, 2, 32 << 20) == ("30s", "6000")
    records = [json.loads(line) for line in host.run("tussilago audit export").splitlines() if '"tenant.policy"' in line]
    accepted = [each for each in records if each.get("outcome") == "accepted"]
    assert [each["detail"] for each in accepted] == ['shared_memory=33554432 log_lines=6000: wheels of 100% pure "shm"'], records
    told = host.run("tussilago tenant policy loose --strict")
    assert "loose/app: its release has shared-memory 32M" in told, told
    host.expect(LOOSE, 200, text="release 2")
    scaled = host.ask("tussilago scale loose/app worker=2")
    assert scaled.code == 1 and "allows 16M" in scaled.output, scaled.output
    assert "policy   strict\n" in host.run("tussilago tenant show loose") + "\n"
