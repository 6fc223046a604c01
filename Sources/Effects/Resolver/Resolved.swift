internal import FoundationEssentials
internal import Queues
public import TussilagoCore

/// systemd-resolved, asked over its Unix socket (systemd-resolved.service(8), org.varlink `io.systemd.Resolve`).
///
/// Whoever asks needs no network of their own. Calls block a thread of this actor, one at a time.
public actor Resolved: NameResolver {
    private let executor = SerialQueue(label: "tussilago.resolved")
    private let lookup: NameLookup

    /// Nothing is opened yet.
    public init(socket: String = NameLookup.socket) { lookup = NameLookup(socket: socket) }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    public func texts(of name: String) throws(PortError) -> [String] { try lookup.texts(of: name) }
}

/// Look-ups that block.
public struct NameLookup: Sendable {
    private let socket: String
    private let timeout: Duration

    /// systemd-resolved's varlink socket.
    public static let socket = "/run/systemd/resolve/io.systemd.Resolve"

    /// Nothing is opened yet.
    public init(socket: String = NameLookup.socket, timeout: Duration = .seconds(10)) {
        self.socket = socket
        self.timeout = timeout
    }

    /// Flags of a look-up (systemd's `resolved-def.h`).
    private enum Flag {
        /// Ask the DNS alone, neither LLMNR nor multicast DNS.
        static let dns = 1 << 0
        /// Neither the host's own names nor /etc/hosts.
        static let noSynthesize = 1 << 11
        static let noCache = 1 << 12
        static let noZone = 1 << 13
        static let noStale = 1 << 24
        static let noSearch = 1 << 8
    }

    private static let typeTXT = 16
    private static let classIN = 1

    /// The texts of a name's TXT records, asked for anew.
    public func texts(of name: String) throws(PortError) -> [String] {
        let flags = Flag.dns | Flag.noSynthesize | Flag.noCache | Flag.noZone | Flag.noStale
        let answer = try call(
            "ResolveRecord",
            [
                "name": .string(name), "class": .integer(Self.classIN), "type": .integer(Self.typeTXT),
                "flags": .integer(flags),
            ], of: name)
        guard case .array(let records)? = answer?["rrs"] else { return [] }
        return records.compactMap { record in
            guard case .string(let raw)? = record["raw"], let bytes = Data(base64Encoded: raw) else { return nil }
            return TextRecord.text([UInt8](bytes))
        }
    }

    /// The addresses of a host, as the DNS has them: 4 or 16 bytes each.
    public func addresses(of hostname: Hostname) throws(PortError) -> [[UInt8]] {
        let flags = Flag.dns | Flag.noSynthesize | Flag.noZone | Flag.noSearch
        let answer = try call(
            "ResolveHostname", ["name": .string(hostname.text), "flags": .integer(flags)], of: hostname.text)
        guard case .array(let addresses)? = answer?["addresses"] else { return [] }
        return addresses.compactMap { address in
            guard case .array(let elements)? = address["address"] else { return nil }
            return elements.compactMap { if case .integer(let number) = $0 { UInt8(exactly: number) } else { nil } }
        }
    }

    /// The answer; nil when the name, or the record, is not there.
    private func call(_ method: String, _ parameters: JSONValue, of name: String) throws(PortError) -> JSONValue? {
        let call = VarlinkCall(socket: socket, service: "systemd-resolved", timeout: timeout)
        switch try call.perform("io.systemd.Resolve.\(method)", parameters) {
        case .parameters(let answer): return answer
        case .error("io.systemd.Resolve.NoSuchResourceRecord", _): return nil
        case .error("io.systemd.Resolve.DNSError", let why) where why["rcode"] == .integer(Self.noSuchName): return nil
        case .error(let error, _):
            let what = error.split(separator: ".").last.map(String.init) ?? error
            throw PortError(.unavailable, "systemd-resolved", cause: "it could not look \(name) up: \(what)")
        }
    }

    /// NXDOMAIN (RFC 1035 §4.1.1).
    private static let noSuchName = 3
}

/// A resource record of type TXT as it is sent (RFC 1035 §3.2.1, §3.3.14).
enum TextRecord {
    /// Its strings, put together; nil when the bytes are no such record.
    static func text(_ record: [UInt8]) -> String? {
        var rest = record[...]
        // The name: labels, which are not compressed here, up to the empty one.
        while let length = rest.popFirst(), length != 0 {
            guard length < 64, rest.count > length else { return nil }
            rest = rest.dropFirst(Int(length))
        }
        // Type, class, time to live, length of the data.
        guard rest.count >= 10 else { return nil }
        let head = Array(rest.prefix(10))
        rest = rest.dropFirst(10)
        guard head[0] == 0, head[1] == 16, rest.count == Int(head[8]) << 8 | Int(head[9]) else { return nil }
        var text: [UInt8] = []
        while let length = rest.popFirst() {
            guard rest.count >= length else { return nil }
            text += rest.prefix(Int(length))
            rest = rest.dropFirst(Int(length))
        }
        return String(validating: text, as: UTF8.self)
    }
}
