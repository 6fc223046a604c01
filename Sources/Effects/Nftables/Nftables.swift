internal import FoundationEssentials
public import TussilagoCore

/// The platform's table of packet rules, by way of systemd: the agent itself has no access to the kernel's.
///
/// `tussilago-firewall.service` loads the table and writes down what it is then; `tussilago-firewall-check.service` writes
/// down what it is now, and what instances shall have in it.
public struct Nftables: Firewall {
    private let services: any ServiceManager
    private let root: String

    private static let deadline = Duration.seconds(60)

    /// - Parameter root: A directory that stands for the host's root, for tests.
    public init(_ services: any ServiceManager, root: String = "") {
        self.services = services
        self.root = root
    }

    public func load() async throws(PortError) { try await services.refresh(.firewall, deadline: Self.deadline) }

    public func differences() async throws(PortError) -> [String] {
        try await services.start([.firewallCheck], deadline: Self.deadline)
        guard let found = try listing("found.json") else { return ["its table is not there"] }
        guard let loaded = try isThere("loaded.json") ? listing("loaded.json") : nil else {
            return ["nobody knows what its table was when it was loaded"]
        }
        var differences: [String] = []
        if found.rules != loaded.rules { differences.append("its rules were changed") }
        let wanted = TableElements(text: String(decoding: try file("elements.nft"), as: UTF8.self))
        if found.elements != wanted.sets { differences.append("it does not have exactly the instances that run") }
        return differences
    }

    /// What nft said; nil when it said nothing, as of a table that is not there.
    private func listing(_ name: String) throws(PortError) -> TableListing? {
        let bytes = try file(name)
        if bytes.isEmpty { return nil }
        guard let document = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)) else {
            throw PortError(.unexpected, "firewall", cause: "what nft says of its table is no JSON")
        }
        return TableListing(document)
    }

    private func isThere(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(root)\(HostPaths.firewall)/\(name)")
    }

    private func file(_ name: String) throws(PortError) -> [UInt8] {
        let path = "\(root)\(HostPaths.firewall)/\(name)"
        guard let data = FileManager.default.contents(atPath: path) else {
            throw PortError(
                .notFound, "firewall", cause: "its table was never loaded; systemctl status tussilago-firewall",
                detail: path)
        }
        return [UInt8](data)
    }
}
