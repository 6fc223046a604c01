"""look.py: prints for each line that it reads, as JSON, all that Tussilago has on this host, or its `operations` alone.

One map: where something is → what it is, without what differs between two runs of the same. Two states are the same if
their maps are equal. It stays, since to start it costs as much as to look.
"""

import contextlib
import glob
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
import sys
import time

TREES = ["/etc/systemd/system", "/etc/containers/systemd", "/var/lib/tussilago", "/run/tussilago-ingress", "/run/tussilago"]
# Podman's own.
NETWORKS = "/etc/containers/networks"
LEDGER = "/var/lib/tussilago/ledger.sqlite"
CREDENTIALS = "/etc/credstore.encrypted"
# A value is stored before its operation. One that has got none is spared by a collection for so long, in seconds.
SPARED = 3600
# Of units, instances of these kinds and of the platform's own templates.
UNITS = ["tussilago*", "run-tussilago*", "var-lib-tussilago*"]
# Neither differs by what the agent was asked for.
IGNORED = re.compile(r"/var/lib/tussilago/ledger\.sqlite|tussilagod|tussilago-postgres|/lost\+found|/run/tussilago/(backup|ledger-closed|\.?looks)|\.mount$")

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


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

    A release has its rank instead of its number, since one that failed has used a number up. One that was asked for twice
    has it in its last form; the one before, which another of the same content has replaced, is `repeated`.
    """

    def __init__(self, ledger):
        self.replacements, self.ranks, contents = [], {}, {}
        for row in ledger.execute("SELECT tenant, app, number, state, content FROM release ORDER BY number DESC"):
            numbers = self.ranks.setdefault((row["tenant"], row["app"]), {})
            content = json.loads(row["content"])
            same = row["tenant"], row["app"], json.dumps([content["manifest"], content["artefact"]], sort_keys=True)
            if row["state"] == "failed":
                numbers[row["number"]] = "failed"
            else:
                numbers[row["number"]] = "repeated" if same in contents else None
                contents[same] = row["number"]
        for (tenant, name), ranks in self.ranks.items():
            rank = 0
            for number in sorted(ranks):
                if ranks[number] is None:
                    rank += 1
                    ranks[number] = rank
                if number != ranks[number]:
                    app = f"{tenant}[-/]{name}"
                    for pattern in (rf"({app}/releases/\.?){number}\b", rf"({app}/live/\.?){number}\b",
                                    rf"({app}-[a-z.0-9]+@){number}\b", rf"(container tussilago-{app}-[a-z.0-9]+-){number}\b"):
                        self.replacements.append((pattern, rf"\g<1>#{ranks[number]}"))
        for tenant, name, index in ledger.execute("SELECT tenant, name, network FROM app"):
            self.replacements.append((rf"\btsl-{index}\b", f"tsl-<{tenant}/{name}>"))
            for number, rank in self.ranks.get((tenant, name), {}).items():
                if number != rank:
                    own = rf"{tenant}[-/]{name}/releases/[#\w]+/|tsl-<{tenant}/{name}>\."
                    self.replacements.append((rf"({own}){number}\b", rf"\g<1>#{rank}"))

    def rank(self, tenant, app, number):
        return self.ranks.get((tenant, app), {}).get(number, number)

    def replace(self, text):
        text = UUID.sub("<id>", text)
        for pattern, name in self.replacements:
            text = re.sub(pattern, name, text)
        text = re.sub(r"(Users|Network)=\d+", r"\1=<index>", text)
        text = re.sub(r'("(?:at|createdAt)\\*": ?)[\d.]+', r"\1<time>", text)
        # Users and addresses follow from the index.
        text = re.sub(r"\b(0:)\d{6,}(:65536)", r"\1<users>\2", text)
        text = re.sub(r"\b(socket|secrets %N) \d{6,}", r"\1 <user>", text)
        text = re.sub(r"\b10\.(8\d|9[0-5])\.\d+\.\d+", "<address>", text)
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
                        # Whole, for a number's meaning stands before it.
                        what += " → " + names.replace(os.path.normpath(os.path.join(folder, os.readlink(path))))
                    elif stat.S_ISREG(status.st_mode):
                        with open(path, errors="replace") as file:
                            content = names.replace(sorted_json(file.read()))
                        what += f" {content}" if len(content) < 8192 else " " + hashlib.sha256(content.encode()).hexdigest()
                except OSError:
                    continue  # it went meanwhile: whoever waits for a state looks again
                yield f"file {names.replace(path)}", what


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
    connection = UnixConnection("/run/caddy/admin.sock")
    connection.request("GET", "/config/apps/http/servers")
    for server, content in (json.loads(connection.getresponse().read()) or {}).items():
        for index, route in enumerate(content.pop("routes", [])):
            yield f"route {server} {json.dumps(route.get('match', index))}", json.dumps(route, sort_keys=True)
        yield f"caddy {server}", json.dumps(content, sort_keys=True)


def containers(names):
    connection = UnixConnection("/run/podman/podman.sock")
    connection.request("GET", "/v5.0.0/libpod/containers/json?all=true")
    for container in json.loads(connection.getresponse().read()):
        yield names.replace(f"container {container['Names'][0]}"), container["State"]
    for path in glob.glob(f"{NETWORKS}/tussilago-*.json"):
        yield f"network {os.path.basename(path)}", "there"
    for line in os.listdir("/sys/class/net"):
        if line.startswith("tsl-"):
            yield f"bridge {names.replace(line)}", "there"


def ledger(names, database):
    keys = {"tenant": 1, "app": 2, "release": 3, "template": 4, "hostname": 1, "claim": 4, "quota": 1, "secret": 4,
            "domain": 2}
    for row in database.execute("SELECT tenant, app, name, type, released_at IS NULL AS kept FROM service"):
        yield f"ledger service {row['tenant']}/{row['app']}/{row['name']}", f"{row['type']} {row['kept']}"
    for table, key in keys.items():
        for row in database.execute(f"SELECT * FROM {table}"):
            where = list(row)[:key]
            if table in ("release", "claim"):
                where[2] = names.rank(*where[:3])
            at = "/".join(map(str, where))
            # The last number is that of the last release, or of one that failed, and differs as they do.
            rest = {name: sorted_json(row[name]) if isinstance(row[name], str) else row[name] for name in row.keys()[key:]
                    if not re.search(r"_at$|^id$|^users$|^network$|^operation$|^credential$|^last_release$", name)}
            yield f"ledger {table} {at}", names.replace(json.dumps(rest, sort_keys=True))
    for row in database.execute("SELECT tenant, app, state FROM operation WHERE state NOT IN ('succeeded', 'failed', 'cancelled')"):
        yield f"ledger open {row['tenant']}/{row['app']}", row["state"]
    # Each operation that has ended has one record of that, whoever died meanwhile.
    ended = """SELECT operation.id, operation.state, count(audit.operation) AS records FROM operation LEFT JOIN audit
        ON audit.operation = operation.id AND audit.outcome = operation.state
        WHERE operation.state IN ('succeeded', 'failed', 'cancelled') GROUP BY operation.id HAVING records <> 1"""
    for row in database.execute(ended):
        yield f"ledger audit {row['id']}", f"{row['records']} records of what has {row['state']}"
    problem = database.execute("PRAGMA quick_check").fetchone()[0]
    if problem != "ok":
        yield "ledger file", problem


def databases():
    """What is on the server of apps' databases, if that runs: how many of each there are, as their names are ids."""
    socket_path = "/run/tussilago-postgres/.s.PGSQL.5432"
    if not os.path.exists(socket_path):
        return
    query = ("SELECT 'database', datconnlimit, datacl::text ~ '=T' FROM pg_database WHERE datname ~ '^d_' UNION ALL"
             " SELECT 'role', rolconnlimit, rolcanlogin FROM pg_roles WHERE rolname ~ '^[ro]_' ORDER BY 1, 2, 3")
    listed = text_of("psql", "-h", os.path.dirname(socket_path), "-U", "tussilago", "-d", "postgres", "-XAtqc", query)
    for number, line in enumerate(listed.splitlines()):
        yield f"database server {number}", line


