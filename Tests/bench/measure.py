"""Measures Tussilago and what it is compared with, by turns (A B A B), and prints a table. Runs as root on the host.

Every number of a pair of columns is a median of the same run; `n` is how often each side was measured.
"""

import concurrent.futures
import copy
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import time

API = "/run/tussilago/api.sock"
PODMAN = "/run/podman/podman.sock"
CADDY = "/run/caddy/admin.sock"
SERVER = "/config/apps/http/servers/tussilago"
BENCH = "/srv/bench"
UPSTREAMS = "/var/lib/tussilago/upstreams"

DEPLOYS, ROLLBACKS, ACTIVATIONS, REQUESTS, SAMPLES, ROUTES, TABLES = 9, 9, 31, 2000, 5, 500, 2
APPS, RECONCILES = 200, 7

MANIFEST = """\
image = "localhost/python:3.13"
hostnames = ["{app}.example.org"]
drain = "0s"

[environment]
TEXT = "Hello from release {number}"

[limits]
memory = "256M"

[processes.web]
command = ["python3", "-u", "app.py"]
health = "/health"
"""


class UnixConnection(http.client.HTTPConnection):
    """An HTTP connection to a Unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def run(*command):
    """Runs a command; what it says is shown only when it fails."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done = subprocess.run(command, **pipes, text=True)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def timed(action, *arguments):
    """How long a call takes, in milliseconds."""
    begin = time.perf_counter()
    action(*arguments)
    return (time.perf_counter() - begin) * 1000


