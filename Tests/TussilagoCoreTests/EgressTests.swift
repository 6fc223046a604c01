import FoundationEssentials
import Testing
import TussilagoTestKit

@testable import TussilagoCore

@Suite struct EgressTests {
    @Test("A host is named by its name and port, and written back as people write it")
    func parses() throws {
        for (text, host, port) in [
            ("https://api.example.org", "api.example.org", 443),
            ("https://API.example.org.:443", "api.example.org", 443),
            ("https://api.example.org:8443", "api.example.org", 8443),
        ] {
            let parsed = try EgressHost(text)
            #expect(parsed.hostname.text == host)
            #expect(Int(parsed.port) == port)
            #expect(try EgressHost(parsed.description) == parsed)
        }
        #expect(try EgressHost("https://a.example:443").description == "https://a.example")
    }

    @Test(
        "What is no host over TLS is refused",
        arguments: [
            "", "api.example.org", "http://api.example.org", "https://", "https://api.example.org/",
            "https://a.example?x",
            "https://user@a.example", "https://*.example.org", "https://10.0.0.1", "https://[::1]", "https://localhost",
            "https://a.example:0", "https://a.example:65536", "https://a.example:", "https://a.example:+1",
            "https://a.example:0443", "https://bücher.example", "https://a.example:443:443", "internet",
        ])
    func refuses(text: String) { #expect(throws: InvalidValue.self) { try EgressHost(text) } }

    @Test("A grant covers what is less, and never what is more")
    func grants() throws {
        let hosts = try #require(Egress(hosts: [try EgressHost("https://a.example")]))
        let covered: [(EgressGrant, Egress?, Bool)] = [
            (.none, nil, true), (.none, hosts, false), (.none, .internet, false), (.list, nil, true),
            (.list, hosts, true), (.list, .internet, false), (.internet, hosts, true), (.internet, .internet, true),
        ]
        for (grant, egress, isCovered) in covered { #expect(grant.covers(egress) == isCovered, "\(grant) \(egress)") }
        #expect(Egress(hosts: []) == nil)
    }

    @Test("A manifest of an earlier version asks for nothing, and one that asks for nothing is written as before")
    func isCompatible() throws {
        let manifest = Manifest(processes: [try Make.process()])
        let data = try JSONEncoder().encode(manifest)
        #expect(!String(decoding: data, as: UTF8.self).contains("egress"))
        #expect(try JSONDecoder().decode(Manifest.self, from: data) == manifest)
    }

    private func template(_ egress: Egress?, ingress: Ingress? = .socket) throws -> Set<String> {
        let text = ProcessTemplate(
            tenant: try Make.tenant(), app: try Make.app(), process: try Make.process(ingress: ingress),
            hasFiles: false,
            egress: egress
        ).text
        return Set(text.split(separator: "\n").map(String.init))
    }

    @Test("Only an app that asks for egress has a device, a name to ask for, and a proxy of its ports")
    func templates() throws {
        let hosts = try #require(
            Egress(hosts: [try EgressHost("https://b.example:8443"), try EgressHost("https://a.example")]))
        let live = "/var/lib/tussilago/apps/acme/shop/live/%i"
        let none = try template(nil), list = try template(hosts), internet = try template(.internet)
        #expect(none.contains("Network=none"))
        #expect(!none.contains { $0.contains("tsl-3") || $0.contains("/etc/") || $0.hasPrefix("DNS=") })
        for lines in [list, internet, try template(hosts, ingress: nil)] {
            #expect(lines.contains("Network=tussilago-acme-shop.network"))
            #expect(lines.contains("IP=${TUSSILAGO_ADDRESS}"))
            #expect(
                lines.contains(
                    "ExecStartPre=/usr/libexec/tussilago/tussilago-instance join %N tsl-3 10.80.3.1 \(live)/egress"))
        }
        let proxies = "tussilago-egress@10.80.3.1:443.socket tussilago-egress@10.80.3.1:8443.socket"
        #expect(list.contains("Requires=tussilago-firewall.service \(proxies)"))
        #expect(list.contains("Volume=\(live)/hosts:/etc/hosts:ro"))
        #expect(list.contains("DNS=127.0.0.1"))
        #expect(internet.contains("Requires=tussilago-firewall.service"))
        #expect(internet.contains("Volume=\(live)/resolv.conf:/etc/resolv.conf:ro"))
        #expect(!internet.contains { $0.hasPrefix("DNS=") })
    }