def credentials(database):
    named = {}
    for row in database.execute("SELECT tenant, app, name, version, credential FROM secret"):
        named[f"tussilago.{row['credential'].lower()}"] = "/".join(map(str, list(row)[:4]))
    old = time.time() - SPARED
    for name in sorted(os.listdir(CREDENTIALS)):
        status = os.stat(f"{CREDENTIALS}/{name}")
        if name in named:
            yield f"credential of {named.pop(name)}", f"{stat.filemode(status.st_mode)} {owner(status)}"
        elif status.st_mtime < old:
            yield f"credential of nobody {name}", "there"
    for name, secret in named.items():
        yield f"credential of {secret}", "missing"


def operations(database):
    counted = database.execute("SELECT id, tenant, app, request, state FROM operation ORDER BY sequence DESC LIMIT 50")
    return [dict(row) for row in counted]


def everything(database):
    names = Names(database)
    seen = dict(files(names))
    for part in (units(names), caddy(), containers(names), databases(), credentials(database), ledger(names, database)):
        seen.update(part)
    return seen


for line in sys.stdin:
    # Opened anew: the file may be another one by now.
    with contextlib.closing(sqlite3.connect(f"file:{LEDGER}?mode=ro", uri=True, timeout=10)) as opened:
        opened.row_factory = sqlite3.Row
        answer = {"state": everything(opened)} if line.strip() == "all" else {}
        print(json.dumps(answer | {"operations": operations(opened)}), flush=True)
