"""An app that listens on a TCP port: it serves as any other, and reaches nothing."""

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


def reaches(host, port):
    return host.expect(NAME, 200, path=f"/connect?port={port}").endswith(" open")


def test_it_reaches_no_port_of_the_host(host):
    deploy(host)
    for port in (22, 80, 2019):
        assert not reaches(host, port), f"port {port} of the gateway is reachable"


def test_only_the_firewall_keeps_it_from_caddy(host):
    deploy(host)
    host.run("nft delete table inet tussilago")
    try:
        assert reaches(host, 80), "without the table Caddy should be reachable: the other check shows nothing"
    finally:
        host.run("systemctl reload tussilago-firewall.service")
    assert not reaches(host, 80), "the table is back, and Caddy is still reachable"
