"""What apps reach: nothing, hosts by name, or the Internet; and that it is the table, and only that, which keeps them from more.

The Internet is a network namespace of the test host (inside/internet.py). It has every address there is, those that nobody
shall reach among them, so that a probe fails for no other reason.
"""

import json

from host import manifest

PUBLIC, OTHER_PUBLIC = "93.184.215.14", "151.101.1.69"
# The host's own address in the Internet.
OWN = "93.184.215.1"
PUBLIC6, OWN6 = "2606:4700:90::2", "2606:4700:90::1"
# Metadata, private networks, the provider's, documentation's, and Azure's host.
FORBIDDEN = ["169.254.169.254", "192.168.7.7", "10.99.0.1", "172.20.0.9", "100.64.3.3", "198.18.0.9", "168.63.129.16"]
FORBIDDEN6 = ["fd00:ec2::254", PUBLIC6]
NAMES = {
    "A api.example.net": [PUBLIC], "A other.example.net": [OTHER_PUBLIC], "A port.example.net": [PUBLIC],
    # What whoever has a name may point it to.
    "A private.example.net": ["192.168.7.7"], "A metadata.example.net": ["169.254.169.254"], "A self.example.net": [OWN],
}
LIST = ('egress = ["https://api.example.net", "https://port.example.net:8443", "https://private.example.net",'
        ' "https://metadata.example.net", "https://self.example.net"]')
OPEN, NAMED, CLOSED = "open.example.org", "named.example.org", "closed.example.org"
TABLE = "table inet tussilago"


def names(host, **more):
    host.write("/run/names.json", json.dumps({**NAMES, **more.get("records", {})}))


def setup(host):
    """The Internet, and an app of each kind."""
    if host.ask("ip netns pids out | grep -q .").code == 0:
        return
    names(host)
    addresses = "; ".join(f"ip -n out addr add {each}/32 dev lo" for each in FORBIDDEN + [OTHER_PUBLIC, "9.9.9.9"])
    host.run(f"""set -e
        ip netns add out
        ip link add uplink type veth peer name eth0 netns out
        ip addr add {OWN}/24 dev uplink; ip addr add {OWN6}/64 dev uplink nodad; ip link set uplink up
        ip -n out link set lo up; ip -n out link set eth0 up
        ip -n out addr add {PUBLIC}/24 dev eth0; ip -n out addr add {PUBLIC6}/64 dev eth0 nodad
        {addresses}; ip -n out addr add fd00:ec2::254/128 dev lo
        ip route add default via {PUBLIC}; ip -6 route add default via {PUBLIC6}
        systemd-run -q --unit=check-internet ip netns exec out python3 /srv/inside/internet.py
        systemd-run -q --unit=check-22 python3 -m http.server 22
        systemd-run -q --unit=check-5353 python3 -m http.server 5353
        """)
    host.settled(lambda: said(host, f"curl -s -m 3 telnet://{PUBLIC}:80 </dev/null || true") == "hello", "the Internet")
    # The host's resolver, which the proxy asks, and which finds the records of domains.
    host.run("""set -e
        systemctl unmask systemd-resolved.service
        mkdir -p /etc/systemd/resolved.conf.d
        printf '[Resolve]\\nDNS=9.9.9.9\\nDomains=~.\\nLLMNR=no\\nMulticastDNS=no\\n' > /etc/systemd/resolved.conf.d/t.conf
        systemctl restart systemd-resolved.service""")
    if host.ask("tussilago tenant show reach").code != 0:
        host.run("tussilago tenant create reach --egress internet")
    for app, name, top in (
            ("reach/open", OPEN, 'egress = ["internet"]'), ("reach/named", NAMED, LIST), ("reach/closed", CLOSED, "")):
        if host.ask(f"tussilago app show {app} | grep -q current").code != 0:
            host.deploy(app, manifest(name, "reach.py", top=top))


def said(host, script):
    return host.ask(script).output.strip()


def ask(host, app, path):
    return host.expect(app, 200, path=path)


def tcp(host, app, address, port=80):
    to = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    return ask(host, app, f"/tcp?to={to}")


def address_of(host, unit):
    """The address on its bridge of the instance whose unit's name begins so."""
    return host.run(f"grep -l ' {unit}' /run/tussilago-network/10.* | xargs -n1 basename")


def without_table(host, probe):
    """What a probe says while there is no table: the control of every refusal."""
    host.run(f"nft delete {TABLE}")
    try:
        return probe()
    finally:
        host.run("systemctl reload tussilago-firewall.service")


