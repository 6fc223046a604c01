internal import Crypto
internal import TussilagoCore

/// What becomes of an archive's members while they are read. Each was checked before the next one begins.
protocol ArchiveSink: ~Copyable {
    mutating func begin(_ member: TarHeader) throws(PortError)
    mutating func take(_ bytes: [UInt8]) throws(PortError)
    mutating func end() throws(PortError)
}

/// Reads an archive from its first byte to its last, in pieces.
struct ArchiveReader: ~Copyable {
    private let file: OpenFile
    private var rest: ArraySlice<UInt8> = []
    private var whole = SHA256()

    private static let piece = 65_536

    init(_ file: consuming OpenFile) { self.file = file }

    /// Passes all members to `sink`, and says what was in the archive.
    mutating func read(
        limits: TreeLimits, into sink: inout some ArchiveSink & ~Copyable
    ) throws(PortError) -> (header: ArchiveHeader, digest: TussilagoCore.Digest, trees: [TussilagoCore.Digest]) {
        var check = ArchiveCheck(limits: limits)
        while true {
            let before = try whole.value
            let member = try header()
            guard member.name != ArchiveMember.whole else {
                let header = try check.finish()
                try end(member, before)
                return (header, before, check.trees)
            }
            try check.begin(member)
            try sink.begin(member)
            var left = member.size
            while left > 0 {
                let bytes = try next(min(left, Self.piece))
                left -= bytes.count
                check.take(bytes)
                try sink.take(bytes)
            }
            try zeros(TarHeader.padding(member.size))
            try check.end()
            try sink.end()
        }
    }

    private mutating func header() throws(PortError) -> TarHeader {
        guard var header = TarHeader(block: try next(TarHeader.block)) else {
            throw ArchiveMember.damage("a member's head is not as it was written")
        }
        guard header.kind == .extended else { return header }
        guard header.name == "pax", header.size <= TarHeader.longestName else {
            throw ArchiveMember.damage("a member's name is too long")
        }
        let record = try next(header.size)
        try zeros(TarHeader.padding(header.size))
        guard let name = TarHeader.name(ofRecord: record), var member = TarHeader(block: try next(TarHeader.block)),
            member.kind != .extended
        else { throw ArchiveMember.damage("a member's name is not as it was written") }
        // The block behind the record has the name's beginning.
        let short = member.name
        member.name = name
        guard String(decoding: name.utf8.prefix(100), as: UTF8.self) == short else {
            throw ArchiveMember.damage("a member has two names")
        }
        header = member
        return header
    }

    /// The last member, after which nothing comes.
    private mutating func end(_ member: TarHeader, _ digest: TussilagoCore.Digest) throws(PortError) {
        let content = Array("\(digest.hexadecimal)\n".utf8)
        guard member == TarHeader(name: ArchiveMember.whole, size: content.count), try next(content.count) == content
        else { throw ArchiveMember.damage("its SHA-256 is another one than it says") }
        try zeros(TarHeader.padding(content.count) + 2 * TarHeader.block)
        guard rest.isEmpty, try file.read(as: "backup") == nil else {
            throw ArchiveMember.damage("something was appended to it")
        }
    }

    private mutating func zeros(_ count: Int) throws(PortError) {
        guard try next(count).allSatisfy({ $0 == 0 }) else {
            throw ArchiveMember.damage("there is something where nothing is")
        }
    }

    /// Exactly so many bytes.
    private mutating func next(_ count: Int) throws(PortError) -> [UInt8] {
        while rest.count < count {
            guard let more = try file.read(as: "backup") else { throw ArchiveMember.damage("it ends too early") }
            rest = (Array(rest) + more)[...]
        }
        let bytes = Array(rest.prefix(count))
        rest = rest.dropFirst(count)
        whole.update(data: bytes)
        return bytes
    }
}
