/// Caddy: which hostnames lead where.
public protocol Routing: Sendable {
    /// What Caddy starts with: the table that was published last.
    func published() async throws(PortError) -> RouteTable
    /// Makes `table` what Caddy serves, now and after its next start, in one write; unchanged, in none.
    func publish(_ table: RouteTable) async throws(PortError)
}

/// The host's container images.
public protocol ImageStore: Sendable {
    /// What a name means now.
    /// - Throws: ``PortError/Code-swift.enum/notFound`` when no such image is in the storage.
    func resolve(_ reference: ImageReference) async throws(PortError) -> ImageIdentity
}

/// The journal, for reading.
public protocol LogReader: Sendable {
    /// The last lines that a unit wrote in its newest run, oldest first, fit to be shown on a terminal.
    func tail(_ unit: UnitName, lines: Int) async throws(PortError) -> [String]
}
