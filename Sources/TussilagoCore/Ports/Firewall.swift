/// The platform's own table of packet rules in the kernel.
public protocol Firewall: Sendable {
    /// In what the table is not as the platform's files say, in words; nothing when it is.
    func differences() async throws(PortError) -> [String]
    /// Loads it anew, in one transaction. Connections that it allows go on.
    func load() async throws(PortError)
}
