import FoundationEssentials
import Glibc
import Testing
import TussilagoCore

@testable import UnitFiles

@Suite struct ArchiveTests {
    let host: TemporaryHost
    let archives: FileArchives

    init() throws {
        host = try TemporaryHost()
        archives = FileArchives(root: host.root)
    }

    /// A tree with a long path, an empty directory and a program.
    private func makeTree() async throws -> TussilagoCore.Digest {
        let deep = (0..<12).map { "\($0)-a-directory-with-a-name-of-some-length" }.joined(separator: "/")
        try host.write("/srv/site/index.html", "hello")
        try host.write("/srv/site/\(deep)/käse.txt", String(repeating: "x", count: 100_000))
        try host.write("/srv/site/run.sh", "#!/bin/sh\n", mode: 0o755)
        try host.makeDirectory("/srv/site/empty")
        return try await host.store.importTree(from: host.root + "/srv/site")
    }

    private func write(_ trees: [TussilagoCore.Digest], to path: String) async throws -> String {
        try host.write("/ledger", "the ledger's bytes")
        let texts = Texts()
        let archive = try await archives.write(
            ArchiveContents(
                header: ArchiveHeader(createdAt: Date(), version: "1"), ledger: host.root + "/ledger",
                texts: { await texts.next() }, trees: { trees }))
        var bytes: [UInt8] = []
        while let piece = try await archive.next() { bytes += piece }
        try Data(bytes).write(to: URL(filePath: host.root + path))
        return host.root + path
    }

    private actor Texts {
        var all = [[("units/etc/a.slice", "[Unit]\n")], [("releases/acme/shop/1/release.json", "{}")]]
        func next() -> [(name: String, text: String)]? { all.isEmpty ? nil : all.removeFirst() }
    }

    @Test func `a tree and a ledger come out as they went in`() async throws {
        let tree = try await makeTree()
        let archive = try await archives.verify(try await write([tree], to: "/backup.tar"))
        #expect(archive.trees == [tree] && archive.header.version == "1")
        try await host.store.removeTrees([tree])
        try await archives.importTrees(archive)
        // Imported once more from where it was put, it has the same digest: paths, contents and modes are the same.
        #expect(try await host.store.importTree(from: host.root + "\(HostPaths.trees)/\(tree.hexadecimal)") == tree)
        #expect(host.mode("\(HostPaths.trees)/\(tree.hexadecimal)/run.sh") == 0o755)
        try await archives.extractLedger(archive, to: host.root + "/out")
        #expect(host.text("/out") == "the ledger's bytes")
        #expect(host.mode("/out") == 0o600)
        // What is there already stays.
        try await archives.importTrees(archive)
        #expect(host.names(HostPaths.trees) == [tree.hexadecimal])
    }

    @Test func `tar reads it and sha256sum finds it right`() async throws {
        let path = try await write([try await makeTree()], to: "/backup.tar")
        let script =
            "mkdir \(host.root)/out && cd \(host.root)/out && tar xf \(path) && sha256sum --quiet -c SHA256SUMS"
        #expect(system("\(script) && test -x trees/*/run.sh && test -d trees/*/empty") == 0)
    }

    @Test func `a file that changes after it was verified is noticed`() async throws {
        let tree = try await makeTree()
        let archive = try await archives.verify(try await write([tree], to: "/backup.tar"))
        _ = try await write([], to: "/backup.tar")
        let error = await failure { () throws(PortError) in
            try await archives.extractLedger(archive, to: host.root + "/out")
        }
        #expect(error?.code == .conflict)
    }

    @Test func `a tree that is gone is a clear error`() async throws {
        let gone = try TussilagoCore.Digest(String(repeating: "c", count: 64))
        await #expect(throws: PortError.self) { try await write([gone], to: "/backup.tar") }
        #expect(host.names(HostPaths.state)?.contains(".backup.new") != true)
    }

    @Test func `a backup of a newer format is refused by its number`() async throws {
        try host.write("/ledger", "x")
        let archive = try await archives.write(
            ArchiveContents(
                header: ArchiveHeader(createdAt: Date(), version: "9", format: ArchiveHeader.currentFormat + 1),
                ledger: host.root + "/ledger",
                texts: { nil }, trees: { [] }))
        var bytes: [UInt8] = []
        while let piece = try await archive.next() { bytes += piece }
        try Data(bytes).write(to: URL(filePath: host.root + "/new.tar"))
        let error = await failure { () throws(PortError) in _ = try await archives.verify(host.root + "/new.tar") }
        #expect(error?.code == .refused)
        #expect(error?.cause.contains("newer version (format \(ArchiveHeader.currentFormat + 1)") == true)
    }

    @Test(arguments: ["", "relative", "/nowhere", "/"])
    func `what is no file of this host is refused`(_ path: String) async {
        let error = await failure { () throws(PortError) in _ = try await archives.verify(path) }
        #expect([.refused, .notFound].contains(error?.code))
    }
}
