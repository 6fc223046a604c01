import Glibc

/// An app's bridge: its interface, and the host's address on it, the first of 256.
struct Bridge {
    let interface: String
    private let prefix: String

    init?(interface: String, gateway: String) {
        guard interface.hasPrefix("tsl-"), interface.utf8.count <= 15, Int(interface.dropFirst(4)) != nil,
            isAddress(gateway), gateway.hasSuffix(".1")
        else { return nil }
        self.interface = interface
        prefix = String(gateway.dropLast())
    }

    /// The addresses that instances may have. The last one is the broadcast's.
    var addresses: [String] { (2...254).map { "\(prefix)\($0)" } }
}

/// What an app asks to reach: a word, `none`, `list` or `internet`, and of a list the hosts.
struct Reach {
    let word: String
    let hosts: [Substring]

    /// Reads the file in the release's directory.
    init(file: String) throws(Failure) {
        guard let text = readFile(file) else { throw Failure("cannot read \(file)", errno: errno) }
        self.init(lines: text.split(separator: "\n")[...])
    }

    init(lines: ArraySlice<Substring>) {
        word = lines.first.map(String.init) ?? "none"
        hosts = Array(lines.dropFirst())
    }

    /// The ports of the hosts, as text, each once.
    var ports: [String] {
        Set(
            hosts.map { host in
                let parts = host.dropFirst("https://".count).split(separator: ":")
                return parts.count == 2 ? String(parts[1]) : "443"
            }
        ).sorted()
    }
}

/// That an instance is on its app's bridge, under one address: a file of that name, which the proxy reads as well.
///
///     tsl-5 tussilago-acme-shop-web@7
///     list
///     https://api.example.org
struct Membership {
    /// The same as TussilagoCore's `HostPaths.network`.
    static let root = "/run/tussilago-network"

    let address: String
    let interface: String
    let instance: String
    let reach: Reach

    /// Gives an instance the first address that is free, and writes that down for its unit.
    static func join(_ instance: Instance, _ bridge: Bridge, asked: Reach) throws(Failure) {
        leave(instance)
        let taken = Set(all().map(\.address))
        guard let address = bridge.addresses.first(where: { !taken.contains($0) }) else {
            throw Failure("no address is free on \(bridge.interface)")
        }
        let lines = ["\(bridge.interface) \(instance.name)", asked.word] + asked.hosts.map(String.init)
        try replaceFile("\(root)/\(address)", lines.map { "\($0)\n" }.joined())
        try replaceFile(environment(of: instance), "TUSSILAGO_ADDRESS=\(address)\n")
    }

    /// Takes its address away; nothing if it has none.
    static func leave(_ instance: Instance) {
        _ = unlink(environment(of: instance))
        for member in all() where member.instance == instance.name { _ = unlink("\(root)/\(member.address)") }
    }

    /// All that are there.
    static func all() -> [Membership] {
        namesOfFiles(in: root).filter(isAddress).sorted().compactMap(Membership.init(address:)) + fixed()
    }

    /// Instances of releases that were made before instances joined: their address stands in their release, as
    /// `TUSSILAGO_ADDRESS=10.80.0.5` in `live/7/7.env`, and they reach nothing.
    private static func fixed() -> [Membership] {
        var found = glob_t()
        defer { globfree(&found) }
        guard glob("/var/lib/tussilago/apps/*/*/live/[0-9]*/[0-9]*.env", 0, nil, &found) == 0 else { return [] }
        return (0..<Int(found.gl_pathc)).compactMap { index in
            found.gl_pathv[index].flatMap { Membership(fixedBy: String(cString: $0)) }
        }
    }

    private init?(fixedBy path: String) {
        let parts = path.split(separator: "/")
        let key = "TUSSILAGO_ADDRESS="
        guard let last = parts.last, last == "\(parts[parts.count - 2]).env",
            let line = readFile(path)?.split(separator: "\n").first, line.hasPrefix(key)
        else { return nil }
        address = String(line.dropFirst(key.count))
        // An app has 256 addresses of 10.80.0.0/12, and its bridge their number.
        let bytes = address.split(separator: ".").compactMap { UInt8($0) }
        guard bytes.count == 4, bytes[0] == 10, (80..<96).contains(bytes[1]) else { return nil }
        interface = "tsl-\(Int(bytes[1] - 80) * 256 + Int(bytes[2]))"
        instance = "tussilago-\(parts[4])-\(parts[5])@\(parts[7])"
        reach = Reach(lines: [])
    }

    private static func environment(of instance: Instance) -> String { "\(root)/\(instance.name).env" }

    private init?(address: String) {
        guard let lines = readFile("\(Self.root)/\(address)")?.split(separator: "\n") else { return nil }
        let head = lines.first?.split(separator: " ") ?? []
        guard head.count == 2 else { return nil }
        self.address = address
        interface = String(head[0])
        instance = String(head[1])
        reach = Reach(lines: lines.dropFirst())
    }

    /// The tenant: of `tussilago-acme-shop-web@7`, in which a `-` of its own is written `_`.
    var tenant: String {
        instance.split(separator: "-").dropFirst().first.map { String($0.replacing("_", with: "-")) } ?? ""
    }
}

/// The names in a directory; none when it is not there.
func namesOfFiles(in path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        names.append(
            withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            })
    }
    return names
}

/// The text of a file of a few lines; nil when it cannot be read.
func readFile(_ path: String) -> String? {
    let file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = read(file, &bytes, bytes.count)
    return count >= 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
}

/// Writes a file in place of what has its name: readers see the old or the new.
func replaceFile(_ path: String, _ text: String) throws(Failure) {
    let temporary = "\(path).new"
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw Failure("cannot write \(path)", errno: errno) }
    defer { close(file) }
    var text = text
    guard text.withUTF8({ Glibc.write(file, $0.baseAddress, $0.count) }) == text.utf8.count,
        rename(temporary, path) == 0
    else { throw Failure("cannot write \(path)", errno: errno) }
}
