import Glibc

/// Which secrets a release has: a line for each, with its name and its credential's.
struct SecretList {
    /// One secret: the name of the file that the app reads, and of the credential that its value is in.
    struct Entry: Equatable {
        let name: String
        let credential: String
    }

    let entries: [Entry]

    /// More than the longest list has.
    private static let limit = 16_384
    private static let limitOfEntries = 64

    init(path: String) throws(Failure) {
        let file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { throw Failure("the list of the app's secrets cannot be read", errno: errno) }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: Self.limit)
        var count = 0
        while count < bytes.count {
            let got = bytes[count...].withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { break }
            count += got
        }
        guard count < bytes.count, let list = SecretList(String(decoding: bytes[..<count], as: UTF8.self)) else {
            throw Failure("the list of the app's secrets is not as it was written")
        }
        self = list
    }

    /// Reads a list; nil when anything in it is not what the agent writes.
    init?(_ text: String) {
        var entries: [Entry] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
            let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            guard words.count == 2, Self.isName(words[0]), words[1].hasPrefix("tussilago."), isUnitName(words[1]),
                !entries.contains(where: { $0.name == words[0] }), entries.count < Self.limitOfEntries
            else { return nil }
            entries.append(Entry(name: words[0], credential: words[1]))
        }
        self.entries = entries
    }

    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
            }
    }
}
