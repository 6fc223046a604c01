"""The processes that sandboxes are made of, as the host sees them, and what is wrong with them."""

import json

# What Sources/tussilago-runsc/Runsc.swift pins.
FLAGS = {
    "--platform": "systrap", "--directfs": "false", "--overlay2": "root:memory", "--file-access-mounts": "shared",
    "--network": "sandbox", "--net-raw": "false", "--host-uds": ("create", "none"), "--host-fifo": "none",
    "--allow-flag-override": "false",
}
# Flags that switch debugging on, or a part of the sandbox off.
NEVER = ("--debug=true", "--strace=true", "--profile=true", "TESTONLY", "--fuse2=true")
# The tenants' ranges, docs/decisions/0007.
USERS = range(0x7000_0000, 0x7FFE_0000)
# With --directfs=false runsc gives the sandbox itself no user of the tenant's, but a user namespace in which there is
# nobody else than nobody: it needs no file. systrap keeps it in the PID namespace that it finds.
NOBODY = "65534"
# What runsc leaves its processes, inside a user namespace of the tenant's: kernel's capability numbers.
# The gofer: CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, FSETID, SYS_CHROOT; the sandbox: SYS_PTRACE, SYS_CHROOT …
RIGHTS = {"runsc-gofer": 0x4001F, "runsc-sandbox": 0x8001F}
NAMESPACES = ("ipc", "mnt", "net", "pid", "user", "uts")

LOOK = r"""
import glob, json, os
def read(path):
    with open(path, "rb") as file:
        return file.read()
seen = {}
for path in glob.glob("/proc/[0-9]*"):
    try:
        words = read(path + "/cmdline").decode(errors="replace").split("\0")
        if not words[0].startswith("runsc-"):
            continue
        status = dict(line.split(":\t", 1) for line in read(path + "/status").decode().splitlines() if ":\t" in line)
        group = read(path + "/cgroup").decode().strip().split("\n")[-1].split(":")[2]
        unit = next((part for part in group.split("/") if part.endswith(".service")), group)
        spaces = [name for name in NAMESPACES if os.readlink(f"{path}/ns/{name}") != os.readlink(f"/proc/1/ns/{name}")]
        seen.setdefault(unit, []).append({
            "words": words, "uids": status["Uid"].split(), "rights": int(status["CapEff"], 16),
            "bounds": int(status["CapBnd"], 16), "seccomp": status["Seccomp"], "nnp": status["NoNewPrivs"],
            "own": spaces, "map": read(path + "/uid_map").decode().split()})
    except (FileNotFoundError, ProcessLookupError):
        pass
print(json.dumps(seen))
"""


def sandboxes(host, outside=False):
    """By unit, the processes of runsc's: those of apps, or all others."""
    host.write("/srv/look.py", LOOK.replace("NAMESPACES", repr(NAMESPACES)))
    seen = json.loads(host.run("python3 /srv/look.py"))
    return {unit: each for unit, each in seen.items() if unit.startswith("tussilago-") != outside}


def complaints(processes):
    """What is not as it shall be."""
    found = []
    kinds = {each["words"][0] for each in processes}
    if not {"runsc-gofer", "runsc-sandbox"} <= kinds:
        found.append(f"has only {sorted(kinds)}")
    for each in processes:
        kind = each["words"][0]
        for name, value in FLAGS.items():
            given = [word for word in each["words"] if word.split("=")[0] == name]
            allowed = value if isinstance(value, tuple) else (value,)
            if len(given) != 1 or given[0].split("=", 1)[-1] not in allowed:
                found.append(f"{kind}: {name} is {given or 'not given'}")
        found += [f"{kind}: {word}" for word in each["words"] if word.startswith(NEVER)]
        if kind == "runsc-sandbox":
            users, mapped, shared = set(each["uids"]) == {NOBODY}, each["map"] == [NOBODY, NOBODY, "1"], {"pid"}
        else:
            users = all(int(uid) in USERS for uid in each["uids"])
            mapped = each["map"][0] == "0" and int(each["map"][1]) in USERS and each["map"][2:] == ["65536"]
            shared = set()
        if not users:
            found.append(f"{kind}: is user {each['uids']}")
        if not mapped:
            found.append(f"{kind}: maps users {each['map']}")
        if each["rights"] & ~RIGHTS.get(kind, 0):
            found.append(f"{kind}: has the capabilities {each['rights']:x}")
        if each["seccomp"] != "2":
            found.append(f"{kind}: has no filter of system calls ({each['seccomp']})")
        missing = [name for name in NAMESPACES if name not in each["own"] and name not in shared]
        if missing:
            found.append(f"{kind}: shares {missing} with the host")
    return found
