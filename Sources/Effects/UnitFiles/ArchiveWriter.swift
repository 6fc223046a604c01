internal import Crypto
internal import FoundationEssentials
internal import TussilagoCore

/// Writes an archive to a file that has no name, member after member.
struct ArchiveWriter: ~Copyable {
    private let file: OpenFile
    private let time: Date
    private var whole = SHA256()
    private var sums = ""
    private var size = 0

    init(_ file: consuming OpenFile, _ header: ArchiveHeader) throws(PortError) {
        self.file = file
        time = header.createdAt
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        encoder.dateEncodingStrategy = .iso8601
        do { try add(ArchiveMember.header, Array(try encoder.encode(header))) } catch let error as PortError {
            throw error
        } catch { throw PortError(.unexpected, "backup", cause: "its head cannot be written", detail: "\(error)") }
    }

    /// Adds a text.
    mutating func add(_ name: String, _ content: [UInt8]) throws(PortError) {
        try put(TarHeader(name: name, size: content.count).bytes)
        try put(content)
        try pad(content.count)
        note(name, SHA256.hash(data: content).hexadecimal)
    }

    /// Adds a file.
    mutating func addFile(_ name: String, _ source: borrowing OpenFile) throws(PortError) {
        note(name, try copy(source, as: name, mode: 0o600))
    }

    /// Adds a file tree.
    mutating func addTree(_ digest: TussilagoCore.Digest, _ directory: borrowing Directory) throws(PortError) {
        try addDirectory(ArchiveMember.tree(digest), directory)
    }

    /// Ends the archive, and says how long it is.
    mutating func finish() throws(PortError) -> Int {
        try add(ArchiveMember.sums, Array(sums.utf8))
        let content = Array("\(try whole.value.hexadecimal)\n".utf8)
        try put(TarHeader(name: ArchiveMember.whole, size: content.count).bytes)
        try put(content)
        try pad(content.count)
        try put([UInt8](repeating: 0, count: 2 * TarHeader.block))
        return size
    }

    /// The file, to be read from its beginning.
    consuming func take() -> OpenFile { file }

    private mutating func addDirectory(_ path: String, _ directory: borrowing Directory) throws(PortError) {
        try put(TarHeader(name: path, kind: .directory, mode: 0o755).bytes)
        for name in try directory.names(as: path) {
            let inner = "\(path)/\(name)"
            if let child = try directory.status(of: name)?.kind == .directory ? directory.directory(name) : nil {
                try addDirectory(inner, child)
            } else if let file = try directory.openFile(name) {
                _ = try copy(file, as: inner, mode: try file.status(as: name).isExecutable ? 0o755 : 0o644)
            }
        }
    }

    private mutating func copy(
        _ source: borrowing OpenFile, as name: String, mode: UInt16
    ) throws(PortError) -> String {
        let size = try source.status(as: name).size
        guard size <= TarHeader.largestSize else {
            throw PortError(.refused, name, cause: "it has more than 8 GiB, which a tar archive cannot hold")
        }
        try put(TarHeader(name: name, mode: mode, size: size).bytes)
        var hash = SHA256(), written = 0
        while let chunk = try source.read(as: name) {
            written += chunk.count
            hash.update(data: chunk)
            try put(chunk)
        }
        guard written == size else { throw PortError(.conflict, name, cause: "it was changed while it was read") }
        try pad(size)
        return hash.finalize().hexadecimal
    }

    private mutating func note(_ name: String, _ digest: String) { sums += "\(digest)  \(name)\n" }

    private mutating func pad(_ size: Int) throws(PortError) {
        try put([UInt8](repeating: 0, count: TarHeader.padding(size)))
    }

    private mutating func put(_ bytes: [UInt8]) throws(PortError) {
        try file.write(bytes[...], as: "backup")
        whole.update(data: bytes)
        size += bytes.count
    }
}
