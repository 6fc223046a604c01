"""Deploys that fail: what is said, and what is left."""

import json

from host import SHOP, deploy_both, manifest


def traces(host):
    """All that a deploy may change: files, links and what runs. Not the ledger, which remembers failures."""
    return host.run(
        "find /etc/systemd/system /etc/containers/systemd /var/lib/tussilago/apps/*/*/live /var/lib/tussilago/upstreams"
        " /var/lib/tussilago/caddy /run/tussilago-ingress -printf '%p %l\\n' | sort;"
        " systemctl list-units --no-legend --plain 'tussilago-*@*' | awk '{print $1, $3, $4}' | sort")


def assert_unchanged(host, before):
    after = traces(host)
    assert after == before, "the host changed:\n" + "\n".join(sorted(set(before.split("\n")) ^ set(after.split("\n"))))
    host.expect(SHOP, 200)


def test_all_mistakes_of_a_manifest_are_shown_with_their_places(host):
    deploy_both(host)
    before = traces(host)
    result = host.try_deploy("acme/shop", """image = "localhost/python:3.13"
hostnames = ["-bad.example.org"]
drain = 5
[processes.web]
command = "python3 app.py | tee x"
colour = "red"
""")
    assert result.code == 2, f"ended with {result.code}: {result.output}"
    for line in (2, 3, 5, 6):
        assert f"/srv/manifest.toml:{line}:" in result.output, f"nothing about line {line}: {result.output}"
    assert_unchanged(host, before)


def test_an_image_that_is_not_there_is_named_with_a_remedy(host):
    deploy_both(host)
    before = traces(host)
    result = host.try_deploy("acme/shop", manifest(SHOP).replace("python:3.13", "nowhere:1"))
    assert result.code == 1, f"ended with {result.code}: {result.output}"
    for text in ("localhost/nowhere:1", "mend:"):
        assert text in result.output, f"no {text}: {result.output}"
    assert_unchanged(host, before)


def failed_deploy(host, text):
    """Deploys what cannot start; returns the sentence that says why, and all the rest."""
    deploy_both(host)
    before = traces(host)
    result = host.try_deploy("acme/shop", text)
    assert result.code == 1, f"ended with {result.code}: {result.output}"
    assert "mend:" in result.output, f"no remedy: {result.output}"
    assert_unchanged(host, before)
    lines = result.output.splitlines()
    errors = [each.removeprefix("error: ") for each in lines if each.startswith("error: ")]
    assert len(errors) == 1, f"not one sentence: {result.output}"
    unit, _, why = errors[0].partition(": ")
    assert unit.startswith("tussilago-acme-shop-web"), f"names no unit: {errors[0]}"
    return why, result.output


def test_an_app_that_never_gets_ready_changes_nothing_and_is_explained(host):
    why, output = failed_deploy(host, manifest(SHOP, TEXT="a sick one", SICKENS="0").replace('"20s"', '"3s"'))
    assert why == "the app did not answer GET /health within 3 s: it answered 500", why
    assert "this is a sick one" in output, f"not what the app said: {output}"


def test_an_operation_that_failed_has_a_code_of_its_own(host):
    host.write("/srv/manifest.toml", manifest(SHOP).replace("python:3.13", "nowhere:1"))
    result = host.ask("tussilago deploy acme/shop --json --manifest /srv/manifest.toml --files /srv/apps 2>&1 >/dev/null")
    problem = json.loads(result.output)
    for name, value in (("code", "operation-failed"), ("type", "tag:tussilago,2026:operation-failed"), ("status", 500)):
        assert problem[name] == value, f"{name} is {problem[name]!r}: {problem}"
    assert host.json(f"tussilago op show {problem['operation'].lower()} --json")["failure"]["code"] == "not-found", problem


def program(*words):
    command = ", ".join(f'"{each}"' for each in words)
    return manifest(SHOP).replace('"python3", "-u", "app.py"', command)


def test_an_app_that_ends_at_once_is_explained_with_its_exit_code(host):
    forged = "tussilago-instance: the app is not to blame"
    why, output = failed_deploy(host, program("python3", "-c", f"print('{forged}'); exit(3)"))
    assert why == "the app ended before it made its socket (it exited with code 3)", why
    assert forged in output, f"not what the app said: {output}"


def test_a_command_that_the_image_lacks_is_named(host):
    why, _ = failed_deploy(host, program("no-such-command", "x"))
    assert why.startswith("the app was not started: ") and "no-such-command" in why, why


def test_an_admins_own_file_in_the_way_of_a_unit_is_a_conflict(host):
    host.app("acme/taken")
    path = "/etc/systemd/system/tussilago-acme-taken.target"
    host.write(path, "[Unit]\nDescription=mine\n")
    try:
        result = host.try_deploy("acme/taken", manifest("taken.example.org"))
        assert result.code == 1, f"ended with {result.code}: {result.output}"
        assert "tussilago-acme-taken.target" in result.output, f"does not name the file: {result.output}"
        assert "Description=mine" in host.run(f"cat {path}"), "the admin's file was written over"
        host.expect("taken.example.org", 404)
        left = host.run("find /var/lib/tussilago/apps/acme/taken/live /run/tussilago-ingress -name 1 -o -name '*taken*' 2>/dev/null || true")
        assert not left, f"left of the failed release: {left}\n{result.output}"
        assert "pending" not in host.run("tussilago app show acme/taken"), "the failed release is pending for ever"
        assert "hostname" not in result.output, f"the remedy is for another conflict: {result.output}"
    finally:
        host.run(f"rm {path}")
    host.run("tussilago app delete acme/taken")
