import FoundationEssentials
import Testing
import TussilagoCore

@testable import Nftables

/// What nft 1.1 prints of the platform's table, shortened.
private let listing = #"""
    {"nftables": [{"metainfo": {"version": "1.1.3", "release_name": "x", "json_schema_version": 1}},
    {"table": {"family": "inet", "name": "tussilago", "handle": 7}},
    {"set": {"family": "inet", "name": "instance", "table": "tussilago", "type": ["ifname", "ipv4_addr"], "handle": 1,
      "elem": [{"concat": ["tsl-0", "10.90.0.2"]}, {"concat": ["tsl-12", "10.90.0.194"]}]}},
    {"set": {"family": "inet", "name": "internet", "table": "tussilago", "type": ["ifname", "ipv4_addr"], "handle": 2}},
    {"set": {"family": "inet", "name": "proxied", "table": "tussilago", "type": ["ifname", "ipv4_addr", "inet_service"],
      "handle": 3, "elem": [{"concat": ["tsl-12", "10.90.0.194", 443]}]}},
    {"set": {"family": "inet", "name": "not_public", "table": "tussilago", "type": "ipv4_addr", "handle": 4,
      "flags": ["interval"], "elem": [{"prefix": {"addr": "10.0.0.0", "len": 8}}]}},
    {"chain": {"family": "inet", "table": "tussilago", "name": "forward", "handle": 5}},
    {"rule": {"family": "inet", "table": "tussilago", "chain": "forward", "handle": 6, "expr": [
      {"match": {"op": "==", "left": {"meta": {"key": "oifname"}}, "right": "tsl-*"}},
      {"counter": {"packets": 5, "bytes": 300}}, {"drop": null}]}}]}
    """#

private let elements = """
    flush set inet tussilago instance
    flush set inet tussilago internet
    flush set inet tussilago proxied
    add element inet tussilago instance { "tsl-12" . 10.90.0.194 }
    add element inet tussilago proxied { "tsl-12" . 10.90.0.194 . 443 }
    add element inet tussilago instance { "tsl-0" . 10.90.0.2 }

    """

@Suite struct TableTests {
    private func read(_ text: String) throws -> TableListing {
        TableListing(try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)))
    }

    @Test("The elements of a table are those that were written for it")
    func comparesElements() throws {
        #expect(try read(listing).elements == TableElements(text: elements).sets)
        for change in [("10.90.0.2\"", "10.90.0.3\""), ("443", "80"), ("tsl-0", "tsl-1")] {
            let other = listing.replacing(change.0, with: change.1)
            #expect(other != listing)
            #expect(try read(other).elements != TableElements(text: elements).sets, "\(change)")
        }
    }

    @Test("Instances that come and go, and what counters count, change no rule")
    func ignores() throws {
        let rules = try read(listing).rules
        #expect(try read(listing.replacing("10.90.0.2", with: "10.90.0.9")).rules == rules)
        #expect(try read(listing.replacing("\"packets\": 5", with: "\"packets\": 6")).rules == rules)
    }

    @Test(
        "Whatever else is changed is",
        arguments: [
            ("{\"drop\": null}", "{\"accept\": null}"), ("10.0.0.0", "11.0.0.0"), ("tsl-*", "tsl-1*"),
            ("\"handle\": 6", "\"handle\": 9"),
        ])
    func notices(from: String, to: String) throws {
        let other = listing.replacing(from, with: to)
        #expect(other != listing)
        #expect(try read(other).rules != read(listing).rules)
    }
}

@Suite struct NftablesTests {
    /// A manager for which every unit starts.
    private actor Services: ServiceManager {
        var started: [UnitName] = []
        func status(of units: [UnitName]) -> [UnitName: UnitStatus] { [:] }
        func reload() {}
        func start(_ units: [UnitName], deadline: Duration) { started += units }
        func refresh(_ unit: UnitName, deadline: Duration) { started.append(unit) }
        func stop(_ units: [UnitName], deadline: Duration) {}
    }

    private func differences(loaded: String, found: String, elements: String) async throws -> [String] {
        let root = FileManager.default.temporaryDirectory.path() + "/tussilago-nft-\(UUID().uuidString)"
        let directory = root + HostPaths.firewall
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: root) }
        for (name, text) in [("loaded.json", loaded), ("found.json", found), ("elements.nft", elements)] {
            try Data(text.utf8).write(to: URL(filePath: "\(directory)/\(name)"))
        }
        let services = Services()
        let differences = try await Nftables(services, root: root).differences()
        #expect(await services.started == [.firewallCheck])
        return differences
    }

    @Test("A table is as it shall be, is gone, was changed, or lacks an instance")
    func tells() async throws {
        let changed = listing.replacing("drop", with: "accept")
        #expect(try await differences(loaded: listing, found: listing, elements: elements) == [])
        #expect(try await differences(loaded: listing, found: "", elements: elements) == ["its table is not there"])
        #expect(
            try await differences(loaded: listing, found: changed, elements: elements) == ["its rules were changed"])
        #expect(
            try await differences(
                loaded: listing, found: listing,
                elements: elements
                    + elements.split(separator: "\n").map {
                        "\($0.replacing("tsl-0", with: "tsl-9"))\n"
                    }.joined()) == ["it does not have exactly the instances that run"])
    }

    @Test("One that was never loaded is an error that says where to look")
    func isMissing() async throws {
        let error = await #expect(throws: PortError.self) {
            try await Nftables(Services(), root: "/nonexistent").differences()
        }
        #expect(error?.cause.contains("systemctl status tussilago-firewall") == true)
    }
}
