import FoundationEssentials
import Testing
import TussilagoCore
import UnitFiles

@Suite struct ReleaseTests {
    let host: TemporaryHost
    let network: AppNetwork
    let directory = "/var/lib/tussilago/apps/acme/shop/releases"

    init() throws {
        host = try TemporaryHost()
        network = try Example.network()
    }

    @Test("A staged release is observed")
    func observes() async throws {
        try await host.store.perform(.stage(Example.release(7), network: network))
        try await host.store.perform(.stage(Example.release(12), network: network))
        let state = try await host.store.observe(.app(Example.app))
        #expect(state.releases == [try Example.number(7), try Example.number(12)])
        #expect(state.live.isEmpty)
        #expect(try await host.store.observe(.app(Example.other)).releases.isEmpty)
    }

    @Test("The unit's environment names the image by the digits of its id")
    func namesImage() async throws {
        try await host.store.perform(.stage(Example.release(7), network: network))
        let text = try #require(host.text("\(directory)/7/unit.env"))
        let instances = try Example.release(7).instances
        #expect(text.split(separator: "\n").filter { $0.hasPrefix("#") } == instances.map { "# \($0.unit)" })
        #expect(text.hasSuffix("\nTUSSILAGO_IMAGE=\(String(repeating: "a1", count: 32))\n"))
        #expect(host.names("\(directory)/7") == ["app.env", "release.json", "unit.env"])
    }

    @Test("A release with a bridge says what it asks to reach; one that listens on a port only, nothing")
    func saysReach() async throws {
        try await host.store.perform(.stage(Example.release(7, port: true), network: network))
        #expect(host.text("\(directory)/7/egress") == "none\n")
        #expect(host.text("\(directory)/7/hosts") == nil)
    }

    @Test("Values of the environment are written as they are")
    func writesEnvironment() async throws {
        let values = ["  two ", "\"quoted\"", "'", "a\\", "# x", "$HOME", "", "a=b", "ü"]
        var variables: [EnvironmentVariable] = []
        for (index, value) in values.enumerated() {
            variables.append(try EnvironmentVariable(name: "N\(index)", value: value))
        }
        try await host.store.perform(.stage(Example.release(7, environment: variables), network: network))
        let lines = host.text("\(directory)/7/app.env")?.split(separator: "\n").map(String.init)
        #expect(lines == values.enumerated().map { "N\($0.offset)=\($0.element)" })
    }

    @Test("Only root reads a release; others go through the directories on the way to its files")
    func hasModes()
        async throws
    {
        try await host.store.perform(.stage(Example.release(7), network: network))
        for file in ["unit.env", "app.env", "release.json"] { #expect(host.mode("\(directory)/7/\(file)") == 0o600) }
        for path in ["", "/apps", "/apps/acme", "/apps/acme/shop", "/apps/acme/shop/releases/7"] {
            #expect(host.mode("/var/lib/tussilago\(path)") == 0o711)
        }
    }

    @Test("The link to the files leads to the tree")
    func linksFiles() async throws {
        try host.write("/source/main.py", "print()")
        let tree = try await host.store.importTree(from: "\(host.root)/source")
        try await host.store.perform(.stage(Example.release(7, tree: tree), network: network))
        #expect(host.text("\(directory)/7/files/main.py") == "print()")
    }

    @Test("A release whose files are not in the store is not staged")
    func needsTree() async throws {
        let tree = try TussilagoCore.Digest(String(repeating: "b", count: 64))
        let release = try Example.release(7, tree: tree)
        let error = await failure { () throws(PortError) in
            try await host.store.perform(.stage(release, network: network))
        }
        #expect(error?.code == .notFound)
        #expect(try await host.store.observe(.app(Example.app)).releases.isEmpty)
    }

    @Test("Staging the same release again writes nothing")
    func stagesTwice() async throws {
        let release = try Example.release(7)
        try await host.store.perform(.stage(release, network: network))
        let inode = host.inode("\(directory)/7")
        try await host.store.perform(.stage(release, network: network))
        #expect(host.inode("\(directory)/7") == inode)
    }

    @Test("Another release of the same number takes the place only of one that cannot run")
    func replaces() async throws {
        let first = try Example.release(7)
        let second = try Example.release(7)
        try await host.store.perform(.stage(first, network: network))
        try await host.store.perform(.stage(second, network: network))
        let third = try Example.release(7)
        try await host.store.perform(.admit(second.instances))
        let error = await failure { () throws(PortError) in
            try await host.store.perform(.stage(third, network: network))
        }
        #expect(error?.code == .conflict)
        #expect(host.text("\(directory)/7/release.json")?.contains(second.id.uuidString) == true)
    }

    @Test("What a crash left half-written is removed, and a directory with no record is replaced")
    func recovers()
        async throws
    {
        try host.write("\(directory)/.7.new/unit.env", "half")
        try host.write("\(directory)/.6.old/unit.env", "dead")
        try host.write("\(directory)/7/release.json", "{")
        #expect(try await host.store.observe(.app(Example.app)).releases.isEmpty)
        try await host.store.perform(.stage(Example.release(7), network: network))
        #expect(host.names(directory) == ["7"])
        #expect(try await host.store.observe(.app(Example.app)).releases == [try Example.number(7)])
    }

    @Test("Discarded releases are gone, and the last takes the app's directory with it")
    func discards() async throws {
        for number in [6, 7] { try await host.store.perform(.stage(Example.release(number), network: network)) }
        try await host.store.perform(.discard(Example.app, [Example.number(6)]))
        #expect(host.names(directory) == ["7"])
        try await host.store.perform(.discard(Example.app, [Example.number(6), Example.number(7)]))
        #expect(host.names("/var/lib/tussilago/apps") == [])
        try await host.store.perform(.discard(Example.app, [Example.number(7)]))
    }

    @Test("Discarding follows no link")
    func discardsLinks() async throws {
        try host.write("/precious/file", "kept")
        try await host.store.perform(.stage(Example.release(7), network: network))
        try host.makeLink("\(directory)/7/out", to: "\(host.root)/precious")
        try host.makeLink("\(directory)/.dead", to: "\(host.root)/precious")
        try await host.store.perform(.discard(Example.app, [Example.number(7)]))
        #expect(host.names(directory) == nil)
        #expect(host.text("/precious/file") == "kept")
    }
}
