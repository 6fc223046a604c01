#!/usr/bin/env python3
"""canary.py FILE: where on this host the lines of FILE are found, as they are or encoded, a place a line; then how many
places were looked at.

It looks at the arguments and environment of all processes, at all files but those of the apps' own secrets, at the journal
and at what the API answers. The file itself goes first.
"""

import base64
import io
import json
import os
import subprocess
import sys

ALLOWED = "/run/tussilago-secrets"
# Programs are others'; what is in /proc and /sys is looked at by itself.
LEFT_OUT = {"/proc", "/sys", "/usr", "/dev/pts", ALLOWED}
# What is read at once, and the most that any form of a value has.
PIECE, LONGEST = 16 << 20, 256


def forms(text):
    """A text as it is, in hexadecimal, and in base64 at each of its three offsets."""
    plain = text.encode()
    yield plain
    yield plain.hex().encode()
    yield plain.hex().upper().encode()
    for offset in range(3):
        whole = base64.b64encode(b"\0" * offset + plain)
        yield whole[4 if offset else 0:-4]


def get(address):
    answer = subprocess.run(
        ["curl", "-sS", "-m", "60", "--unix-socket", "/run/tussilago/api.sock", f"http://localhost/v1/{address}"],
        stdout=subprocess.PIPE, check=True)
    return answer.stdout


def pages(address):
    """All pages of a list: each one's text and items."""
    cursor = ""
    while cursor is not None:
        text = get(f"{address}?limit=100{cursor}")
        page = json.loads(text)
        yield text, page["items"]
        cursor = f"&cursor={page['next']}" if page.get("next") else None


def answers():
    """What the API answers about everything, by address."""
    for address in ["status", "findings", "waste", "openapi.json", "tenants", "backup"]:
        yield address, get(address)
    for text, apps in pages("apps"):
        yield "apps", text
        for app in apps:
            path = f"tenants/{app['tenant']}/apps/{app['name']}"
            for kind in ("", "/status", "/secrets", "/routes"):
                yield path + kind, get(path + kind)
            for text, _ in pages(f"{path}/releases"):
                yield f"{path}/releases", text
    for text, operations in pages("operations"):
        yield "operations", text
        for operation in operations:
            # The others' events are in the ledger, which is looked through as a file.
            if operation.get("kind", "").startswith("secret.") and operation["state"] in ("succeeded", "failed"):
                yield f"events of {operation['kind']}", get(f"operations/{operation['id']}/events")


def contents():
    """What there is to look through: names, and what to read from."""
    for process in filter(str.isdigit, os.listdir("/proc")):
        for kind in ("cmdline", "environ"):
            yield f"process {process} {kind}", lambda: open(f"/proc/{process}/{kind}", "rb")
    for directory, names, files in os.walk("/"):
        names[:] = [name for name in names if os.path.join(directory, name) not in LEFT_OUT]
        for name in files:
            path = os.path.join(directory, name)
            if os.path.isfile(path) and not os.path.islink(path):
                yield path, lambda: open(path, "rb")
    yield "the journal", lambda: io.BytesIO(
        subprocess.run(["journalctl", "-q", "--all", "-o", "export"], stdout=subprocess.PIPE, check=True).stdout)
    for address, text in answers():
        yield f"GET {address}", lambda: io.BytesIO(text)


def has(file, beginnings, wanted):
    kept = b""
    while piece := file.read(PIECE):
        piece = kept + piece
        # Few pieces have a beginning, so there is one look for it and not one for each value.
        if any(each in piece for each in beginnings) and any(each in piece for each in wanted):
            return True
        kept = piece[-LONGEST:]
    return False


def main():
    with open(sys.argv[1]) as file:
        canaries = file.read().split()
    os.unlink(sys.argv[1])
    assert all("canary" in each for each in canaries)
    beginnings, wanted = list(forms("canary")), [form for each in canaries for form in forms(each)]
    seen = 0
    for name, source in contents():
        try:
            with source() as file:
                seen += 1
                if has(file, beginnings, wanted):
                    print(name)
        except OSError:
            pass  # it has ended, or is gone
    print(f"{seen} places")


main()