def test_an_app_that_asks_for_nothing_has_no_network_at_all(host):
    setup(host)
    for answer in (tcp(host, CLOSED, PUBLIC), without_table(host, lambda: tcp(host, CLOSED, PUBLIC))):
        assert answer.startswith("failed"), answer
    none, some = ask(host, CLOSED, "/devices"), ask(host, OPEN, "/devices")
    assert set(none.split()) <= {"lo"} and set(some.split()) - {"lo"}, f"without: {none!r}, with egress: {some!r}"


def test_internet_reaches_every_public_address_and_names(host):
    setup(host)
    assert tcp(host, OPEN, PUBLIC) == "hello"
    assert tcp(host, OPEN, OTHER_PUBLIC, 8443) == "hello"
    assert ask(host, OPEN, "/name?of=api.example.net") == PUBLIC
    answer = ask(host, OPEN, "/tls?to=other.example.net:443")
    assert answer == "TLS for other.example.net", answer


def test_internet_reaches_nothing_private_and_only_the_table_keeps_it_from_that(host):
    setup(host)
    for address in FORBIDDEN:
        answer = tcp(host, OPEN, address)
        assert answer.startswith("failed"), f"{address} is reachable: {answer}"
    open_then = without_table(host, lambda: [each for each in FORBIDDEN if tcp(host, OPEN, each) == "hello"])
    assert open_then == FORBIDDEN, f"without the table {open_then} answer: the others show nothing"
    assert tcp(host, OPEN, PUBLIC) == "hello", "the table is back, and the Internet is not"


def test_nothing_reaches_the_host_or_another_app(host):
    setup(host)
    if host.ask("tussilago app show acme/tcp | grep -q current").code != 0:
        host.deploy("acme/tcp", manifest("tcp.example.org", process="ingress = { port = 8000 }"))
    other = address_of(host, "tussilago-acme-tcp-web")
    assert host.ask(f"curl -s -o /dev/null http://{other}:8000/health").code == 0, "nobody listens at the other app"
    own = address_of(host, "tussilago-reach-open-web")
    gateway = f"{own.rpartition('.')[0]}.1"
    targets = [(gateway, 22), (gateway, 80), (gateway, 5353), (OWN, 22), (OWN, 80)]

    def reached(app):
        return [each for each in targets + [(other, 8000)] if not tcp(host, app, *each).startswith("failed")]

    for app in (OPEN, NAMED):
        assert reached(app) == [], app
    open_then = without_table(host, lambda: reached(OPEN))
    missing = set(targets) - set(open_then)
    assert not missing, f"without the table {missing} are not reachable either: the check shows nothing of them"


def test_there_is_no_way_over_ipv6(host):
    setup(host)
    assert host.run(f"curl -s -m 3 telnet://[{PUBLIC6}]:80 </dev/null || true") == "hello", "the host itself has IPv6"
    for app in (OPEN, NAMED):
        for address in FORBIDDEN6 + [OWN6]:
            assert tcp(host, app, address).startswith("failed"), f"{address} from {app}"


def bridge_of(host, unit):
    return host.run(f"head -qn1 $(grep -l ' {unit}' /run/tussilago-network/10.*) | cut -d' ' -f1")


