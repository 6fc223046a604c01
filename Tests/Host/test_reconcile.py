"""What is not as it shall be: found, and repaired, respected or told."""

from host import SHOP, deploy_both

QUADLET = "/etc/containers/systemd/tussilago/acme"
TARGET = "tussilago-acme-shop.target"


def findings(host):
    return host.json("tussilago reconcile --dry-run --json")


def repaired(host, damage, *texts):
    """Does the damage, and sees that it is found, repaired, and not found again."""
    host.run(damage)
    found = [each["what"] for each in findings(host) if each["action"] == "repair"]
    for text in texts:
        assert any(text in each for each in found), f"after {damage}: {text!r} is not in {found}"
    host.run("tussilago reconcile")
    left = [each for each in findings(host) if each["action"] == "repair"]
    assert not left, f"after {damage} and a reconcile: {left}"


def unit(host):
    return host.run(f"basename /etc/systemd/system/{TARGET}.wants/*-web*@*")


def written(host):
    """All that the platform writes but its ledger, with the times at which it was written."""
    return host.run("find /etc/systemd/system /etc/containers /var/lib/tussilago/apps /var/lib/tussilago/upstreams"
                    " /var/lib/tussilago/caddy -printf '%p %T@\\n' | sort").splitlines()


def test_a_host_that_is_as_it_shall_be_is_left_alone(host):
    deploy_both(host)
    host.run("tussilago reconcile")
    reloads = host.reloads()
    before = written(host)
    output = host.run("tussilago reconcile")
    assert "•" not in output, output
    after = written(host)
    assert host.reloads() == reloads, "systemd was reloaded"
    assert after == before, f"something was written: {set(after) ^ set(before)}"
    host.run("touch /var/lib/tussilago/upstreams/acme")
    assert written(host) != before, "a write cannot be seen"


def test_drift_is_found_and_repaired(host):
    deploy_both(host)
    name = unit(host).split("@")[0]
    repaired(host, f"echo '# mine' >> {QUADLET}/{name}@.container", f"{name}@.container was changed")
    repaired(host, f"rm /etc/systemd/system/{TARGET}", f"{TARGET} is missing")
    repaired(host, "rm /var/lib/tussilago/upstreams/acme/shop", "leads to nothing")
    repaired(host, f"rm /etc/systemd/system/{TARGET}.wants/*", "does not start exactly")
    host.expect(SHOP, 200)
    repaired(
        host, "sed -i 's/shop.example.org/stolen.example.org/' /var/lib/tussilago/caddy/caddy.json", "Caddy was told of")
    host.expect(SHOP, 200)


def test_an_instance_that_was_given_up_is_started_again(host):
    deploy_both(host)
    name = unit(host)
    # systemd gives up what is killed more often than its start limit allows.
    host.run(f"for try in 1 2 3 4 5 6 7 8; do systemctl kill -s KILL {name} || true; sleep 0.2;"
             f" systemctl start {name} || true; done")
    if host.property(name, "ActiveState") != "failed":
        host.settled(lambda: (host.run(f"systemctl kill -s KILL {name} || true"),
                              host.property(name, "ActiveState") == "failed")[1], "it is given up", within=60)
    repaired(host, "true", f"{name} has failed")
    host.expect(SHOP, 200, within=10)


def test_what_an_admin_has_stopped_or_masked_is_respected(host):
    deploy_both(host)
    host.run(f"systemctl stop {TARGET}")
    try:
        found = findings(host)
        assert {"subject": "acme/shop", "what": "it is stopped", "action": "respect"} in found, found
        host.run("tussilago reconcile")
        assert host.property(TARGET, "ActiveState") == "inactive", "it was started"
        host.run(f"systemctl mask --runtime {unit(host)}")
        host.run(f"systemctl start {TARGET}")
        host.run("tussilago reconcile")
        assert host.property(unit(host), "ActiveState") == "inactive", "it was started"
    finally:
        host.run(f"systemctl unmask --runtime {unit(host)}; systemctl stop {TARGET}; systemctl start {TARGET}")
    host.expect(SHOP, 200, within=10)


def test_what_belongs_to_others_is_told_and_left(host):
    deploy_both(host)
    foreign = '{"listen":[":8099"],"routes":[{"match":[{"host":["shop.example.org"]}]}]}'
    admin = "curl -fsS --unix-socket /run/caddy/admin.sock -H 'Host: localhost' -H 'Content-Type: application/json'"
    server = "http://localhost/config/apps/http/servers/mine"
    host.run(f"{admin} -X PUT -d '{foreign}' {server}")
    try:
        assert any("claims shop.example.org" in each["what"] for each in findings(host)), findings(host)
        host.run("tussilago reconcile")
        assert "8099" in host.run(f"{admin} {server}"), "it was taken away"
    finally:
        host.run(f"{admin} -X DELETE {server}")


def test_a_part_of_caddy_that_somebody_changed_is_set_right(host):
    deploy_both(host)
    admin = "curl -fsS --unix-socket /run/caddy/admin.sock -H 'Host: localhost'"
    host.run(f"{admin} -X DELETE http://localhost/config/apps/http/servers/tussilago/routes/0")
    host.run("tussilago reconcile")
    host.expect(SHOP, 200)


def test_it_runs_at_boot_and_when_caddy_starts(host):
    deploy_both(host)

    def last():
        """The newest reconcile that has ended."""
        return next(
            (each["id"] for each in host.json("tussilago op list --state succeeded -n 100 --json")
             if each["kind"] == "host.reconcile"), None)

    before = last()
    host.run("systemctl restart caddy.service")
    host.settled(lambda: last() != before, "a reconcile after Caddy's start", within=30)
    assert host.property("tussilago-reconcile.timer", "ActiveState") == "active"
    before = last()
    host.testhost("reboot")
    host.settled(lambda: last() != before, "a reconcile after the boot", within=60)


def test_what_is_left_over_is_collected_and_nothing_else(host):
    deploy_both(host)
    # What the checks before have left.
    host.run("tussilago gc")
    host.app("acme/gone")
    host.write("/srv/gone.toml", 'image = "localhost/python:3.13"\nhostnames = ["gone.example.org"]\n[processes.web]\n'
               'command = ["python3", "-u", "app.py"]\nhealth = "/health"\n')
    host.run("mkdir -p /srv/gone && cp /srv/apps/app.py /srv/gone/ && date > /srv/gone/stamp")
    host.run("tussilago deploy acme/gone -m /srv/gone.toml -f /srv/gone")
    trees = int(host.run("ls /var/lib/tussilago/trees | wc -l"))
    host.run("tussilago app delete acme/gone")
    waste = host.json("tussilago gc --dry-run --json")["items"]
    assert any("file tree" in each for each in waste), waste
    host.run("tussilago gc")
    assert int(host.run("ls /var/lib/tussilago/trees | wc -l")) == trees - 1
    assert host.json("tussilago gc --dry-run --json")["items"] == []
    left = host.run("find /etc/systemd/system /etc/containers /var/lib/tussilago /run/tussilago-ingress -name '*gone*';"
                    " podman ps -a --format '{{.Names}}' | grep gone || true;"
                    " systemctl list-units --all --no-legend '*gone*'")
    assert not left, f"left over: {left}"
    host.expect(SHOP, 200)
