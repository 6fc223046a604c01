"""Python from source: sample projects, builds and what keeps them, with wheels that this machine's pip has downloaded."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time

from host import HERE, TESTHOST, TOP, Skipped
from test_releases import load

PROJECTS = f"{HERE}/projects"
IMAGE = "localhost/python:3.13"
BUILDS = "tussilago-*-build@*.service"


def prepare(host):
    """Wheels, uv and a runtime, as an admin puts them there."""
    script = f"{TOP}/Tests/TestHost/wheels"
    made = subprocess.run([script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
    host.wheels = made.stdout.strip() if made.returncode == 0 else None
    if not host.wheels:
        return
    host.testhost("push", f"{host.wheels}/wheels", "/srv/wheels")
    host.testhost("push", f"{host.wheels}/uv", "/usr/local/bin/uv")
    host.testhost("push", PROJECTS, "/srv/projects")
    host.run("chmod -R a+rX /srv/wheels; mkdir -p /etc/tussilago/tussilagod.toml.d;"
             """ printf '[python]\\nwheels = "/srv/wheels"\\ntimeout = "120s"\\n' > /etc/tussilago/tussilagod.toml.d/python.toml;"""
             " systemctl restart tussilagod.service")
    host.run(f"tussilago runtime add 3.13 {IMAGE}")


def wanted(host):
    if not getattr(host, "wheels", None):
        raise Skipped("pip could not download the wheels of the sample projects")


def copy(host, name, to, edit=None, files=None):
    """A copy of a sample project in the host, with texts replaced and files added."""
    with tempfile.TemporaryDirectory(dir=host.parent) as directory:
        folder = f"{directory}/{name}"
        shutil.copytree(f"{PROJECTS}/{name}", folder)
        for path, text in (files or {}).items():
            os.makedirs(os.path.dirname(f"{folder}/{path}"), exist_ok=True)
            with open(f"{folder}/{path}", "w") as file:
                file.write(text)
        for path, old, new in edit or []:
            with open(f"{folder}/{path}") as file:
                text = file.read()
            assert old in text, (path, old)
            with open(f"{folder}/{path}", "w") as file:
                file.write(text.replace(old, new))
        host.run(f"rm -rf {to}")
        host.testhost("push", folder, to)


def deploy(host, app, folder, options="", timeout=180):
    host.app(app)
    return host.ask(f"tussilago deploy {app} {folder} {options}", timeout)


def deployed(host, app, folder, options=""):
    result = deploy(host, app, folder, options)
    assert result.code == 0, f"deploy of {folder} ended with {result.code}:\n{result.output}"
    return result.output


def flask(host, app="py/flask", hostname="flask.example.org"):
    """A project that serves, whose packages were installed."""
    wanted(host)
    if host.ask(f"tussilago app show {app} | grep -q current").code != 0:
        deployed(host, app, "/srv/projects/flask", f"--hostname {hostname}")


def nothing_is_left(host):
    assert host.run("ls -A /run/tussilago-build") == "", "a build has left its directory"
    assert host.run("ls -A /var/lib/tussilago/builds") == "", "a build has left what it found"
    left = host.run(f"systemctl list-units --no-legend --plain --state=active,activating '{BUILDS}'")
    assert left == "", f"builds are left: {left}"


def current(host, app):
    return next(each["number"] for each in host.json(f"tussilago releases {app} --json") if each["state"] == "current")


# What works


def test_a_plain_file_is_served_with_no_manifest(host):
    wanted(host)
    said = deployed(host, "py/plain", "/srv/projects/plain", "--hostname plain.example.org")
    assert "WSGI" in said and "gunicorn" in said, said
    host.expect("plain.example.org", 200, text="plain first\npython 3.13 release 1")
    nothing_is_left(host)


def test_a_flask_project_is_served_with_no_manifest(host):
    flask(host)
    host.expect("flask.example.org", 200, text="/packages/lib/python3.13/site-packages/flask/")


def test_a_fastapi_project_is_served_with_no_manifest(host):
    wanted(host)
    deployed(host, "py/fastapi", "/srv/projects/fastapi", "--hostname fastapi.example.org")
    host.expect("fastapi.example.org", 200, "/items/7", '{"number":7,"text":"fastapi first"}')


def test_a_django_project_is_served_with_its_files_collected(host):
    wanted(host)
    said = deployed(host, "py/django", "/srv/projects/django", "--hostname django.example.org")
    assert "Django" in said and "static files are collected" in said, said
    host.expect("django.example.org", 200, text="django first")
    host.expect("django.example.org", 200, "/static-files", text="pages/style.css")


def static(host, path):
    """Status, and who has answered."""
    head = host.run("curl -sS -m 20 -o /dev/null -D - --path-as-is -H 'Host: django.example.org'"
                    f" 'http://127.0.0.1{path}'").lower()
    return int(head.split()[1]), "app" if "server: gunicorn" in head else "caddy"


def test_caddy_answers_with_static_files_and_with_no_others(host):
    wanted(host)
    if host.ask("tussilago app show py/django | grep -q current").code != 0:
        deployed(host, "py/django", "/srv/projects/django", "--hostname django.example.org")
    assert static(host, "/static/pages/style.css") == (200, "caddy")
    host.expect("django.example.org", 200, "/static/pages/style.css", text="color: green")
    # What is not there, is a directory, or lies beside is the app's to answer, or nobody's.
    for path in ("/static/nothing.css", "/static/", "/static/pages", "/static/pages/", "/static-files"):
        assert static(host, path)[1] == "app", path
    for path in ("/static/../shop/settings.py", "/static/%2e%2e/shop/settings.py", "/static/..%2f..%2fmanage.py",
                 "/static/pages/../../../manage.py", "/static//../manage.py", "/static/\\..\\manage.py", "/shop/settings.py"):
        assert static(host, path)[0] in (400, 404), (path, static(host, path))
    # A link would be followed. The agent takes none in, from nobody: what it took in has none.
    tree = host.run("readlink -f /var/lib/tussilago/upstreams/py/django/static/static")
    assert tree.startswith("/var/lib/tussilago/trees/"), tree
    assert host.run(f"find {tree} -not -type f -not -type d") == ""
    host.run(f"ln -s /etc/hostname {tree}/planted")
    try:
        assert static(host, "/static/planted") == (200, "caddy"), "links are not followed: this check sees nothing"
    finally:
        host.run(f"rm {tree}/planted")
    # They come and go with the release, in the same moment and with no word to Caddy.
    copy(host, "django", "/srv/static", [("pages/static/pages/style.css", "green", "blue")])
    with load(host, "django.example.org") as seen:
        deployed(host, "py/django", "/srv/static")
    assert seen["failed"] == 0, seen
    host.expect("django.example.org", 200, "/static/pages/style.css", text="color: blue")
    host.run("tussilago rollback py/django")
    host.expect("django.example.org", 200, "/static/pages/style.css", text="color: green")
    host.run("systemctl stop tussilago-py-django.target")
    assert static(host, "/static/pages/style.css")[0] == 503
    assert host.run("ls /run/tussilago-ingress | grep django || true") == ""
    host.run("systemctl start tussilago-py-django.target")


def test_only_what_has_changed_is_built(host):
    flask(host)
    before, reloads = host.get("flask.example.org")[1], host.reloads()
    copy(host, "flask", "/srv/changed", [("app.py", "flask first", "flask second")])
    begun = time.monotonic()
    said = deployed(host, "py/flask", "/srv/changed")
    took = time.monotonic() - begun
    assert "with the same packages" in said, said
    host.expect("flask.example.org", 200, text="flask second")
    assert before != host.get("flask.example.org")[1] and host.reloads() == reloads, "systemd was reloaded"
    # The hostname is the release's before, and the source is known: nothing is sent and nothing is built.
    said = deployed(host, "py/flask", "/srv/changed", "--note again")
    assert "sent before" in said and "the source is built already" in said, said
    print(f"   (a deploy of changed code took {took:.2f} s in all)")
    nothing_is_left(host)


def test_a_lock_with_hashes_is_installed_as_it_says(host):
    wanted(host)
    names = host.run("cd /srv/wheels; for name in flask blinker click itsdangerous jinja2 markupsafe werkzeug; do"
                     " ls $name-*.whl | head -n 1; done").split()
    lines = []
    for name in names:
        project, version = name.split("-")[:2]
        digest = host.run(f"sha256sum /srv/wheels/{name}").split()[0]
        lines.append(f"{project}=={version} --hash=sha256:{digest}")
    copy(host, "flask", "/srv/locked", files={"requirements.txt": "\n".join(lines) + "\n"})
    deployed(host, "py/locked", "/srv/locked", "--hostname locked.example.org")
    host.expect("locked.example.org", 200, text="flask first")
    # Another content under the same name and version is refused.
    lines[0] = re.sub("sha256:.*", "sha256:" + "0" * 64, lines[0])
    copy(host, "flask", "/srv/locked", files={"requirements.txt": "\n".join(lines) + "\n"})
    result = deploy(host, "py/locked", "/srv/locked")
    assert result.code == 1 and "flask" in result.output and "hash" in result.output.lower(), result.output
    host.expect("locked.example.org", 200, text="flask first")


def test_a_written_manifest_counts_and_doubt_is_a_question(host):
    flask(host)
    copy(host, "flask", "/srv/doubt", files={"main.py": "import flask\nother = flask.Flask('main')\n"})
    result = deploy(host, "py/doubt", "/srv/doubt")
    assert result.code == 2, f"it ended with {result.code}: {result.output}"
    assert "more than one app: app:app (Flask) and main:other (Flask)" in result.output, result.output
    assert "[processes.web]" in result.output, result.output
    copy(host, "flask", "/srv/doubt", files={
        "main.py": "import flask\nother = flask.Flask('main')\n",
        "tussilago.toml": 'app = "py/doubt"\nhostnames = ["doubt.example.org"]\n[python]\npackages = ["gunicorn"]\n'
                          '[processes.web]\nhealth = "/health"\n'
                          'command = "python3 -m gunicorn --bind unix:/run/ingress/web.sock app:app"\n'})
    result = host.ask("tussilago deploy /srv/doubt")
    assert result.code == 0, f"the written one: {result.output}"
    host.expect("doubt.example.org", 200, text="flask first")
    wrong = host.ask("tussilago deploy py/flask /srv/doubt")
    assert wrong.code == 2 and "the manifest is of py/doubt" in wrong.output, f"{wrong.code}: {wrong.output}"


def test_init_writes_what_a_deploy_would_detect(host):
    wanted(host)
    copy(host, "django", "/srv/init")
    host.run("tussilago init /srv/init --app py/init --hostname init.example.org")
    text = host.run("cat /srv/init/tussilago.toml")
    for part in ('app = "py/init"', 'hostnames = ["init.example.org"]', "collectstatic", "shop.wsgi:application"):
        assert part in text, text
    assert host.ask("tussilago init /srv/init").code == 1, "it was written over"
    host.app("py/init")
    host.run("tussilago deploy /srv/init", timeout=120)
    host.expect("init.example.org", 200, text="django first")


# The release command


def test_a_release_command_runs_once_and_its_failure_keeps_the_release_before(host):
    flask(host)
    manifest = ('hostnames = ["phase.example.org"]\nrelease = "python3 release.py"\n'
                '[environment]\nFAILS = "no"\n')
    script = ("import os, flask, sys\nprint('phase of', os.environ['TUSSILAGO_RELEASE'], flask.__name__)\n"
              "sys.exit(os.environ['FAILS'] == 'yes' and 'the database said no')\n")
    copy(host, "flask", "/srv/phase", files={"tussilago.toml": manifest, "release.py": script})
    said = deployed(host, "py/phase", "/srv/phase")
    host.expect("phase.example.org", 200, text="flask first")
    unit = "tussilago-py-phase-release@1.service"
    lines = host.run(f"journalctl -u {unit} -o cat").splitlines()
    assert lines.count("phase of 1 flask") == 1, lines
    assert host.property(unit, "ActiveState") == "inactive", "it is left behind"
    assert said.index("release@1") < said.index("switch"), said
    host.run("tussilago scale py/phase web=2")
    host.run("tussilago scale py/phase web=1")
    copy(host, "flask", "/srv/phase", files={
        "tussilago.toml": manifest.replace('"no"', '"yes"'), "release.py": script})
    before = current(host, "py/phase")
    result = deploy(host, "py/phase", "/srv/phase")
    assert result.code == 1 and "the database said no" in result.output, result.output
    assert "goes on serving" in result.output, result.output
    host.expect("phase.example.org", 200, text="flask first")
    assert current(host, "py/phase") == before
    ran = host.run("journalctl -o cat -u 'tussilago-py-phase-release*@*'").count("phase of")
    assert ran == 2, f"the release command ran {ran} times for two deploys"


# What fails


def test_a_package_that_is_not_there_is_named_and_the_release_before_serves(host):
    flask(host)
    serving = host.get("flask.example.org")
    copy(host, "flask", "/srv/missing", files={"requirements.txt": "flask\nno-such-package-at-all==1.2\n"})
    result = deploy(host, "py/flask", "/srv/missing")
    assert result.code == 1 and "no-such-package-at-all" in result.output, result.output
    assert "journalctl -u tussilago-py-flask-build@" in result.output, result.output
    assert host.get("flask.example.org") == serving
    unit = re.search(r"tussilago-py-flask-build@[0-9a-f]{16}\.service", result.output)[0]
    assert "no-such-package-at-all" in host.run(f"journalctl -u {unit} -o cat"), "the journal does not show it"
    nothing_is_left(host)


def test_a_host_without_what_installs_says_what_mends_it(host):
    flask(host)
    host.run("mv /usr/local/bin/uv /root/uv")
    try:
        # Other packages: for the same ones it is not needed.
        copy(host, "flask", "/srv/without", files={"requirements.txt": "flask\nclick\n"})
        result = deploy(host, "py/flask", "/srv/without")
        assert result.code == 1 and "pip install uv" in result.output, result.output
    finally:
        host.run("mv /root/uv /usr/local/bin/uv")
    copy(host, "flask", "/srv/without", files={".python-version": "3.12\n"})
    result = deploy(host, "py/flask", "/srv/without")
    assert result.code == 1 and "tussilago runtime add" in result.output, result.output


# Hostile archives


def test_sixty_hostile_archives_are_refused_in_bounded_time_and_memory(host):
    results = json.loads(host.run(
        "python3 /srv/inside/hostile_archives.py /usr/lib/tussilago/python/build.py", timeout=120))
    hostile = {name: each for name, each in results.items() if each["hostile"]}
    assert len(hostile) >= 60, len(hostile)
    for name, each in results.items():
        expected = "refused: " if each["hostile"] else "unpacked"
        assert each["answer"].startswith(expected), f"{name}: {each['answer']}"
        assert each["odd"] == [] and each["outside"] == [], f"{name} has left {each}"
        assert each["kilobytes"] < 128 << 10 and each["wall"] < 10, f"{name} took {each}"


def test_what_is_sent_is_what_was_announced_or_nothing(host):
    flask(host)
    api = "curl -sS --unix-socket /run/tussilago/api.sock -o /dev/null -w '%{http_code}' -H 'Content-Type: application/x-tar'"
    place = "http://localhost/v1/tenants/py/apps/flask/sources"
    host.run("head -c 300000 /dev/zero > /srv/zeros")
    digest = host.run("sha256sum /srv/zeros").split()[0]
    stored = "/var/lib/tussilago/sources/py"
    before = host.run(f"ls -A {stored}")
    for other, what in (("0" * 64, "another digest"), (digest[:-1], "no digest"), (digest.upper(), "no digest")):
        code = host.run(f"{api} -X PUT -T /srv/zeros {place}/{other}")
        assert code == "400", f"{what}: {code}"
    # More than is taken is refused before it comes, or where its length was not said when it has.
    host.run("truncate -s 300M /srv/large")
    large = host.run("sha256sum /srv/large").split()[0]
    for how in ("", "-H 'Transfer-Encoding: chunked'"):
        code = host.ask(f"{api} {how} -X PUT -T /srv/large {place}/{large}", timeout=120).output
        assert "413" in code, code
    assert host.run(f"ls -A {stored}") == before, "something was kept"
    # A quarter of a GiB has gone through the agent by then.
    most = int(host.run("awk '/VmHWM/ { print $2 }' /proc/$(systemctl show -P MainPID tussilagod.service)/status"))
    assert most < 100 << 10, f"the agent has held {most} KiB"
    assert host.run(f"{api} -X PUT -T /srv/zeros {place}/{digest}") == "200"
    assert host.run(f"cmp /srv/zeros {stored}/{digest}.tar; echo $?") == "0"
    # Another tenant's archive does not exist.
    host.app("others/flask")
    assert host.run(f"{api} http://localhost/v1/tenants/others/apps/flask/sources/{digest}") == "404"
    host.run("rm /srv/large /srv/zeros")


def test_an_archive_that_is_none_fails_in_the_sandbox(host):
    flask(host)
    serving = host.get("flask.example.org")
    host.run("head -c 30000 /dev/urandom > /srv/noise")
    digest = host.run("sha256sum /srv/noise").split()[0]
    socket = "curl -sS --unix-socket /run/tussilago/api.sock"
    host.run(f"{socket} -f -o /dev/null -X PUT -T /srv/noise -H 'Content-Type: application/x-tar'"
             f" http://localhost/v1/tenants/py/apps/flask/sources/{digest}")
    body = json.dumps({"manifest": '[python]\n[processes.web]\ncommand = "x"\n', "source": f"sha256:{digest}"})
    host.write("/srv/body.json", body)
    accepted = json.loads(host.run(
        f"{socket} -f -H 'Content-Type: application/json' -d @/srv/body.json"
        " http://localhost/v1/tenants/py/apps/flask/releases"))
    result = host.ask(f"tussilago op watch {accepted['id']}")
    assert result.code == 1 and "no plain tar archive" in result.output, result.output
    assert host.get("flask.example.org") == serving
    nothing_is_left(host)


# Hostile builds

HOSTILE_SETUP = r'''
import json, os, socket, subprocess, sys
found = {}
def attempt(name, call):
    try:
        found[name] = repr(call())[:200]
    except BaseException as error:
        found[name] = f"no: {type(error).__name__}: {error}"[:200]
def write(path):
    with open(path, "w") as file:
        file.write("x")
def connect(address, family=socket.AF_INET):
    with socket.socket(family) as end:
        end.settimeout(2)
        end.connect(address)
for path in ("/etc/x", "/run/build/order.json", "/run/build/source.tar", "/run/build/uv", "/run/build/wheels/x",
             "/run/build/packages/x", "/run/build/build.py", "/usr/bin/x", "/proc/sys/kernel/core_pattern", "/x"):
    attempt(f"write {path}", lambda: write(path))
for path in ("/run/secrets", "/run/tussilago", "/var/lib/tussilago", "/run/ingress", "/run/podman", "/dev/sda"):
    attempt(f"see {path}", lambda: os.listdir(path) if os.path.isdir(path) else open(path).read())
attempt("network", lambda: connect(("192.0.2.1", 80)))
attempt("the host's loopback", lambda: connect(("127.0.0.1", 80)))
attempt("the agent", lambda: connect("/run/tussilago/api.sock", socket.AF_UNIX))
attempt("names", lambda: socket.getaddrinfo("example.org", 80))
attempt("root", lambda: os.setuid(0))
attempt("mount", lambda: subprocess.run(["mount", "-t", "tmpfs", "x", "/mnt"], check=True, capture_output=True))
attempt("control write", lambda: write("/app/from-setup"))
found["uid"] = os.getuid()
found["kernel"] = os.uname().release
found["environment"] = sorted(os.environ)
with open("/app/found.json", "w") as file:
    json.dump(found, file)
from setuptools import setup
setup(name="evil", version="1", py_modules=[])
'''


def hostile(host, setup, name="evil"):
    copy(host, "flask", f"/srv/{name}", files={
        "requirements.txt": "flask\n./package\n", "package/setup.py": setup})
    return f"/srv/{name}"


def test_code_that_runs_in_a_build_reaches_nothing(host):
    flask(host)
    folder = hostile(host, HOSTILE_SETUP)
    # The app shows what the build has found; that it can is the first control.
    host.run(f"printf '\\n@app.get(\"/found\")\\ndef found():\\n    return open(\"/app/found.json\").read()\\n' >> {folder}/app.py")
    deployed(host, "py/evil", folder, "--hostname evil.example.org")
    found = json.loads(host.expect("evil.example.org", 200, "/found"))
    # The control: what it may do works, so the others failed for what they tried.
    assert not found["control write"].startswith("no:"), found
    reached = {name: what for name, what in found.items()
               if name.startswith(("write", "see", "network", "the ", "names", "root", "mount"))
               and not str(what).startswith("no:")}
    assert reached == {}, reached
    assert found["uid"] == 10001 and found["kernel"].startswith("4.4"), found
    assert not [name for name in found["environment"] if "SECRET" in name or "TOKEN" in name], found
    nothing_is_left(host)


def test_what_a_build_leaves_that_is_no_plain_file_is_refused(host):
    flask(host)
    done = "\nfrom setuptools import setup\nsetup(name='odd', version='1', py_modules=[])\n"
    odds = ("os.symlink('/etc', '/packages/lib/etc')", "os.symlink('/etc/passwd', '/app/passwd')", "os.mkfifo('/app/fifo')")
    for odd in odds:
        # It is run for the package's metadata as well.
        text = f"import contextlib, os\nwith contextlib.suppress(FileExistsError):\n    {odd}\n{done}"
        result = deploy(host, "py/odd", hostile(host, text, "odd"))
        if "mkfifo" in odd:
            # gVisor makes it in the sandbox alone.
            assert result.code == 0, f"{odd}: {result.output}"
        else:
            assert result.code == 1 and "imported" in result.output, f"{odd}: {result.output}"
    found = host.run("find /var/lib/tussilago/trees -not -type f -not -type d")
    assert found == "", found
    nothing_is_left(host)


def test_a_build_that_fills_its_room_fails_and_nobody_else_does(host):
    flask(host)
    setup = ("import os\nwith open('/packages/full', 'wb') as file:\n"
             "    for _ in range(2000): file.write(b'x' * (1 << 20))\n")
    free = int(host.run("df --output=avail -B1 /var/lib/tussilago | tail -n 1"))
    result = deploy(host, "py/evil", hostile(host, setup))
    assert result.code == 1 and "No space left" in result.output, result.output
    left = int(host.run("df --output=avail -B1 /var/lib/tussilago | tail -n 1"))
    assert free - left < 256 << 20, "the disk is fuller than before"
    many = "import os\nfor n in range(200000): open(f'/packages/{n}', 'w').close()\n"
    result = deploy(host, "py/evil", hostile(host, many))
    assert result.code == 1 and "No space left" in result.output, result.output
    host.expect("flask.example.org", 200)
    nothing_is_left(host)


def test_an_endless_build_is_cancelled_and_its_app_is_free_again(host):
    flask(host)
    folder = hostile(host, "import time\nprint('endless', flush=True)\ntime.sleep(3600)\n")
    host.app("py/evil")
    accepted = host.json(f"tussilago deploy py/evil {folder} --detach --json")
    unit = f"tussilago-py-evil-build@{accepted['id'].replace('-', '')[:16]}.service"
    host.settled(lambda: host.property(unit, "ActiveState") == "activating", "the build runs", within=20)
    assert "build.slice" in host.property(unit, "Slice"), host.property(unit, "Slice")
    host.run(f"tussilago op cancel {accepted['id']}")
    result = host.ask(f"tussilago op watch {accepted['id']}")
    assert "cancelled" in result.output, result.output
    nothing_is_left(host)
    deployed(host, "py/evil", "/srv/projects/flask", "--hostname evil.example.org")


def test_an_agent_that_is_killed_in_a_build_goes_on_with_it(host):
    flask(host)
    setup = "import time\ntime.sleep(4)\nfrom setuptools import setup\nsetup(name='slow', version='1', py_modules=[])\n"
    folder = hostile(host, setup, "slow")
    host.app("py/slow")
    accepted = host.json(f"tussilago deploy py/slow {folder} --hostname slow.example.org --detach --json")
    unit = f"tussilago-py-slow-build@{accepted['id'].replace('-', '')[:16]}.service"
    host.settled(lambda: host.property(unit, "ActiveState") == "activating", "the build runs", within=20)
    begun = host.property(unit, "InvocationID")
    host.run("systemctl kill -s KILL tussilagod.service")
    result = host.ask(f"tussilago op watch {accepted['id']}")
    assert result.code == 0, result.output
    host.expect("slow.example.org", 200, text="flask first")
    starts = host.run(f"journalctl -o cat -u {unit} _PID=1 | grep -c '^Starting' || true")
    assert starts == "1", f"the build was started {starts} times (first {begun})"
    nothing_is_left(host)


def test_an_upload_that_is_cut_leaves_nothing(host):
    flask(host)
    host.run("head -c 20000000 /dev/urandom > /srv/cut")
    digest = host.run("sha256sum /srv/cut").split()[0]
    script = ("import socket\nend = socket.socket(socket.AF_UNIX)\nend.connect('/run/tussilago/api.sock')\n"
              f"end.sendall(b'PUT /v1/tenants/py/apps/flask/sources/{digest} HTTP/1.1\\r\\nHost: x\\r\\n"
              "Content-Type: application/x-tar\\r\\nContent-Length: 20000000\\r\\n\\r\\n' + b'x' * 1000000)\nend.close()\n")
    host.write("/srv/cut.py", script)
    before = host.run("ls -A /var/lib/tussilago/sources/py")
    host.run("python3 /srv/cut.py")
    host.settled(lambda: host.run("ls -A /var/lib/tussilago/sources/py") == before, "what came is gone")


def test_what_nothing_refers_to_is_collected(host):
    flask(host)
    deployed(host, "gone/flask", "/srv/projects/flask")
    host.run("tussilago app delete gone/flask && tussilago tenant delete gone")
    assert "gone" not in host.run("ls -A /var/lib/tussilago/sources"), "a tenant's archives are left"
    host.run("tussilago app delete py/locked 2>/dev/null || true")
    host.run("touch -d '2 hours ago' /var/lib/tussilago/sources/py/*")
    kept = {each["source"] for app in ("flask",) for each in host.json(f"tussilago releases py/{app} --json")
            if each.get("source")}
    host.run("tussilago gc")
    stored = set(host.run("ls /var/lib/tussilago/sources/py").split())
    for source in kept:
        assert f"{source.removeprefix('sha256:')}.tar" in stored, "a release's source is gone"
    host.expect("flask.example.org", 200)
