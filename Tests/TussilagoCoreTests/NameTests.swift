import Testing
import TussilagoCore
import TussilagoTestKit

@Suite struct NameTests {
    @Test(
        "A name is a lower-case DNS label", arguments: ["a", "acme", "a-b", "a1", "my-long-tenant-name-of-32-chars-x"])
    func accepts(text: String) throws {
        if text.count <= 32 { #expect(try TenantName(text).rawValue == text) }
    }

    @Test(
        "Whatever could end a line, a path or a level is no name",
        arguments: [
            "", "A", "1a", "-a", "a-", "a_b", "a.b", "a/b", "../x", "a b", "a\n", "a\u{0}", "é", "a\u{2028}b", "%i",
            "a@b",
            String(repeating: "a", count: 33),
        ])
    func refuses(text: String) { #expect(throws: InvalidValue.self) { try TenantName(text) } }

    @Test("Names go into unit names and come back, whatever hyphens they have")
    func roundTrips() throws {
        var random = SeededRandom(seed: 1)
        let letters = Array("abz09-")
        for _ in 0..<5_000 {
            func word(_ limit: Int) -> String {
                "x"
                    + String(
                        (0..<Int.random(in: 0..<limit, using: &random)).compactMap { _ in
                            letters.randomElement(using: &random)
                        }) + "y"
            }
            let app = AppReference(tenant: try TenantName(word(28)), app: try AppName(word(28)))
            #expect(AppReference(unit: app.target) == app)
            let release = try #require(ReleaseNumber(rawValue: Int.random(in: 1...99_999, using: &random)))
            let instance = Instance(
                app: app, process: try ProcessName(word(12)), generation: Int.random(in: 1...30, using: &random),
                release: release, copy: Int.random(in: 1...9, using: &random))
            #expect(Instance(unit: instance.unit) == instance)
            #expect(UnitName(instance.unit.description) == instance.unit)
            #expect(instance.unit.description.utf8.count <= 255)
        }
    }

    @Test("The path that Caddy dials fits into a socket address, whatever the names are")
    func fits() throws {
        let long = String(repeating: "a", count: 32)
        let app = AppReference(tenant: try TenantName(long), app: try AppName(long))
        let path = "\(HostPaths.upstream(app))/\(HostPaths.ingressSocketDirectory)/\(Ingress.socketName)"
        #expect(path.utf8.count <= 107)
    }

    @Test(
        "A unit name that the platform would not make is none of its instances",
        arguments: [
            "tussilago-acme-shop-web@.service", "tussilago-acme-shop-web@0.service",
            "tussilago-acme-shop-web@07.service",
            "tussilago-acme-shop-web@7.1.service", "tussilago-acme-shop-web.1@7.service",
            "tussilago-acme-shop@7.service",
            "ssh.service", "tussilago-acme-shop-web@7.target",
        ])
    func refusesUnits(text: String) {
        #expect(UnitName(text).flatMap { Instance(unit: $0) } == nil)
    }
}

@Suite struct HostnameTests {
    @Test(
        "All spellings of a hostname are one",
        arguments: ["shop.example.org", "SHOP.example.org", "shop.example.org.", "Shop.Example.Org."])
    func normalises(text: String) throws { #expect(try Hostname(text).text == "shop.example.org") }

    @Test(
        "What is no single fully qualified name is refused",
        arguments: [
            "", ".", "localhost", "*.example.org", "shop..example.org", "-a.example.org", "a-.example.org",
            "a_b.example.org",
            "shop.example.org:80", "http://shop.example.org", "127.0.0.1", "bücher.example", "shop.example.org..",
            "a b.example.org", "shop.example.org\n", String(repeating: "a", count: 64) + ".org",
        ])
    func refuses(text: String) { #expect(throws: InvalidValue.self) { try Hostname(text) } }
}

@Suite struct ValueTests {
    @Test(
        "An image must name its registry",
        arguments: ["python", "python:3.13", "library/python", "", "localhost/", "localhost/py thon", "localhost/a\n"])
    func refusesImages(text: String) { #expect(throws: InvalidValue.self) { try ImageReference(text) } }

    @Test("An image without a tag is the latest")
    func tagsImages() throws {
        #expect(try ImageReference("localhost/python").text == "localhost/python:latest")
        #expect(try ImageReference("registry.example.org:5000/a/b:1").text == "registry.example.org:5000/a/b:1")
    }

    @Test("Sizes are read and written as systemd does")
    func sizes() throws {
        #expect(try Bytes(parsing: "256M").count == 268_435_456)
        #expect("\(try Bytes(parsing: "1024K"))" == "1M")
        #expect(throws: InvalidValue.self) { try Bytes(parsing: "9999999999999999999T") }
        #expect(throws: InvalidValue.self) { try Bytes(parsing: "-1M") }
    }

    @Test("User ranges do not overlap and stay between systemd's own")
    func ranges() throws {
        let ranges = (0..<UserRange.count).compactMap { UserRange(index: $0) }
        #expect(ranges.count == UserRange.count)
        for (left, right) in zip(ranges, ranges.dropFirst()) { #expect(left.first + UserRange.size == right.first) }
        #expect(ranges.first?.first == 1_879_048_192)
        #expect(try #require(ranges.last).host(UserRange.size - 1) <= 2_147_352_575)
    }

    @Test(
        "Neither an argument nor a value carries control characters",
        arguments: ["a\nb", "a\u{0}b", "\u{1B}[31m", "a\u{85}b", "a\u{2028}b", "a\u{202E}b"])
    func refusesControls(text: String) {
        #expect(throws: InvalidValue.self) { try CommandArgument(text) }
        #expect(throws: InvalidValue.self) { try EnvironmentVariable(name: "A", value: text) }
    }

    @Test("The platform's own variables cannot be set")
    func refusesOwnVariables() {
        #expect(throws: InvalidValue.self) { try EnvironmentVariable(name: "TUSSILAGO_IMAGE", value: "x") }
    }

    @Test("Bridges do not overlap, and the host's address on each is none of another's")
    func networks() throws {
        let networks = (0..<AppNetwork.count).compactMap { AppNetwork(index: $0) }
        #expect(Set(networks.map(\.subnet)).count == AppNetwork.count)
        #expect(Set(networks.map(\.gateway)).count == AppNetwork.count)
        #expect(networks.first?.subnet == "10.80.0.0/24")
        #expect(networks.last?.gateway == "10.95.255.1")
        #expect(networks.allSatisfy { $0.interface.utf8.count <= 15 })
    }

    @Test("An operation moves only along its edges")
    func edges() {
        let all = Operation.State.allCases
        let allowed = all.flatMap { from in all.filter { from.mayBecome($0) }.map { "\(from)>\($0)" } }
        #expect(
            allowed == [
                "accepted>running", "accepted>failed", "accepted>cancelled", "running>running", "running>succeeded",
                "running>failed", "running>cancelled",
            ])
    }
}
