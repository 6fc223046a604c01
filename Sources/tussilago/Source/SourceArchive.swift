import Crypto
import Glibc
import TussilagoAPI
import TussilagoCore

/// A folder as an archive, in a file that has no name and is gone with this.
///
/// It is written before it is sent, since it is named by its digest; nothing of it is held in memory.
final class SourceArchive {
    /// The open file.
    let descriptor: CInt
    /// What names it.
    let digest: TussilagoCore.Digest
    /// In bytes.
    let size: Int

    deinit { close(descriptor) }

    /// Packs a folder.
    init(_ folder: ProjectFolder, json: Bool) throws {
        func failure(_ what: String) -> CommandFailure {
            CommandFailure(
                Problem(.noSpace, "\(what): \(String(cString: strerror(errno)))", remedy: "name a folder with TMPDIR"),
                json: json)
        }
        let place = getenv("TMPDIR").map { String(cString: $0) } ?? "/var/tmp"
        var name = Array("\(place)/tussilago-source.XXXXXX".utf8CString)
        let descriptor = mkstemp(&name)
        guard descriptor >= 0 else { throw failure("the source cannot be packed in \(place)") }
        unlink(name)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        self.descriptor = descriptor
        var writer = Writer(descriptor: descriptor)
        for member in folder.members {
            guard writer.write(member.head) else { throw failure("the source cannot be packed in \(place)") }
            try Self.copy(member, of: folder, into: &writer, json: json, failure)
        }
        guard writer.write(SourceMember.end) else { throw failure("the source cannot be packed in \(place)") }
        size = writer.size
        let digits = writer.hash.finalize().map { byte in
            let text = String(byte, radix: 16)
            return text.utf8.count == 1 ? "0\(text)" : text
        }
        digest = try TussilagoCore.Digest(digits.joined())
    }

    private struct Writer {
        let descriptor: CInt
        var hash = SHA256()
        var size = 0

        mutating func write(_ bytes: [UInt8]) -> Bool {
            hash.update(data: bytes)
            size += bytes.count
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }

    private static func copy(
        _ member: SourceMember, of folder: ProjectFolder, into writer: inout Writer, json: Bool,
        _ failure: (String) -> CommandFailure
    ) throws {
        func changed(_ why: String) -> CommandFailure {
            CommandFailure(
                Problem(.invalidRequest, "\(member.path) \(why)", field: "folder", remedy: "try again"), json: json)
        }
        let file = open("\(folder.path)/\(member.path)", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { throw changed("cannot be read: \(String(cString: strerror(errno)))") }
        defer { close(file) }
        var left = member.size
        while left > 0 {
            let bytes = [UInt8](unsafeUninitializedCapacity: min(left, 1 << 18)) { buffer, count in
                count = max(0, read(file, buffer.baseAddress, buffer.count))
            }
            guard !bytes.isEmpty else { throw changed("became shorter while it was packed") }
            guard writer.write(bytes) else { throw failure("the source cannot be packed") }
            left -= bytes.count
        }
        guard writer.write([UInt8](repeating: 0, count: SourceMember.padding(member.size))) else {
            throw failure("the source cannot be packed")
        }
    }
}
