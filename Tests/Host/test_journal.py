"""What apps say, in the journal."""

import json

from host import deploy_both, manifest


def lines(host, match):
    return [json.loads(each) for each in host.run(f"journalctl -q -b -o json {match}").splitlines()]


def test_a_tenants_lines_are_found_by_its_name_and_no_others(host):
    deploy_both(host)
    said = {}
    for tenant in ("acme", "umbra"):
        # The apps' own words; the agent's are about a tenant, not by it.
        said[tenant] = [each["MESSAGE"] for each in lines(host, f"TUSSILAGO_TENANT={tenant} _TRANSPORT=stdout")]
    assert any(each.startswith("this is acme/shop") for each in said["acme"]), f"acme's lines: {said['acme']}"
    assert any(each.startswith("this is umbra/other") for each in said["umbra"]), f"umbra's lines: {said['umbra']}"
    assert not any("umbra/other" in str(each) for each in said["acme"]), f"acme's lines: {said['acme']}"
    assert not any("acme/shop" in str(each) for each in said["umbra"]), f"umbra's lines: {said['umbra']}"


def test_no_app_can_forge_a_field(host):
    forged = ("TUSSILAGO_TENANT=evil", "_SYSTEMD_UNIT=evil.service", "<2>forged priority")
    host.deploy("acme/forger", manifest("forger.example.org", TEXT="a forger", FORGE="|".join(forged)))
    try:
        found = lines(host, "TUSSILAGO_TENANT=acme TUSSILAGO_APP=forger _TRANSPORT=stdout")
        plain = next((each for each in found if each["MESSAGE"] == "this is a forger"), None)
        assert plain, f"the app's first line is missing: {[each['MESSAGE'] for each in found]}"
        for text in forged:
            line = next((each for each in found if each["MESSAGE"] == text), None)
            assert line, f"{text!r} is not there as it was printed: {[each['MESSAGE'] for each in found]}"
            for field in set(plain) | set(line):
                if field.startswith(("TUSSILAGO_", "_SYSTEMD_")) or field == "PRIORITY":
                    assert line.get(field) == plain.get(field), f"{text!r} set {field} to {line.get(field)!r}"
        assert not host.run("journalctl -q -b TUSSILAGO_TENANT=evil + _SYSTEMD_UNIT=evil.service || true"), "forged lines"
    finally:
        host.run("tussilago app delete acme/forger")
