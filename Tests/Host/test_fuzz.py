"""The API's own description, held against the agent by schemathesis."""

import os
import subprocess
import sys

from forwarder import Forwarder, agent_socket
from host import HERE

VERSION = "4.32.5"
CACHE = os.environ.get("TUSSILAGO_TESTHOST_CACHE", "/var/cache/tussilago-testhost")
FOLDER = f"{CACHE}/schemathesis-venv"


def schemathesis():
    """The program, from a virtual environment that is made once with the Python index that this machine's pip uses."""
    program = f"{FOLDER}/bin/schemathesis"
    wanted = f"{FOLDER}/version-{VERSION}"
    if not os.path.exists(wanted):
        for command in ([sys.executable, "-m", "venv", "--clear", FOLDER],
                        [f"{FOLDER}/bin/pip", "install", "-q", "--disable-pip-version-check", f"schemathesis=={VERSION}"]):
            made = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=180)
            assert made.returncode == 0, f"{' '.join(command)} ended with {made.returncode}:\n{made.stdout[-2000:]}"
        open(wanted, "w").close()
    return program


def test_the_agent_keeps_to_its_openapi_document(host):
    program = schemathesis()
    # Only the process, not the name, tells a crash that systemd mended at once.
    host.run("tussilago status")
    process = host.property("tussilagod.service", "MainPID")
    with Forwarder(agent_socket(host.directory)) as forwarder:
        run = subprocess.run(
            [program, "--config-file", f"{HERE}/schemathesis.toml", "run",
             f"http://127.0.0.1:{forwarder.port}/v1/openapi.json", "--checks", "all",
             # 202 says that something is accepted, not that it is there: its operation has to end first.
             "--exclude-checks", "ensure_resource_availability", "--max-examples", "10",
             # It writes no tar archives; Tests/Host/test_python.py sends good and bad ones.
             "--exclude-operation-id", "putSource",
             "--seed", "1", "--request-timeout", "20", "--no-color", "--warnings", "off"],
            cwd=host.parent, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=240)
    # A request that it shows may have a megabyte in one line.
    shown = "\n".join(line[:300] for line in run.stdout.splitlines())
    assert run.returncode == 0, f"schemathesis ended with {run.returncode}:\n{shown[-4000:]}"
    restarts = host.property("tussilagod.service", "NRestarts")
    assert host.property("tussilagod.service", "MainPID") == process, f"the agent was replaced; restarts: {restarts}"