def test_spoofed_packets_are_dropped(host):
    """From inside of an app, in every way there is, and from a device of our own on its bridge, which gVisor does not guard:
    none of the sources is an instance's."""
    setup(host)
    bridge, own = bridge_of(host, "tussilago-reach-open-web"), address_of(host, "tussilago-reach-open-web")
    prefix = own.rpartition(".")[0]
    neighbour, gateway = f"{prefix}.250", f"{prefix}.1"
    foreign = "45.33.32.156"
    host.run(f"""set -e
        ip netns add fake
        ip link add fake0 type veth peer name eth0 netns fake
        ip link set fake0 master {bridge} up; ip -n fake link set eth0 up; ip -n fake link set lo up
        ip -n fake addr add {neighbour}/24 dev eth0; ip -n fake addr add {foreign}/32 dev eth0
        ip -n fake route add default via {gateway}
        nft 'add table inet check; add chain inet check f {{ type filter hook forward priority 100; }};
             add rule inet check f ip saddr {{ {neighbour}, {foreign} }} udp dport 9 counter'""")
    send = ("ip netns exec fake python3 -c \"import socket\n"
            f"for source in ('{neighbour}', '{foreign}'):\n"
            " s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((source, 0))\n"
            f" [s.sendto(b'x', ('{PUBLIC}', 9)) for each in range(5)]\"")

    def arrived(sending=lambda: host.run(send)):
        host.run("nft reset rules table inet check >/dev/null")
        sending()
        host.run("sleep 0.3")
        rules = host.json("nft -j list chain inet check f")["nftables"]
        return next(each["counter"]["packets"] for rule in rules if "rule" in rule
                    for each in rule["rule"]["expr"] if "counter" in each)

    def dropped():
        rules = host.json(f"nft -j list chain inet tussilago prerouting")["nftables"]
        return next(each["counter"]["packets"] for rule in rules if rule.get("rule", {}).get("comment") == "spoofed source"
                    for each in rule["rule"]["expr"] if "counter" in each)

    def from_inside():
        met = [ask(host, OPEN, f"/spoof?source={source}&to={PUBLIC}:9") for source in (neighbour, foreign)]
        print("  " + "; ".join(sorted(set("\n".join(met).splitlines()))))

    try:
        before = dropped()
        assert arrived() == 0, "spoofed packets are passed on"
        assert dropped() - before == 10, "they were not dropped for their source"
        assert without_table(host, arrived) == 10, "without the table they do not arrive either: the check shows nothing"
        assert arrived(from_inside) == 0, "an app's spoofed packets are passed on"
        assert without_table(host, lambda: arrived(from_inside)) > 0, "none is without the table: the check shows nothing"
        assert tcp(host, OPEN, PUBLIC) == "hello", "the app has lost its own address: nothing of the above counts"
    finally:
        host.run("nft delete table inet check; ip netns del fake; ip link del fake0 2>/dev/null || true")


def test_named_hosts_are_reached_by_name_and_nothing_else_is(host):
    setup(host)
    assert ask(host, NAMED, "/tls?to=api.example.net:443") == "TLS for api.example.net"
    assert ask(host, NAMED, "/tls?to=port.example.net:8443") == "TLS for port.example.net"
    for what in ("to=port.example.net:443", "to=api.example.net:8443"):
        assert "failed" in ask(host, NAMED, f"/tls?{what}") or "alert 49" in ask(host, NAMED, f"/tls?{what}"), what
    assert "failed" in tcp(host, NAMED, PUBLIC, 443), "by its address"
    assert "failed" in ask(host, NAMED, "/name?of=other.example.net"), "another name is known"
    # Another name in the handshake, none, and no handshake at all.
    assert ask(host, NAMED, "/tls?to=api.example.net:443&name=other.example.net") == "alert 49"
    assert ask(host, NAMED, "/tls?to=api.example.net:443&name=") == "alert 49"
    # The same handshake, by an app that may reach both.
    assert ask(host, OPEN, "/tls?to=api.example.net:443&name=other.example.net") == "TLS for other.example.net"
    log = host.run("journalctl -o cat -u 'tussilago-egress@*'")
    assert "tussilago-reach-named-web@1 may not reach other.example.net port 443" in log, log


def test_a_name_that_leads_to_no_public_address_leads_nowhere(host):
    setup(host)
    # What of the host's own listens there makes no difference.
    for listens in (False, True):
        if listens:
            host.run(f"systemd-run -q --unit=check-443 python3 -m http.server --bind {OWN} 443")
            host.settled(lambda: host.ask(f"curl -s http://{OWN}:443").code == 0, "a listener of the host's own")
        for name in ("private", "metadata", "self"):
            answer = ask(host, NAMED, f"/tls?to={name}.example.net:443")
            assert answer == "alert 49", f"{name}: {answer}"
    # The same name, with a public address.
    names(host, records={"A private.example.net": [PUBLIC]})
    try:
        host.run("resolvectl flush-caches")
        assert ask(host, NAMED, "/tls?to=private.example.net:443") == "TLS for private.example.net"
    finally:
        names(host)
        host.run("resolvectl flush-caches")


def test_another_app_cannot_use_the_proxy(host):
    setup(host)
    own = address_of(host, "tussilago-reach-named-web")
    gateway = f"{own.rpartition('.')[0]}.1"
    probe = f"/tls?to={gateway}:443&name=api.example.net"
    assert ask(host, NAMED, probe) == "TLS for api.example.net"
    assert "failed" in ask(host, OPEN, probe)
    # Without the table it gets as far as the proxy, which does not know it either.
    assert without_table(host, lambda: ask(host, OPEN, probe)) == "alert 49"


