"""The tutorial of docs/python.md, run as it stands."""

import re

from host import TOP
from test_python import prepare as prepare_python, wanted
from test_releases import load

NAME = "visits.example.org"
# What a developer has on a machine of his own: Django, of the same wheels.
DEVELOPER = "export PYTHONPATH=/srv/developer PYTHONDONTWRITEBYTECODE=1"


def prepare(host):
    prepare_python(host)
    if host.wheels:
        host.run("mkdir -p /srv/developer; cd /srv/wheels; for name in django asgiref sqlparse dj_database_url; do"
                 " for wheel in $name-*.whl; do python3 -m zipfile -e $wheel /srv/developer; done; done")


def steps():
    """The tutorial's blocks, in their order: what is indented by four, with the empty lines in it."""
    with open(f"{TOP}/docs/python.md") as file:
        text = re.search(r"<!-- tutorial: .*?-->(.*)<!-- tutorial end -->", file.read(), re.DOTALL)[1]
    blocks, block = [], []
    for line in text.splitlines():
        if line.startswith("    ") or (block and not line):
            block.append(line[4:])
        elif block:
            blocks.append("\n".join(block).rstrip())
            block = []
    return blocks


def test_the_tutorial_ends_with_a_site_a_worker_and_a_job(host):
    wanted(host)
    host.run("rm -rf /srv/visits; mkdir /srv/visits; tussilago tenant create acme 2>/dev/null || true")
    blocks = steps()
    assert len(blocks) == 6, f"the tutorial has {len(blocks)} blocks"
    said = []
    for block in blocks:
        # The tenant is there already if another check has made it.
        block = block.replace("tussilago tenant create acme\n", "")
        said.append(host.run(f"set -e -o pipefail; {DEVELOPER}; cd /srv/visits\n{block}", timeout=180))
    assert "1 visits, 0 counted" in said[4], said[4]
    assert "Job: report, *-*-* 00:00:00, next " in said[4], said[4]
    host.settled(lambda: "counted 1 more" in host.run("tussilago logs acme/visits --process count"), "the worker counts")
    assert "visits so far" in said[5], said[5]
    migrated = host.run("journalctl -u tussilago-acme-visits-release@1.service -o cat")
    assert "Applying visits.0001_initial... OK" in migrated, migrated
    host.settled(lambda: host.expect(NAME, 200).endswith("1 counted") or "counted" in host.expect(NAME, 200), "it answers")


def test_a_new_password_costs_a_django_app_no_request(host):
    wanted(host)
    with load(host, NAME) as seen:
        host.run("tussilago db rotate acme/visits")
    assert seen["failed"] == 0, f"requests failed: {seen}"
    assert re.search(r"\d+ visits, \d+ counted", host.expect(NAME, 200))
