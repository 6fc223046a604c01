internal import TussilagoCore

/// What the apps of each tenant may reach: one file for each tenant that was granted anything, read by
/// `tussilago-instance` whenever it fills the firewall's table.
struct EgressGrants {
    let root: HostRoot

    /// The name of the directory that they are in, which is there while there is a grant.
    static let directory = "egress"

    /// The longest of the words.
    private static let limit = 16

    /// Notes a tenant's grant.
    func grant(_ tenant: TenantName, _ egress: EgressGrant) throws(PortError) {
        if egress == .none {
            guard let directory = try root.directory(.state, HostPaths.egress) else { return }
            try directory.remove(tenant.rawValue)
            try directory.sync(as: "egress")
            try root.directory(.state)?.removeDirectory(ifEmpty: Self.directory)
            return
        }
        let directory = try root.makeDirectory(.state, HostPaths.egress)
        try directory.replace(tenant.rawValue, "\(egress.rawValue)\n".utf8, mode: 0o644)
        try directory.sync(as: "egress")
    }

    /// A tenant's grant; none when the file says nothing that is known.
    func grant(of tenant: TenantName) throws(PortError) -> EgressGrant {
        guard let directory = try root.directory(.state, HostPaths.egress),
            let status = try directory.status(of: tenant.rawValue), status.kind == .file, status.size <= Self.limit,
            let bytes = try directory.read(tenant.rawValue, limit: Self.limit), bytes.last == UInt8(ascii: "\n")
        else { return .none }
        return EgressGrant(rawValue: String(decoding: bytes.dropLast(), as: UTF8.self)) ?? .none
    }
}