def test_more_than_the_grant_is_refused(host):
    setup(host)
    host.run("tussilago tenant create poor || true")
    host.run("tussilago app create poor/app || true")
    host.write("/srv/manifest.toml", manifest("poor.example.org", "reach.py", top=LIST))
    deploy = "tussilago deploy poor/app --manifest /srv/manifest.toml --files /srv/apps"
    refused = host.ask(deploy)
    assert refused.code != 0 and "tenant poor was granted nothing" in refused.output, refused.output
    assert "tussilago tenant set" in refused.output, refused.output
    host.run("tussilago tenant set poor --egress list")
    host.run(deploy)
    assert ask(host, "poor.example.org", "/tls?to=api.example.net:443") == "TLS for api.example.net"
    host.write("/srv/manifest.toml", manifest("poor.example.org", "reach.py", top='egress = ["internet"]'))
    assert 'granted egress "list" only' in host.ask(deploy).output


def test_what_is_no_longer_granted_is_cut_at_once(host):
    setup(host)
    assert ask(host, OPEN, f"/hold?to={PUBLIC}:80") == "held"
    assert "still there?" in ask(host, OPEN, "/held")
    host.run("tussilago tenant set reach --egress list")
    try:
        assert "still there?" not in ask(host, OPEN, "/held"), "an open connection goes on"
        assert tcp(host, OPEN, PUBLIC).startswith("failed")
        assert ask(host, NAMED, "/tls?to=api.example.net:443") == "TLS for api.example.net"
        host.run("systemctl restart 'tussilago-reach-open.target'")
        host.expect(OPEN, 200, within=20)
        assert tcp(host, OPEN, PUBLIC).startswith("failed"), "a start brings it back"
        host.run("tussilago tenant set reach --egress none")
        assert "failed" in ask(host, NAMED, "/tls?to=api.example.net:443")
    finally:
        host.run("tussilago tenant set reach --egress internet")
    assert tcp(host, OPEN, PUBLIC) == "hello"


def firewall(host):
    return [each["what"] for each in host.json("tussilago reconcile --dry-run --json") if each["subject"] == "firewall"]


def test_a_table_that_is_gone_or_changed_is_found_and_mended(host):
    setup(host)
    assert firewall(host) == []
    bridge = bridge_of(host, "tussilago-reach-open-web")
    for damage, text in (
            (f"nft delete {TABLE}", "not there"),
            ("nft insert rule inet tussilago to_elsewhere accept", "rules were changed"),
            ("nft flush chain inet tussilago prerouting", "rules were changed"),
            ("nft delete element inet tussilago not_public '{ 10.0.0.0/8 }'", "rules were changed"),
            (f"nft add element inet tussilago internet '{{ \"{bridge}\" . 10.95.255.9 }}'", "exactly the instances"),
            ("nft flush set inet tussilago instance", "exactly the instances")):
        host.run(damage)
        found = firewall(host)
        assert any(text in each for each in found), f"after {damage}: {found}"
        host.run("tussilago reconcile")
        assert firewall(host) == [], f"after {damage} and a reconcile"
        assert tcp(host, OPEN, PUBLIC) == "hello"
        assert tcp(host, OPEN, "10.99.0.1").startswith("failed")


def test_a_release_of_an_earlier_version_keeps_its_address(host):
    """Its unit does not join, and the table that was loaded then has no sets."""
    setup(host)
    link = host.run("ls -d /var/lib/tussilago/apps/reach/closed/live/* | head -n 1").strip()
    address = f"{link}/{link.rpartition('/')[2]}.env"
    host.run(f"echo TUSSILAGO_ADDRESS=10.95.255.9 >{address}; nft delete {TABLE}; nft add {TABLE}")
    try:
        host.run("systemctl restart tussilago-reach-open.target")
        host.expect(OPEN, 200, within=20)
        assert tcp(host, OPEN, PUBLIC) == "hello"
        assert '"tsl-4095" . 10.95.255.9' in host.run("nft list set inet tussilago instance")
        assert firewall(host) == []
    finally:
        host.run(f"rm {address}; systemctl reload tussilago-firewall.service")


def test_copies_have_addresses_of_their_own_and_give_them_back(host):
    setup(host)
    count = "ls /run/tussilago-network | grep -c '^10\\.' || true"
    before = int(host.run(count))
    host.run("tussilago scale reach/open web=3")
    assert int(host.run(count)) == before + 2
    assert tcp(host, OPEN, PUBLIC) == "hello"
    host.run("tussilago scale reach/open web=1")
    assert int(host.run(count)) == before