def by_turns(count, ours, theirs):
    """Measures A B A B; each takes the number of its turn, and gives a measurement."""
    pairs = [(ours(turn), theirs(turn)) for turn in range(count)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def get(connection, path):
    """Asks, and reads the whole answer; anything but 200 ends the run."""
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        sys.exit(f"bench: GET {path}: {answer.status} {body[:300]!r}")
    return body


def main_pid(service):
    return int(run("systemctl", "show", "--property=MainPID", "--value", service))


# Deploys


def platform_deploy(app, number):
    manifest = f"{BENCH}/{app}.toml"
    with open(manifest, "w") as file:
        file.write(MANIFEST.format(app=app, number=number))
    return timed(run, "tussilago", "deploy", f"acme/{app}", "--manifest", manifest, "--files", f"{BENCH}/files")


def rival_deploy(number):
    return timed(run, f"{BENCH}/deploy.sh", str(number))


def expect_release(app, number):
    """A deploy counts only if the new release is what a visitor gets."""
    page = run("curl", "-sS", "--max-time", "10", "-H", f"Host: {app}.example.org", "http://127.0.0.1/")
    if page != f"Hello from release {number} (release {number})\n":
        sys.exit(f"bench: {app} does not serve release {number}: {page[:300]}")


def deploys():
    """The second and later releases of a known hostname. The first pair is not counted: it warms both up."""
    run("tussilago", "tenant", "create", "acme")
    for app in ("shop", "rival"):
        run("tussilago", "app", "create", f"acme/{app}")
        platform_deploy(app, 1)

    def ours(turn):
        took = platform_deploy("shop", turn + 2)
        expect_release("shop", turn + 2)
        return took

    def theirs(turn):
        took = rival_deploy(turn + 2)
        expect_release("rival", turn + 2)
        return took

    shop, rival = by_turns(DEPLOYS + 1, ours, theirs)
    return shop[1:], rival[1:]


def serving(app, number, end):
    """Waits until a visitor gets a release.

    Nobody asks before the app's upstream leads there: a request every few milliseconds, through Caddy to an app in its
    sandbox, would slow down the start that is waited for, and nothing does so to the start that it is compared with.
    """
    while time.perf_counter() < end and not os.readlink(f"{UPSTREAMS}/acme/{app}").endswith(f"@{number}"):
        time.sleep(0.001)
    connection = http.client.HTTPConnection("127.0.0.1", 80, timeout=10)
    while time.perf_counter() < end:
        connection.request("GET", "/", headers={"Host": f"{app}.example.org"})
        if f"(release {number})" in connection.getresponse().read().decode():
            return
    sys.exit(f"bench: {app} does not serve release {number}")


def rollbacks():
    """From the command to the first answer of the earlier release, against the bare start of such a unit to its first."""
    newest = DEPLOYS + 2

    def ours(turn):
        number = newest - 1 + turn % 2
        begin = time.perf_counter()
        command = subprocess.Popen(
            ["tussilago", "rollback", "acme/shop", str(number)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        serving("shop", number, begin + 30)
        took = (time.perf_counter() - begin) * 1000
        output, _ = command.communicate()
        if command.returncode != 0:
            sys.exit(f"bench: rollback ended with {command.returncode}: {output.decode()}")
        return took

    def theirs(_):
        unit = f"tussilago-acme-rival-web@{newest}.service"
        run("systemctl", "stop", unit)

        def start():
            run("systemctl", "start", unit)
            serving("rival", newest, time.perf_counter() + 30)

        return timed(start)

    earlier, bare = by_turns(ROLLBACKS + 1, ours, theirs)
    return earlier[1:], bare[1:]


# Requests


def cold_request(service, path, target):
    """From nothing running to the answer's first byte, through the socket that systemd holds."""
    run("systemctl", "stop", service)
    request = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    begin = time.perf_counter()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(path)
        connection.sendall(request)
        first = connection.recv(65536)
        took = time.perf_counter() - begin
    if not first.startswith(b"HTTP/1.1 200"):
        sys.exit(f"bench: GET {target}: {first[:300]!r}")
    return took * 1000


def activations(target):
    """The agent's list of tenants is read from its ledger; `target` is what Podman is asked for."""
    return by_turns(
        ACTIVATIONS,
        lambda _: cold_request("tussilagod.service", API, "/v1/tenants"),
        lambda _: cold_request("podman.service", PODMAN, target),
    )


def warm_requests():
    """One request after the other on one connection."""
    connection = UnixConnection(API)
    get(connection, "/v1/tenants")
    times = sorted(timed(get, connection, "/v1/tenants") for _ in range(REQUESTS))
    connection.close()
    return times


# Memory


def resident(service):
    """VmRSS and RssAnon of a service's main process, in MB."""
    with open(f"/proc/{main_pid(service)}/status") as file:
        fields = dict(line.split(":", 1) for line in file)
    return tuple(int(fields[name].split()[0]) * 1024 / 1e6 for name in ("VmRSS", "RssAnon"))


def idle_memory():
    """Of a fresh process that has answered one request and has had nothing to do for a second."""

    def fresh(service, path, target):
        cold_request(service, path, target)
        time.sleep(1)
        return resident(service)

    return by_turns(
        SAMPLES,
        lambda _: fresh("tussilagod.service", API, "/v1/tenants"),
        lambda _: fresh("podman.service", PODMAN, "/v1.40/_ping"),
    )


def memory_after_work():
    """Of the agent that has performed the deploys and answered the requests."""
    time.sleep(1)
    return resident("tussilagod.service")


# Caddy


def caddy(method, target, value=None):
    """One call of Caddy's admin endpoint, on a connection of its own: each change replaces the endpoint."""
    connection = UnixConnection(CADDY)
    body = None if value is None else json.dumps(value)
    connection.request(method, target, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    if answer.status != 200:
        sys.exit(f"bench: Caddy: {method} {target}: {answer.status} {content[:300]!r}")
    return json.loads(content) if content.strip() else None


def table_writes():
    """A table of 500 routes in one write, as the agent does it, against a write for each route, on the same Caddy."""
    empty = caddy("GET", SERVER)
    model = next(route for route in empty["routes"] if route.get("@id") == "tussilago-acme-shop")
    empty["routes"] = [route for route in empty["routes"] if "@id" not in route]

    def route(number):
        made = copy.deepcopy(model)
        made["@id"] = f"tussilago-bench-{number}"
        made["match"] = [{"host": [f"app{number}.example.org"]}]
        return made

    routes = [route(number) for number in range(ROUTES)]

    def at_once():
        caddy("POST", SERVER, {**empty, "routes": routes + empty["routes"]})

    def singly():
        for each in routes:
            caddy("PUT", f"{SERVER}/routes/0", each)  # inserts: the page for unknown hosts must stay the last

    def measured(write):
        caddy("POST", SERVER, empty)
        took = timed(write)
        there = len(caddy("GET", f"{SERVER}/routes"))
        if there != ROUTES + len(empty["routes"]):
            sys.exit(f"bench: Caddy has {there} routes")
        return took

    try:
        return by_turns(TABLES, lambda _: measured(at_once), lambda _: measured(singly))
    finally:
        run("systemctl", "restart", "caddy.service")


# Reconcile

WORKER = """\
image = "localhost/python:3.13"

[processes.worker]
command = ["sleep", "86400"]
steady = "0s"
"""


def many_apps():
    """200 apps of one tenant with a release each. They are stopped: to a look that makes no difference."""
    manifest = f"{BENCH}/worker.toml"
    with open(manifest, "w") as file:
        file.write(WORKER)

    def make(number):
        app = f"many/a{number}"
        run("tussilago", "app", "create", app)
        run("tussilago", "deploy", app, "--manifest", manifest)
        run("tussilago", "stop", app)

    run("tussilago", "tenant", "create", "many")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(make, range(APPS)))
    run("tussilago", "reconcile", "--queue")


def processor_time(pid):
    """What a process has used in all, in milliseconds."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
            total += int(file.read().split()[0])
    return total / 1e6


def reconciles():
    """The agent's own time for a look at a host where nothing is to be done; each by an agent that has just started."""
    times = []
    for _ in range(RECONCILES):
        cold_request("tussilagod.service", API, "/v1/tenants")
        time.sleep(1)  # whatever its start and the first request still do
        pid = main_pid("tussilagod.service")
        before, reloads = processor_time(pid), run("systemctl", "show", "--property=UnitsLoadTimestampMonotonic")
        output = run("tussilago", "reconcile", "--queue")
        if "repaired" in output or run("systemctl", "show", "--property=UnitsLoadTimestampMonotonic") != reloads:
            sys.exit(f"bench: the host was not as it shall be:\n{output}")
        times.append(processor_time(pid) - before)
    return times


# The table


def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def row(what, unit, ours, theirs=None, goal="", met=None, count=1):
    """A row; `ours` and `theirs` are medians, `met` is None where there is no goal."""
    return (
        what,
        str(count),
        f"{number(ours)} {unit}",
        "-" if theirs is None else f"{number(theirs)} {unit}",
        "-" if theirs is None else f"{ours / theirs:.3f}",
        goal or "-",
        "-" if met is None else "yes" if met else "MISSED",
    )


def show(rows):
    rows = [("what", "n", "Tussilago", "rival", "ratio", "goal", "met"), *rows]
    widths = [max(len(each[column]) for each in rows) for column in range(len(rows[0]))]
    for each in rows:
        print("  ".join(text.ljust(width) for text, width in zip(each, widths)).rstrip())


def spread(name, times):
    print(f"{name}: {number(min(times))} to {number(max(times))} ms", flush=True)


def main():
    rows = []

    ours, theirs = deploys()
    spread("deploy", ours), spread("deploy by hand", theirs)
    a, b = statistics.median(ours), statistics.median(theirs)
    rows.append(row("deploy of a further release, against a script", "ms", a, b, "<= 1.10", a / b <= 1.10, len(ours)))

    ours, theirs = rollbacks()
    spread("rollback", ours), spread("bare start of a unit", theirs)
    a, b = statistics.median(ours), statistics.median(theirs)
    rows.append(row("rollback until it serves, against a bare start", "ms", a, b, "<= 1.05", a / b <= 1.05, len(ours)))

    warm = warm_requests()
    p50, p99 = warm[len(warm) // 2], warm[len(warm) * 99 // 100]
    worked = memory_after_work()

    # Podman's list comes from its database as well; its ping comes from nowhere.
    for what, target in (("list", "/v5.0.0/libpod/containers/json"), ("ping", "/v1.40/_ping")):
        ours, theirs = activations(target)
        spread("first byte", ours), spread(f"first byte of podman's {what}", theirs)
        a, b = statistics.median(ours), statistics.median(theirs)
        rows.append(row(f"socket to first byte, cold, against podman's {what}", "ms", a, b, "< 1", a < b, len(ours)))
    rows.append(row("GET /v1/tenants, warm, p50", "ms", p50, count=len(warm)))
    rows.append(row("GET /v1/tenants, warm, p99", "ms", p99, count=len(warm)))

    ours, theirs = idle_memory()
    a, b = (statistics.median(each[0] for each in side) for side in (ours, theirs))
    rows.append(row("idle VmRSS, against podman", "MB", a, b, "<= 30 MB", a <= 30, len(ours)))
    a, b = (statistics.median(each[1] for each in side) for side in (ours, theirs))
    rows.append(row("idle RssAnon, against podman", "MB", a, b, count=len(ours)))
    rows.append(row("VmRSS after the deploys and requests", "MB", worked[0], goal="<= 30 MB", met=worked[0] <= 30))
    rows.append(row("RssAnon after the deploys and requests", "MB", worked[1]))

    ours, theirs = table_writes()
    spread("one write to Caddy", ours), spread(f"{ROUTES} writes", theirs)
    a, b = statistics.median(ours), statistics.median(theirs)
    what = f"{ROUTES} routes: 1 write to Caddy against {ROUTES}"
    rows.append(row(what, "ms", a, b, "< 1", a < b, len(ours)))

    many_apps()
    times = reconciles()
    spread(f"reconcile of {APPS} apps", times)
    a = statistics.median(times)
    what = f"reconcile of {APPS} apps, nothing to do: the agent's own time"
    rows.append(row(what, "ms", a, goal="<= 50 ms", met=a <= 50, count=len(times)))

    print()
    show(rows)


if __name__ == "__main__":
    main()
