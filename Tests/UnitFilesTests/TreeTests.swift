import FoundationEssentials
import Glibc
import Testing
import TussilagoCore
import UnitFiles

@Suite struct TreeTests {
    let host: TemporaryHost
    let trees = "/var/lib/tussilago/trees"

    init() throws { host = try TemporaryHost() }

    private func importTree(_ path: String = "/source", limits: TreeLimits = .standard) async throws(PortError)
        -> TussilagoCore.Digest
    {
        try await host.store(limits: limits).importTree(from: host.root + path)
    }

    private func refusal(_ path: String = "/source", limits: TreeLimits = .standard) async -> PortError? {
        await failure { () throws(PortError) in _ = try await importTree(path, limits: limits) }
    }

    private func writeExample(_ path: String) throws {
        try host.write("\(path)/main.py", "print('ü')")
        try host.write("\(path)/lib/a.py", "a", mode: 0o600)
        try host.write("\(path)/bin/run", "#!", mode: 0o700)
        try host.makeDirectory("\(path)/empty")
    }

    @Test("A tree is copied with modes of its own")
    func copies() async throws {
        try writeExample("/source")
        let tree = "\(trees)/\(try await importTree().hexadecimal)"
        #expect(host.names(tree) == ["bin", "empty", "lib", "main.py"])
        #expect(host.text("\(tree)/main.py") == "print('ü')")
        #expect(host.mode(tree) == 0o755)
        #expect(host.mode("\(tree)/lib") == 0o755)
        #expect(host.mode("\(tree)/lib/a.py") == 0o644)
        #expect(host.mode("\(tree)/bin/run") == 0o755)
        #expect(host.mode(trees) == 0o711)
    }

    @Test("The same content has the same name wherever it lies, and is kept once")
    func names() async throws {
        try writeExample("/source")
        try host.write("/other/empty/../bin/run", "#!", mode: 0o755)
        try writeExample("/other")
        let first = try await importTree()
        #expect(try await importTree("/other") == first)
        #expect(try await importTree("/other///") == first)
        #expect(host.names(trees) == [first.hexadecimal])
    }

    @Test("Every difference that an app could see changes the name")
    func distinguishes() async throws {
        try writeExample("/source")
        var digests: Set<TussilagoCore.Digest> = [try await importTree()]
        try host.write("/source/main.py", "print('u')")
        digests.insert(try await importTree())
        chmod("\(host.root)/source/main.py", 0o755)
        digests.insert(try await importTree())
        try host.makeDirectory("/source/empty/2")
        digests.insert(try await importTree())
        try FileManager.default.moveItem(atPath: "\(host.root)/source/lib", toPath: "\(host.root)/source/lid")
        digests.insert(try await importTree())
        // The same name for people, in other bytes: e with an accent, and e followed by one.
        try host.write("/source/\u{e9}", "")
        digests.insert(try await importTree())
        try host.write("/source/e\u{301}", "")
        digests.insert(try await importTree())
        #expect(digests.count == 7)
    }

    @Test("Links and FIFOs are refused by their relative name")
    func refusesSpecial() async throws {
        try writeExample("/source")
        try host.makeLink("/source/lib/link", to: "../main.py")
        #expect(await refusal()?.subject == "lib/link")
        #expect(await refusal()?.code == .refused)
        unlink("\(host.root)/source/lib/link")
        mkfifo("\(host.root)/source/lib/fifo", 0o644)
        #expect(await refusal()?.subject == "lib/fifo")
        #expect(await refusal()?.code == .refused)
        #expect(host.names(trees) == [])
    }

    @Test("A link in place of the directory is refused", arguments: ["/source", "/source/"])
    func refusesLink(path: String) async throws {
        try writeExample("/real")
        try host.makeLink("/source", to: "real")
        #expect(await refusal(path)?.code == .refused)
    }

    @Test("Trees over a limit are refused and leave nothing")
    func limits() async throws {
        try writeExample("/source")
        var limits = TreeLimits(bytes: 15, entries: 6, depth: 2)
        _ = try await importTree(limits: limits)
        let kept = host.names(trees)
        limits.bytes = 12
        #expect(await refusal(limits: limits)?.cause.contains("12 bytes") == true)
        limits = TreeLimits(bytes: 15, entries: 5, depth: 2)
        #expect(await refusal(limits: limits)?.cause.contains("5 files") == true)
        limits = TreeLimits(bytes: 15, entries: 6, depth: 1)
        #expect(await refusal(limits: limits)?.cause.contains("1 deep") == true)
        #expect(host.names(trees) == kept)
    }

    @Test("Entries are counted over all directories together")
    func countsAll() async throws {
        for directory in ["a", "b", "c"] {
            for file in 0..<4 { try host.write("/source/\(directory)/\(file)", "") }
        }
        #expect(await refusal(limits: TreeLimits(bytes: 1, entries: 14, depth: 2))?.cause.contains("14 files") == true)
        #expect(await refusal(limits: TreeLimits(bytes: 1, entries: 15, depth: 2)) == nil)
    }

    @Test("Names with control characters or invalid bytes are refused")
    func refusesNames() async throws {
        try host.write("/source/a\nb", "")
        #expect(await refusal()?.code == .refused)
        unlink("\(host.root)/source/a\nb")
        #expect(await refusal() == nil)
        let name = Array("\(host.root)/source/".utf8.map { CChar(bitPattern: $0) }) + [CChar(bitPattern: 0xff), 0]
        close(creat(name, 0o644))
        #expect(await refusal()?.code == .refused)
    }

    @Test("A path must be absolute and clean", arguments: ["relative", "", "/", "/a\nb", "//"])
    func checksPath(path: String) async throws {
        let store = host.store
        let error = await failure { () throws(PortError) in _ = try await store.importTree(from: path) }
        #expect(error?.code == .refused)
    }

    @Test("A directory that is not there is not found, and a file is no directory")
    func needsDirectory() async throws {
        try host.write("/file", "")
        #expect(await refusal("/nothing")?.code == .notFound)
        #expect(await refusal("/file")?.code == .refused)
        #expect(await refusal("/file")?.description.contains(host.root) == false)
    }

    @Test("A file that becomes a link while it is copied leads nowhere")
    func survivesSwaps() async throws {
        try host.write("/secret", "secret")
        try host.write("/source/file", "public")
        let root = host.root
        let swaps = Task.detached {
            while !Task.isCancelled {
                symlink("\(root)/secret", "\(root)/link")
                rename("\(root)/link", "\(root)/source/file")
                try host.write("/plain", "public")
                rename("\(root)/plain", "\(root)/source/file")
            }
        }
        var refused = 0
        for _ in 0..<300 where await refusal() != nil { refused += 1 }
        swaps.cancel()
        try await swaps.value
        let copies = host.names(trees) ?? []
        #expect(copies.count == 1)
        #expect(copies.allSatisfy { host.text("\(trees)/\($0)/file") == "public" })
        #expect(refused > 0)
    }

    @Test("What a crash left of a tree that was being removed goes with the next removal, even of none")
    func cleansUpAfterRemoval() async throws {
        try host.write("\(trees)/.importing/app.py", "half")
        try await host.store.removeTrees([])
        #expect(host.names(trees) == [])
    }

    @Test("What a crash left of a copy is removed")
    func recovers() async throws {
        try host.write("\(trees)/.importing/half/file", "x")
        try writeExample("/source")
        let tree = try await importTree()
        #expect(host.names(trees) == [tree.hexadecimal])
        #expect(host.names("\(trees)/\(tree.hexadecimal)") == ["bin", "empty", "lib", "main.py"])
    }
}
