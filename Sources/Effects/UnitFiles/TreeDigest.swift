internal import Crypto
internal import TussilagoCore

/// What names a file tree: the SHA-256 of a line for each entry, sorted by the bytes of the paths.
///
/// A path has no NUL and no line end, so no two trees have the same lines.
struct TreeDigest {
    private var entries: [(path: String, description: String)] = []

    /// How many entries it has.
    var count: Int { entries.count }

    /// Adds a directory.
    mutating func addDirectory(_ path: String) { entries.append((path, "d")) }

    /// Adds a file with its size and its content's digest.
    mutating func addFile(_ path: String, isExecutable: Bool, size: Int, digest: String) {
        entries.append((path, "\(isExecutable ? "x" : "f") \(size) \(digest)"))
    }

    /// The digest of what was added.
    var value: TussilagoCore.Digest {
        get throws(PortError) {
            var hash = SHA256()
            for entry in entries.sorted(by: { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }) {
                hash.update(data: Array("\(entry.path)\0\(entry.description)\n".utf8))
            }
            return try hash.value
        }
    }
}

extension SHA256 {
    /// The digest of what was taken in so far.
    var value: TussilagoCore.Digest {
        get throws(PortError) {
            do { return try TussilagoCore.Digest(finalize().hexadecimal) } catch {
                throw PortError(.unexpected, "digest", cause: "it is none", detail: "\(error)")
            }
        }
    }
}

extension Crypto.Digest {
    /// The digest as 64 lower-case hexadecimal digits.
    var hexadecimal: String {
        reduce(into: "") { text, byte in
            text += byte < 16 ? "0\(String(byte, radix: 16))" : String(byte, radix: 16)
        }
    }
}
