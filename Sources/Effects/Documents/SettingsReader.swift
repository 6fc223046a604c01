internal import TussilagoCore

extension Settings {
    /// Reads the settings that all fragments together make.
    init(input: DocumentNode, mistakes: MistakeList) {
        self.init()
        TableReader.read(input, mistakes: mistakes) { reader in
            reader.table("agent") { agent.read($0) }
            reader.table("api") { api.read($0) }
            reader.table("caddy") { caddy.read($0) }
            reader.table("egress") { egress.read($0) }
            reader.table("files") { files.read($0) }
            reader.table("hostnames") { hostnames.read($0) }
            reader.table("podman") { podman.read($0) }
            reader.table("python") { python.read($0) }
            reader.table("reconcile") { reconcile.repair = $0.read("repair", .boolean) ?? reconcile.repair }
        }
    }
}

private let minute = 60
private let hour = 3600

extension Settings.Agent {
    fileprivate mutating func read(_ table: TableReader) {
        if let seconds = table.read("idle", .seconds(0...hour)) { idle = seconds == 0 ? nil : .seconds(seconds) }
        operations = table.read("operations", .integer(1...64)) ?? operations
        deadline = table.read("deadline", .seconds(minute...(24 * hour))).map { .seconds($0) } ?? deadline
    }
}

extension Settings.API {
    fileprivate mutating func read(_ table: TableReader) {
        body = table.read("body", .size(Bytes(16 << 10)...Bytes.mebibytes(64))) ?? body
        connectionsPerUser = table.read("connections-per-user", .integer(1...4096)) ?? connectionsPerUser
        requestsPerSecond = table.read("requests-per-second", .integer(1...100_000)) ?? requestsPerSecond
        burst = table.read("burst", .integer(1...100_000)) ?? burst
        idle = table.read("idle", .seconds(1...hour)).map { .seconds($0) } ?? idle
        read = table.read("read", .seconds(1...(10 * minute))).map { .seconds($0) } ?? read
    }
}

extension CaddyConfiguration {
    fileprivate mutating func read(_ table: TableReader) {
        if let member = table.member("listen") {
            listen = table.list("listen", most: 16, .listenAddress).map(\.value)
            if case .array(let elements) = member.node.value, elements.isEmpty {
                table.report(member.node.position, "listen", "an address is missing, as in [\":80\"]")
            }
        }
        automaticHTTPS = table.read("automatic-https", .boolean) ?? automaticHTTPS
        adminSocket = table.read("admin", .socketPath) ?? adminSocket
        holdSeconds = table.read("hold", .seconds(0...(10 * minute))) ?? holdSeconds
    }
}

extension Settings.Egress {
    fileprivate mutating func read(_ table: TableReader) {
        guard let member = table.member("resolvers") else { return }
        resolvers = table.list("resolvers", most: 3, .resolver).map(\.value)
        if case .array(let elements) = member.node.value, elements.isEmpty {
            table.report(member.node.position, "resolvers", "an address is missing, as in [\"9.9.9.9\"]")
        }
    }
}

extension HostnamePolicy {
    fileprivate mutating func read(_ table: TableReader) {
        let suffix: ValueParser<Hostname> = .text("\"apps.example.org\"") { text throws(InvalidValue) in
            try Hostname(text)
        }
        suffixes = table.list("suffixes", most: 16, suffix).map(\.value)
        let parser: ValueParser<Proof> = .text("\"required\"") { text throws(InvalidValue) in
            guard let proof = Proof(rawValue: text) else {
                throw InvalidValue("proof", given: text, rule: "it is \"required\" or \"none\"")
            }
            return proof
        }
        proof = table.read("proof", parser) ?? proof
    }
}

extension Settings.Files {
    fileprivate mutating func read(_ table: TableReader) {
        size = table.read("size", .size(Bytes.mebibytes(1)...Bytes.mebibytes(16 << 10))) ?? size
        entries = table.read("entries", .integer(1...1_000_000)) ?? entries
    }
}

extension Settings.Podman {
    fileprivate mutating func read(_ table: TableReader) {
        socket = table.read("socket", .socketPath) ?? socket
    }
}

extension Settings.Python {
    fileprivate mutating func read(_ table: TableReader) {
        uv = table.read("uv", .hostPath) ?? uv
        wheels = table.read("wheels", .hostPath) ?? wheels
        source = table.read("source", .size(Bytes.mebibytes(1)...Bytes.mebibytes(4 << 10))) ?? source
        limits.output = table.read("size", .size(Bytes.mebibytes(16)...Bytes.mebibytes(64 << 10))) ?? limits.output
        limits.entries = table.read("entries", .integer(100...10_000_000)) ?? limits.entries
        limits.memory =
            table.read("memory", .size(Bytes.mebibytes(128)...Bytes.mebibytes(256 << 10))) ?? limits.memory
        limits.cpuPercent = table.read("cpu", .percent(10...6400)) ?? limits.cpuPercent
        limits.seconds = table.read("timeout", .seconds(10...(24 * hour))) ?? limits.seconds
    }
}

extension ValueParser where Value == String {
    /// The path of something on the host: absolute, with no `.` or `..` in it, and nothing that would have to be quoted.
    static var hostPath: ValueParser {
        .text("\"/srv/wheels\"") { text throws(InvalidValue) in
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
            let allowed = Set("-._/+@".utf8)
            guard text.hasPrefix("/"), text.utf8.count <= 1024, parts.allSatisfy({ !["", ".", ".."].contains($0) }),
                text.utf8.allSatisfy({ $0.isAlphanumeric || allowed.contains($0) })
            else {
                throw InvalidValue(
                    "path", given: text,
                    rule: "it begins with /, does not end with one, and has only letters, digits and - . _ / + @ in it")
            }
            return text
        }
    }

    /// The address of a resolver that apps can reach.
    static var resolver: ValueParser {
        .text("\"9.9.9.9\"") { text throws(InvalidValue) in
            guard let bytes = PublicAddress.bytes4(text), PublicAddress.isPublic(bytes) else {
                throw InvalidValue(
                    "resolver", given: text, rule: "it is a public address of IPv4: apps can reach no other")
            }
            return text
        }
    }

    /// An address that Caddy listens on, with or without its host: `:80`, `127.0.0.1:8080`, `[::1]:80`
    /// (https://caddyserver.com/docs/conventions#network-addresses).
    static var listenAddress: ValueParser {
        .text("\":80\"") { text throws(InvalidValue) in
            func refuse(_ rule: String) -> InvalidValue { InvalidValue("address", given: text, rule: rule) }
            guard let colon = text.lastIndex(of: ":"), let port = Int(digits: text[text.index(after: colon)...]),
                (1...65_535).contains(port)
            else { throw refuse("it is written [HOST]:PORT, as in :80 or 127.0.0.1:8080") }
            let host = text[..<colon]
            let isName = host.utf8.allSatisfy {
                $0.isAlphanumeric || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
            }
            let address = host.dropFirst().dropLast()
            let isAddress =
                host.first == "[" && host.last == "]" && address.contains(":")
                && address.utf8.allSatisfy { Set("0123456789abcdefABCDEF:.".utf8).contains($0) }
            guard host.utf8.count <= 253, isName || isAddress else {
                throw refuse("its host has letters, digits, - and . in it, or is an IPv6 address in [ ]")
            }
            return text
        }
    }
}