def test_without_the_table_no_app_on_a_bridge_starts_at_boot(host):
    setup(host)
    host.run("cp /usr/lib/tussilago/firewall.nft /srv/firewall.nft; echo broken > /usr/lib/tussilago/firewall.nft")
    host.testhost("reboot")
    try:
        host.expect(CLOSED, 200, within=30)
        unit = host.run("basename /etc/systemd/system/tussilago-reach-open.target.wants/*-web*@*")
        assert host.property(unit, "ActiveState") != "active", "it runs without the table"
        assert host.ask("podman ps --format '{{.Names}}' | grep -q reach-open").code != 0
    finally:
        host.run("cp /srv/firewall.nft /usr/lib/tussilago/firewall.nft; systemctl restart tussilago-firewall.service;"
                 " systemctl restart tussilago-reach.target tussilago-acme.target || true")
    host.expect(OPEN, 200, within=30)
    setup(host)
    assert tcp(host, OPEN, PUBLIC) == "hello"
    assert ask(host, NAMED, "/tls?to=api.example.net:443") == "TLS for api.example.net"


def test_a_domain_is_proved_by_its_record(host):
    setup(host)
    name = "shop.example.com"
    host.run(f"tussilago tenant create prover || true; tussilago domain remove prover {name}")
    shown = host.run(f"tussilago domain add prover {name}")
    record = f"_tussilago-challenge.{name}"
    assert f"{record}. TXT " in shown, shown
    text = host.json("tussilago domain list prover --json")[0]["domain"]["record_text"]
    missing = host.ask(f"tussilago domain verify prover {name}")
    assert missing.code != 0 and text in missing.output and "tussilago domain verify prover" in missing.output, missing.output
    names(host, records={f"TXT {record}": ["v=spf1 -all", text]})
    try:
        host.run(f"tussilago domain verify prover {name}")
    finally:
        names(host)
    assert host.json("tussilago domain list prover --json")[0]["domain"]["state"] == "proved"
    # Another tenant gets it by no record of its own, and by nobody's word.
    host.run(f"tussilago domain add reach {name}")
    other = host.ask(f"tussilago domain verify reach {name}")
    assert other.code != 0, other.output
    vouched = host.ask(f"tussilago domain add reach {name} --vouch")
    assert vouched.code != 0 and "another tenant has proved" in vouched.output, vouched.output
    host.run("systemctl stop systemd-resolved.service")
    try:
        down = host.ask(f"tussilago domain verify reach {name}")
        assert "systemd-resolved" in down.output, down.output
    finally:
        host.run("systemctl start systemd-resolved.service")


def test_the_agent_has_opened_no_network_socket(host):
    setup(host)
    host.run("tussilago status")
    pid = host.run("systemctl show -P MainPID tussilagod.service")
    inodes = host.run(f"ls -l /proc/{pid}/fd | grep -o 'socket:\\[[0-9]*' | cut -d[ -f2")
    tables = host.run(f"cat /proc/{pid}/net/tcp /proc/{pid}/net/tcp6 /proc/{pid}/net/udp /proc/{pid}/net/udp6")
    held = {line.split()[9] for line in tables.splitlines() if ":" in line.split()[0] and len(line.split()) > 9}
    assert not held & set(inodes.split()), held


def test_nothing_is_left_of_apps_that_are_deleted(host):
    setup(host)
    left = ("ls /run/tussilago-network | grep -v lock; ls /var/lib/tussilago/egress 2>/dev/null;"
            " systemctl list-units --plain --no-legend 'tussilago-egress@*.socket'; true")
    assert "reach" in host.run(left)
    for app in ("reach/open", "reach/named", "reach/closed", "poor/app", "acme/tcp"):
        host.run(f"tussilago app delete {app} || true", timeout=60)
    for tenant in ("reach", "poor", "prover"):
        host.run(f"tussilago tenant delete {tenant} || true")
    assert host.run(left).strip() == "", "an address, a grant or a proxy is left"
    elements = [each["set"].get("elem") for each in host.json(f"nft -j list {TABLE}")["nftables"]
                if each.get("set", {}).get("name") in ("instance", "internet", "proxied")]
    assert elements == [None] * 3, elements
    host.run("""systemctl stop check-internet.service 'check-*.service'; ip netns del out; ip link del uplink 2>/dev/null
        systemctl mask --now systemd-resolved.service; rm -f /etc/systemd/resolved.conf.d/t.conf; true""")
