internal import FoundationEssentials
internal import TussilagoCore

/// Which secrets an app has: a record beside its releases, from which a lost ledger is written anew.
struct SecretRecords {
    let root: HostRoot

    private static let subject = "secrets"
    private static let limit = 1 << 20

    /// Writes an app's record; without any secret there is none.
    func note(_ secrets: [SecretRecord], of app: AppReference) throws(PortError) {
        if secrets.isEmpty {
            guard let directory = try root.directory(.state, HostPaths.app(app)) else { return }
            if try directory.remove(HostPaths.secretRecordName) { try directory.sync(as: Self.subject) }
            return try ReleaseStore(root: root).removeEmptyDirectories(of: app)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let content: [UInt8]
        do { content = Array(try encoder.encode(secrets)) } catch {
            throw PortError(.unexpected, Self.subject, cause: "they cannot be written down", detail: "\(error)")
        }
        let directory = try root.makeDirectory(.state, HostPaths.app(app))
        try directory.replace(HostPaths.secretRecordName, content, mode: 0o600)
        try directory.sync(as: Self.subject)
    }

    /// What the record in an app's directory says; nothing when there is none, or when it cannot be read.
    static func secrets(in home: borrowing Directory) throws(PortError) -> [SecretRecord] {
        guard let content = try home.read(HostPaths.secretRecordName, limit: limit) else { return [] }
        return ((try? JSONDecoder().decode([SecretRecord].self, from: Data(content))) ?? []).sorted()
    }
}
