import Glibc

/// The first message of a TLS handshake (RFC 8446 §4.1.2), as far as the name of the server that is asked for.
struct ClientHello {
    /// All that was read.
    private(set) var bytes: [UInt8] = []
    /// The name (RFC 6066 §3); nil when there is none, or these are no such bytes.
    private(set) var serverName: String?

    /// More than any client sends: one record.
    private static let limit = 5 + (1 << 14)

    init() {}

    /// Takes what was read already.
    init(bytes: [UInt8]) {
        self.bytes = bytes
        if let length = Self.recordLength(bytes), bytes.count >= length {
            serverName = Self.name(in: bytes[5..<length])
        }
    }

    /// Reads a whole record.
    /// - Returns: whether anything came.
    mutating func read(from descriptor: Int32, within time: Duration) throws(Refusal) -> Bool {
        let deadline = ContinuousClock.now + time
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count < Self.limit {
            if bytes.count >= 5 {
                guard let length = Self.recordLength(bytes) else { break }
                if bytes.count >= length { break }
            }
            guard Stream.wait(for: descriptor, POLLIN, until: deadline) else { break }
            let count = recv(descriptor, &buffer, min(buffer.count, Self.limit - bytes.count), 0)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        self = ClientHello(bytes: bytes)
        return !bytes.isEmpty
    }

    /// How long the record is with its head; nil when it is none of a handshake.
    private static func recordLength(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 5, bytes[0] == 22, bytes[1] == 3 else { return nil }
        let length = Int(bytes[3]) << 8 | Int(bytes[4])
        return (4...(1 << 14)).contains(length) ? 5 + length : nil
    }

    private static func name(in record: ArraySlice<UInt8>) -> String? {
        var message = Cursor(record)
        // A ClientHello, then its length, its version and its random number.
        guard message.number(1) == 1, let length = message.number(3), var hello = message.part(length),
            hello.part(2 + 32) != nil, let session = hello.number(1), hello.part(session) != nil,
            let ciphers = hello.number(2), hello.part(ciphers) != nil, let methods = hello.number(1),
            hello.part(methods) != nil, let size = hello.number(2), var extensions = hello.part(size)
        else { return nil }
        while let type = extensions.number(2), let length = extensions.number(2), var content = extensions.part(length)
        {
            guard type == 0 else { continue }
            guard let size = content.number(2), var names = content.part(size), names.number(1) == 0,
                let length = names.number(2), let name = names.part(length)
            else { return nil }
            return String(validating: name.bytes, as: UTF8.self)
        }
        return nil
    }

    /// Bytes that are taken from the front.
    private struct Cursor {
        private(set) var bytes: ArraySlice<UInt8>

        init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

        /// A number of so many bytes, the high ones first.
        mutating func number(_ count: Int) -> Int? { part(count)?.bytes.reduce(0) { $0 << 8 | Int($1) } }

        mutating func part(_ count: Int) -> Cursor? {
            guard bytes.count >= count else { return nil }
            defer { bytes = bytes.dropFirst(count) }
            return Cursor(bytes.prefix(count))
        }
    }
}
