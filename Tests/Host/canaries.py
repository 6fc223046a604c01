"""Values that are nowhere on a host unless somebody puts them there; whatever is secret in the checks is one."""

import secrets

# All that were made, for the host of this program.
MADE = []


def canary(prefix=""):
    value = f"{prefix}canary{secrets.token_hex(16)}"
    MADE.append(value)
    return value


def give(host, value, command):
    """Runs a command with a value on its standard input; the value is in no argument of the host's."""
    host.write("/srv/value", value)
    try:
        return host.ask(f"{command} < /srv/value", timeout=120)
    finally:
        host.run("rm -f /srv/value")


def set_secret(host, app, name, value):
    result = give(host, value, f"tussilago secret set {app} {name}")
    assert result.code == 0, f"set ended with {result.code}: {result.output}"
    assert value not in result.output, result.output


def search(host, values):
    """Where on the host any of these is found, but where an app reads its own, and how many places were looked at."""
    host.write("/srv/canaries", "\n".join(values))
    *found, last = host.run("python3 /srv/inside/canary.py /srv/canaries", timeout=180).splitlines()
    return found, int(last.split()[0])
