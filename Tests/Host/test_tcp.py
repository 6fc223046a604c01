"""An app that listens on a TCP port: it serves as any other, and reaches nothing."""

import time

from host import manifest

NAME = "tcp.example.org"


def deploy(host):
    if host.ask("tussilago app show acme/tcp | grep -q current").code != 0:
        host.deploy("acme/tcp", manifest(NAME, process="ingress = { port = 8000 }", TEXT="over TCP"))


def test_it_serves_and_survives_a_stop(host):
    deploy(host)
    host.expect(NAME, 200, text="over TCP")
    host.run("systemctl stop tussilago-acme-tcp.target")
    host.expect(NAME, 503, within=1)
    host.run("systemctl start tussilago-acme-tcp.target")
    host.expect(NAME, 200)  # held until it is up


def test_a_second_release_replaces_the_first(host):
    deploy(host)
    host.deploy("acme/tcp", manifest(NAME, process="ingress = { port = 8000 }", TEXT="over TCP again"))
    host.expect(NAME, 200, text="over TCP again")


def test_its_copies_have_an_address_each(host):
    deploy(host)
    host.run("tussilago scale acme/tcp web=3", timeout=120)
    number = next(one["number"] for one in host.json("tussilago releases acme/tcp --json") if one["state"] == "current")
    seen, end = set(), time.monotonic() + 20
    while len(seen) < 3 and time.monotonic() < end:
        seen.add(host.expect(NAME, 200).split()[-1])
    assert seen == {f"{number}", f"{number}.2", f"{number}.3"}, f"these answer: {seen}"
    host.run("tussilago scale acme/tcp web=1", timeout=120)


def reaches(host, port):
    return host.expect(NAME, 200, path=f"/connect?port={port}").endswith(" open")


def test_only_the_firewall_keeps_it_from_the_hosts_ports(host):
    deploy(host)
    # SSH's and Caddy's usual admin port, where nobody listens on a test host, and Caddy itself.
    for port in (22, 2019):
        host.run(f"systemd-run -q --unit=check-{port} python3 -m http.server {port}")
        host.settled(lambda: host.ask(f"curl -s -o /dev/null http://127.0.0.1:{port}").code == 0, f"a listener on {port}")
    try:
        for port in (22, 80, 2019):
            assert not reaches(host, port), f"port {port} of the gateway is reachable"
        host.run("nft delete table inet tussilago")
        try:
            for port in (22, 80, 2019):
                assert reaches(host, port), f"without the table port {port} should be reachable: the check shows nothing"
        finally:
            host.run("systemctl reload tussilago-firewall.service")
        for port in (22, 80, 2019):
            assert not reaches(host, port), f"the table is back, and port {port} is still reachable"
    finally:
        host.run("systemctl stop check-22.service check-2019.service")
