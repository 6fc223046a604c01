"""Who may start and stop a tenant's units with systemctl: the polkit rule, by itself and on the host."""

import shutil
import subprocess
import tempfile

from host import HERE, OTHER, SHOP, TOP, deploy_both

RULE = f"{TOP}/units/polkit/60-tussilago.rules"


def rule(file):
    return subprocess.run(["node", f"{HERE}/polkit/rule.js", file], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=30)


def test_the_rule_grants_a_tenants_own_units_only(host):
    if not shutil.which("node"):
        return  # what the rule does on the host is tested below
    seen = rule(RULE)
    assert seen.returncode == 0, seen.stdout
    # The same questions find a rule that is too generous.
    with open(RULE) as file:
        text = file.read()
    for good, bad in (('subject.isInGroup(group)', 'true'), ('+ ")(?:-" + name', '+ ").*(?:-" + name'),
                      ('verbs.indexOf(action.lookup("verb")) < 0', 'false')):
        assert good in text, good
        with tempfile.NamedTemporaryFile("w", suffix=".rules") as broken:
            broken.write(text.replace(good, bad))
            broken.flush()
            assert rule(broken.name).returncode == 1, f"not found: {bad}"


def test_an_operator_starts_and_stops_own_apps_only(host):
    deploy_both(host)
    host.run("id paula || useradd paula; groupadd -f tsl-acme; systemctl restart polkit.service")

    def systemctl(words):
        return host.ask(f"setpriv --reuid=paula --regid=paula --init-groups systemctl --no-ask-password {words}")

    try:
        assert systemctl("stop tussilago-acme-shop.target").code != 0, "stopped by somebody who is in no group"
        host.expect(SHOP, 200)
        host.run("usermod -aG tsl-acme paula")
        host.run("systemctl restart polkit.service")
        assert (seen := systemctl("stop tussilago-acme-shop.target")).code == 0, seen.output
        host.expect(SHOP, 503, within=5)
        assert (seen := systemctl("start tussilago-acme-shop.target")).code == 0, seen.output
        host.expect(SHOP, 200, within=10)
        for words in ("stop tussilago-umbra-other.target", "stop tussilago-umbra.target", "stop tussilagod.socket",
                      "stop caddy.service", "set-property --runtime tussilago-acme.slice MemoryMax=1G",
                      "kill tussilago-acme-shop.target", "disable tussilago-acme-shop.target", "daemon-reload"):
            assert systemctl(words).code != 0, f"let through: {words}"
        host.expect(OTHER, 200)
    finally:
        host.run("systemctl start tussilago-acme-shop.target; userdel paula; groupdel tsl-acme")