    @Test("More instances than the bridge has addresses for cannot be asked for")
    func bounds() throws {
        let processes = try (0..<8).map { try Make.process("p\($0)", ingress: nil, count: 15) }
        var manifest = Manifest(processes: processes, egress: .internet)
        #expect(!manifest.hasTooManyOnBridge)
        #expect(throws: PortError.self) { try manifest.scaled(to: [try ProcessName("p0"): 16]) }
        manifest.egress = nil
        #expect(try manifest.scaled(to: [try ProcessName("p0"): 16]).processes[0].count == 16)
    }
}

@Suite struct PublicAddressTests {
    @Test(
        "Nothing of a host, a network or a cloud of one's own is public",
        arguments: [
            "0.0.0.0", "10.0.0.1", "10.80.0.2", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.0.0.53",
            "169.254.1.1",
            "169.254.169.254", "168.63.129.16", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.168.255.255",
            "198.18.0.1", "203.0.113.5", "224.0.0.251", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        ])
    func excludes4(text: String) throws { #expect(!PublicAddress.isPublic(try #require(PublicAddress.bytes4(text)))) }

    @Test(
        "What lies just beside is",
        arguments: [
            "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
            "168.63.129.17", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
            "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
        ])
    func includes4(text: String) throws { #expect(PublicAddress.isPublic(try #require(PublicAddress.bytes4(text)))) }

    @Test("Of IPv6 only what is given out is public")
    func judges6() {
        func address(_ words: UInt16...) -> [UInt8] {
            let words = words + Array(repeating: 0, count: 8 - words.count)
            return words.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        }
        for bytes in [
            address(0), address(0, 0, 0, 0, 0, 0xFFFF, 0x7F00, 1), address(0x0064, 0xFF9B, 0, 0, 0, 0, 0xA9FE, 0xA9FE),
            address(0xFE80), address(0xFC00), address(0xFD00, 0x0EC2, 0, 0, 0, 0, 0, 0x254), address(0xFF02, 1),
            address(0x2001, 0), address(0x2001, 0x01FF), address(0x2001, 0x0DB8), address(0x2002, 0x7F00, 1),
            address(0x3FFF, 0x0FFF), address(0x1FFF), address(0x4000), [], [1, 2, 3],
        ] {
            #expect(!PublicAddress.isPublic(bytes), "\(bytes)")
        }
        for bytes in [
            address(0x2001, 0x0200), address(0x2001, 0x4860, 0x4860, 0, 0, 0, 0, 0x8888), address(0x2001, 0x0DB9),
            address(0x2003), address(0x2606, 0x4700), address(0x2A00), address(0x3FFF, 0x1000), address(0x3FFE),
        ] {
            #expect(PublicAddress.isPublic(bytes), "\(bytes)")
        }
    }

    @Test(
        "Other ways to write an address are none",
        arguments: ["127.1", "010.0.0.1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "", "a.b.c.d", "1..2.3"])
    func refuses(text: String) { #expect(PublicAddress.bytes4(text) == nil) }

    @Test("The firewall and the proxy's unit exclude the same networks")
    func agreesWithUnits() throws {
        let units = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "units")
        func text(_ path: String) throws -> String {
            String(decoding: try Data(contentsOf: units.appending(path: path)), as: UTF8.self)
        }
        let table = try text("nftables/tussilago.nft")
        let set = try #require(
            table.split(separator: "set not_public {").last?.split(separator: "elements = {").dropFirst().first)
        let elements = set.prefix { $0 != "}" }.split { ", \n\t".contains($0) }.map(String.init)
        #expect(elements.sorted() == PublicAddress.excluded4.sorted())
        let denied = try text("systemd/system/tussilago-egress@.service").split(separator: "\n")
            .filter { $0.hasPrefix("IPAddressDeny=") }.flatMap {
                $0.dropFirst(14).split(separator: " ").map(String.init)
            }
        #expect(denied.filter { !$0.contains(":") }.sorted() == PublicAddress.excluded4.sorted())
        #expect(denied.filter { $0.contains(":") } == ["::/3", "4000::/2", "8000::/1"])
    }
}

@Suite struct HostnamePolicyTests {
    @Test("Below the platform's own domain a tenant has its name and what is below that, and nothing else")
    func handsOut() throws {
        var policy = HostnamePolicy()
        policy.suffixes = [try Hostname("apps.example.org"), try Hostname("eu.apps.example.org")]
        let acme = try TenantName("acme"), apps = try Hostname("apps.example.org")
        func standing(_ text: String) throws -> HostnamePolicy.Standing {
            policy.standing(of: try Hostname(text), for: acme)
        }
        #expect(try standing("shop.acme.apps.example.org") == .own)
        #expect(try standing("acme.apps.example.org") == .own)
        #expect(try standing("a.shop.acme.apps.example.org") == .own)
        #expect(try standing("shop.acme.eu.apps.example.org") == .own)
        for text in [
            "apps.example.org", "shop.umbra.apps.example.org", "xacme.apps.example.org", "acme.x.apps.example.org",
            "www.apps.example.org",
        ] {
            #expect(try standing(text) == .others(suffix: apps), "\(text)")
        }
        // The longer of two that cover a name counts: nobody named "eu" gets what is below the other.
        #expect(
            policy.standing(of: try Hostname("x.eu.apps.example.org"), for: try TenantName("eu"))
                == .others(suffix: try Hostname("eu.apps.example.org")))
        #expect(try standing("example.org") == .custom)
        #expect(try standing("shop.acme.apps.example.org.evil.example") == .custom)
        #expect(try standing("notapps.example.org") == .custom)
        policy.proof = .none
        #expect(try standing("example.org") == .own)
        #expect(try standing("www.apps.example.org") == .others(suffix: apps))
    }

    @Test("A proof is one tenant's and one hostname's alone")
    func records() throws {
        let domain = ClaimedDomain(
            hostname: try Hostname("shop.example.org"), tenant: try TenantName("acme"), challenge: Make.id(7),
            createdAt: Date(timeIntervalSince1970: 0))
        #expect(domain.recordName == "_tussilago-challenge.shop.example.org")
        #expect(domain.recordText == "tussilago-verification=\(Make.id(7).lowercased)")
    }
}

@Suite struct HostnamePropertyTests {
    /// Ways to write one name: other cases, and a dot at the end.
    static func spelling(of name: String, _ random: inout SeededRandom) -> String {
        let text = String(name.map { Bool.random(using: &random) ? Character($0.uppercased()) : $0 })
        return text + (Bool.random(using: &random) ? "." : "")
    }

    @Test("Every text is refused or has one canonical form, which is its own")
    func isCanonical() throws {
        var random = SeededRandom(seed: 11)
        let usual = Array("aAzZ09-.x"), unusual = Array("._*:/ éßİ\u{212A}\u{0}")
        var accepted = 0
        for _ in 0..<50_000 {
            let text = String(
                (0..<Int.random(in: 0...12, using: &random)).compactMap { _ in
                    (Int.random(in: 0..<20, using: &random) > 0 ? usual : unusual).randomElement(using: &random)
                })
            guard let hostname = try? Hostname(text) else { continue }
            accepted += 1
            #expect(try Hostname(hostname.text) == hostname, "seed 11: \(text)")
            #expect(
                hostname.text.utf8.allSatisfy { $0.isLowercaseLetter || $0.isDigit || $0 == 45 || $0 == 46 }, "\(text)")
            #expect(!hostname.text.hasSuffix("."))
            // Nothing but ASCII comes to it: a Kelvin sign is no k.
            #expect(text.utf8.allSatisfy { $0 < 0x80 }, "\(text)")
        }
        #expect(accepted > 1_000)
    }

    @Test("200 spellings of a name are one name")
    func collide() throws {
        var random = SeededRandom(seed: 12)
        let spellings = Set((0..<200).map { _ in Self.spelling(of: "a-long.shop-name.example.org", &random) })
        #expect(spellings.count > 190)
        #expect(Set(try spellings.map { try Hostname($0) }).count == 1)
    }
}
