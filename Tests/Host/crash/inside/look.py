"""look.py: prints, as JSON, all that Tussilago has on this host, without what differs between two runs of the same.

One map: where something is → what it is. Two states are the same if their maps are equal.
"""

import grp
import hashlib
import http.client
import json
import os
import pwd
import re
import socket
import sqlite3
import stat
import subprocess

TREES = ["/etc/systemd/system", "/etc/containers/systemd", "/var/lib/tussilago", "/run/tussilago-ingress", "/run/tussilago"]
LEDGER = "/var/lib/tussilago/ledger.sqlite"
# Of units, instances of these kinds and of the platform's own templates.
UNITS = ["tussilago*", "run-tussilago*", "var-lib-tussilago*"]
# Neither differs by what the agent was asked for.
IGNORED = re.compile(r"/var/lib/tussilago/ledger\.sqlite|tussilagod|/lost\+found|/run/tussilago/backup|\.mount$")

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


class UnixConnection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("/run/caddy/admin.sock")


def sorted_json(text):
    """A text of JSON with its members in order: the agent's own order is another in each process. Others as they are."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    if not isinstance(value, (dict, list)):
        return text
    return json.dumps(value, sort_keys=True)


def text_of(*command):
    return subprocess.run(command, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True).stdout


class Names:
    """Numbers that only grow have a name instead: those of tenants' users and apps' networks, and ids.

    A release has its rank instead of its number, since one that failed has used a number up.
    """

    def __init__(self, ledger):
        self.replacements, self.ranks = [], {}
        for tenant, name, number, state in ledger.execute("SELECT tenant, app, number, state FROM release ORDER BY number"):
            ranks = self.ranks.setdefault((tenant, name), {})
            rank = len([each for each in ranks.values() if each != "failed"]) + 1
            ranks[number] = "failed" if state == "failed" else rank
        for (tenant, name), ranks in self.ranks.items():
            for number, rank in ranks.items():
                if number != rank:
                    app = f"{tenant}[-/]{name}"
                    for pattern in (rf"({app}/releases/\.?){number}\b", rf"({app}/live/\.?){number}\b", rf"({app}-[a-z.0-9]+@){number}\b"):
                        self.replacements.append((pattern, rf"\g<1>#{rank}"))
        for tenant, name, index in ledger.execute("SELECT tenant, name, network FROM app"):
            self.replacements.append((rf"\btsl-{index}\b", f"tsl-<{tenant}/{name}>"))

    def replace(self, text):
        text = UUID.sub("<id>", text)
        for pattern, name in self.replacements:
            text = re.sub(pattern, name, text)
        text = re.sub(r"(Users|Network)=\d+", r"\1=<index>", text)
        text = re.sub(r'("at\\*": ?)[\d.]+', r"\1<time>", text)
        # Users and addresses follow from the index.
        text = re.sub(r"\b(0:)\d{6,}(:65536)", r"\1<users>\2", text)
        text = re.sub(r"\bsocket \d{6,}", "socket <user>", text)
        text = re.sub(r"\b10\.90\.\d+\.\d+", "<address>", text)
        return re.sub(r'(TUSSILAGO_RELEASE=|"number\\*" ?: ?)\d+', r"\1<number>", text).replace("#", "")


def owner(status):
    """By name; a tenant's user has none, and is the same user whichever the tenant's range is."""
    names = []
    for read, number in ((pwd.getpwuid, status.st_uid), (grp.getgrgid, status.st_gid)):
        try:
            names.append(read(number)[0])
        except KeyError:
            names.append(f"<{number % 65536}>")
    return ":".join(names)


def files(names):
    for top in TREES:
        for folder, folders, others in os.walk(top):
            for path in [folder, *(os.path.join(folder, each) for each in others + folders)]:
                if IGNORED.search(path):
                    continue
                try:
                    status = os.lstat(path)
                    what = f"{stat.filemode(status.st_mode)} {owner(status)}"
                    if stat.S_ISLNK(status.st_mode):
                        what += f" → {os.readlink(path)}"
                    elif stat.S_ISREG(status.st_mode):
                        with open(path, errors="replace") as file:
                            content = names.replace(sorted_json(file.read()))
                        what += f" {content}" if len(content) < 8192 else " " + hashlib.sha256(content.encode()).hexdigest()
                except OSError:
                    continue  # it went meanwhile: whoever waits for a state looks again
                yield f"file {names.replace(path)}", names.replace(what)


def units(names):
    listed = text_of("systemctl", "list-units", "--all", "--plain", "--no-legend", "--full", *UNITS)
    for line in listed.splitlines():
        unit, load, active, sub = line.split()[:4]
        if not IGNORED.search(unit):
            yield f"unit {names.replace(unit)}", f"{load} {active} {sub}"
    for line in text_of("systemctl", "list-jobs", "--plain", "--no-legend", "--full").splitlines():
        if "tussilago" in line:
            yield f"job {names.replace(line.split()[1])}", " ".join(line.split()[2:])


def caddy():
    connection = UnixConnection("localhost")
    connection.request("GET", "/config/apps/http/servers")
    for server, content in (json.loads(connection.getresponse().read()) or {}).items():
        for index, route in enumerate(content.pop("routes", [])):
            yield f"route {server} {json.dumps(route.get('match', index))}", json.dumps(route, sort_keys=True)
        yield f"caddy {server}", json.dumps(content, sort_keys=True)


def containers(names):
    for line in text_of("podman", "ps", "--all", "--format", "{{.Names}} {{.State}}").splitlines():
        yield f"container {names.replace(line.split()[0])}", line.split()[1]
    for line in os.listdir("/sys/class/net"):
        if line.startswith("tsl-"):
            yield f"bridge {names.replace(line)}", "there"


def ledger(names, database):
    keys = {"tenant": 1, "app": 2, "release": 3, "template": 4, "hostname": 1, "claim": 4}
    for table, key in keys.items():
        for row in database.execute(f"SELECT * FROM {table}"):
            at = "/".join(map(str, tuple(row)[:key]))
            rest = {name: sorted_json(row[name]) if isinstance(row[name], str) else row[name] for name in row.keys()[key:] if not re.search(r"_at$|^id$|^users$|^network$|^operation$", name)}
            yield f"ledger {table} {at}", names.replace(json.dumps(rest, sort_keys=True))
    for row in database.execute("SELECT tenant, app, state FROM operation WHERE state NOT IN ('succeeded', 'failed', 'cancelled')"):
        yield f"ledger open {row['tenant']}/{row['app']}", row["state"]
    problem = database.execute("PRAGMA quick_check").fetchone()[0]
    if problem != "ok":
        yield "ledger file", problem


def main():
    database = sqlite3.connect(f"file:{LEDGER}?mode=ro", uri=True, timeout=10)
    database.row_factory = sqlite3.Row
    names = Names(database)
    seen = dict(files(names))
    for part in (units(names), caddy(), containers(names), ledger(names, database)):
        seen.update(part)
    counted = database.execute("SELECT id, tenant, app, request, state FROM operation ORDER BY sequence DESC LIMIT 50")
    print(json.dumps({"state": seen, "operations": [dict(row) for row in counted]}))


main()
