import Crypto
import FoundationEssentials
import Glibc
import Testing
import TussilagoCore

@testable import UnitFiles

/// Archives of sources, and the places of builds, as the agent has them.
@Suite struct BuildTests {
    let host: TemporaryHost
    private let sources = "/var/lib/tussilago/sources/acme"
    private let content = Array("an archive".utf8)

    init() throws {
        host = try TemporaryHost()
        try host.write("/usr/bin/uv", "#!", mode: 0o755)
    }

    private func digest(_ bytes: [UInt8]) throws -> TussilagoCore.Digest { try SHA256(bytes).value }

    private func send(
        _ bytes: [UInt8], as source: TussilagoCore.Digest, limit: Int64 = 1024, to store: FileUnitStore
    ) async throws(PortError) {
        let writer = try await store.receive(source, of: Example.tenantName, limit: Bytes(limit))
        do throws(PortError) {
            for byte in bytes { try await writer.write([byte]) }
            try await writer.finish()
        } catch {
            await writer.abandon()
            throw error
        }
    }

    @Test("An archive has its name when all of it came, and is found by its tenant only")
    func receives() async throws {
        let store = host.store, source = try digest(content)
        #expect(try await store.size(of: source, of: Example.tenantName) == nil)
        try await send(content, as: source, to: store)
        #expect(host.names(sources) == ["\(source.hexadecimal).tar"])
        #expect(host.text("\(sources)/\(source.hexadecimal).tar") == "an archive")
        #expect(host.mode(sources) == 0o711)
        #expect(try await store.size(of: source, of: Example.tenantName) == Bytes(10))
        #expect(try await store.size(of: source, of: TenantName("other")) == nil)
        try await send(content, as: source, to: store)
        #expect(host.names(sources)?.count == 1)
    }

    @Test("What is not what was announced, or too much, leaves nothing")
    func refuses() async throws {
        let store = host.store, source = try digest(content)
        let wrong = await failure { () throws(PortError) in try await send([1], as: source, to: store) }
        #expect(wrong?.code == .refused && wrong?.cause.contains("announced") == true)
        let much = await failure { () throws(PortError) in try await send(content, as: source, limit: 9, to: store) }
        #expect(much?.code == .refused && much?.cause.contains("more than 9") == true)
        #expect(host.names(sources) == [])
        // An agent that is killed leaves half of one; the next removes it.
        let writer = try await store.receive(source, of: Example.tenantName, limit: Bytes(100))
        try await writer.write([1])
        #expect(host.names(sources)?.count == 1)
        try await store.removeLeftovers()
        #expect(host.names(sources) == [])
    }

    @Test("A tenant that sends on and on is refused until something was collected; others are not")
    func bounds() async throws {
        let store = host.store
        func send(_ number: Int) async -> PortError? {
            await failure { () throws(PortError) in
                let bytes = Array("archive 0\(number)".utf8.suffix(10))
                try await self.send(bytes, as: try SHA256(bytes).value, limit: 10, to: store)
            }
        }
        for number in 10..<26 { #expect(await send(number) == nil) }
        #expect(await send(26)?.cause.contains("tussilago gc") == true)
        let writer = try await store.receive(try digest(content), of: TenantName("other"), limit: Bytes(10))
        await writer.abandon()
    }

    @Test("Archives are collected that nothing refers to, and no new ones")
    func collects() async throws {
        let store = host.store
        var all: [TussilagoCore.Digest] = []
        for text in ["old", "kept", "new"] {
            let bytes = Array(text.utf8)
            all.append(try digest(bytes))
            try await send(bytes, as: all[all.count - 1], to: store)
        }
        for source in all[..<2] {
            var times = [timeval(tv_sec: 1, tv_usec: 0), timeval(tv_sec: 1, tv_usec: 0)]
            utimes("\(host.root)\(sources)/\(source.hexadecimal).tar", &times)
        }
        let kept = [Example.tenantName: Set([all[1]])]
        #expect(try await store.collect(except: kept, removing: false) == 1)
        #expect(host.names(sources)?.count == 3)
        #expect(try await store.collect(except: kept, removing: true) == 1)
        #expect(host.names(sources) == all[1...].map { "\($0.hexadecimal).tar" }.sorted())
    }

    @Test("A tenant's archives go with it")
    func removes() async throws {
        let store = host.store
        try await send(content, as: try digest(content), to: store)
        try await store.removeSources(of: Example.tenantName)
        #expect(host.names("/var/lib/tussilago/sources") == [])
        try await store.removeSources(of: Example.tenantName)
    }

    // MARK: Builds

    private func build(known: BuiltSource? = nil) throws -> Build {
        let command = try ["python3", "x.py"].map { try CommandArgument($0) }
        return Build(
            id: try #require(UUID(uuidString: "01234567-89AB-4CDE-8F01-23456789ABCD")), app: Example.app,
            source: try digest(content),
            python: PythonBuild(packages: [try PackageRequirement("gunicorn")], commands: [command]),
            image: try digest([7]), known: known)
    }

    private let place = "/var/lib/tussilago/builds/acme/shop/0123456789ab4cde"
    private let output = "/run/tussilago-build/tussilago-acme-shop-build@0123456789ab4cde"

    private func prepared(known: BuiltSource? = nil, wheels: String? = nil) async throws -> (FileUnitStore, Build) {
        let tools = BuildTools(wheels: wheels)
        let store = FileUnitStore(root: host.root, tools: tools), build = try build(known: known)
        try await send(content, as: build.source, to: store)
        try await store.prepare(build, limits: BuildLimits())
        for name in ["app", "packages", "result"] { try host.makeDirectory("\(output)/\(name)") }
        return (store, build)
    }

    private func result(_ packages: String, key: TussilagoCore.Digest) throws {
        try host.write(
            "\(output)/result/result.json", #"{"key": "\#(key.hexadecimal)", "packages": "\#(packages)"}"#)
    }

    @Test("A build finds its archive, its order, uv, wheels and the packages that there are")
    func prepares() async throws {
        let known = BuiltSource(
            source: try digest([1]), tree: try digest([2]), packages: try digest([3]), key: try digest([4]))
        let (store, build) = try await prepared(known: known, wheels: "/srv/wheels")
        #expect(build.unit.description == "tussilago-acme-shop-build@0123456789ab4cde.service")
        #expect(host.names(place) == ["order.json", "packages", "source.tar", "unit.env", "uv", "wheels"])
        #expect(host.link("\(place)/source.tar") == "../../../../sources/acme/\(build.source.hexadecimal).tar")
        #expect(host.text("\(place)/source.tar") == "an archive", "the link leads to it")
        #expect(host.link("\(place)/uv") == "/usr/bin/uv" && host.link("\(place)/wheels") == "/srv/wheels")
        #expect(host.link("\(place)/packages") == "../../../../trees/\(try digest([3]).hexadecimal)")
        #expect(host.text("\(place)/unit.env") == "TUSSILAGO_IMAGE=\(try digest([7]).hexadecimal)\n")
        let order = try #require(host.text("\(place)/order.json"))
        #expect(
            order.contains(#""known":"\#(try digest([4]).hexadecimal)""#) && order.contains(#""packages":["gunicorn"]"#)
        )
        #expect(order.contains(#""commands":[["python3","x.py"]]"#))
        try await store.prepare(build, limits: BuildLimits())
        try await store.clear(build)
        #expect(host.names("/var/lib/tussilago/builds") == [])
    }

    @Test("Without its archive nothing is prepared, and without uv there is a place for it")
    func needs() async throws {
        let store = host.store, build = try build()
        let missing = await failure { () throws(PortError) in try await store.prepare(build, limits: BuildLimits()) }
        #expect(missing?.code == .notFound && missing?.subject == "source")
        try await send(content, as: build.source, to: store)
        unlink("\(host.root)/usr/bin/uv")
        #expect(host.names("/var/lib/tussilago/builds") ?? [] == [])
        try await store.prepare(build, limits: BuildLimits())
        #expect(host.names("\(place)/uv") == [] && host.names("\(place)/wheels") == [])
    }

    @Test("What a build made is taken by its content; packages that were known stay the release's")
    func takes() async throws {
        let known = BuiltSource(
            source: try digest([1]), tree: try digest([2]), packages: try digest([3]), key: try digest([4]))
        let (store, build) = try await prepared(known: known)
        try host.write("\(output)/app/app.py", "print()")
        try host.write("\(output)/packages/x.py", "x")
        try result("new", key: try digest([5]))
        let new = try await store.take(build, ownedBy: getuid(), limits: BuildLimits())
        #expect(new.key == (try digest([5])) && new.source == build.source)
        let packages = try #require(new.packages)
        #expect(host.text("/var/lib/tussilago/trees/\(packages.hexadecimal)/x.py") == "x")
        #expect(host.text("/var/lib/tussilago/trees/\(new.tree.hexadecimal)/app.py") == "print()")
        try result("known", key: try digest([4]))
        #expect(try await store.take(build, ownedBy: getuid(), limits: BuildLimits()).packages == known.packages)
        try result("none", key: try digest([4]))
        #expect(try await store.take(build, ownedBy: getuid(), limits: BuildLimits()).packages == nil)
    }

    @Test(
        "What a hostile build leaves is refused: links, others' files, results that are none, packages it was not given"
    )
    func refusesOutput() async throws {
        let (store, build) = try await prepared()
        func refusal(owner: UInt32 = getuid()) async -> PortError? {
            await failure { () throws(PortError) in
                _ = try await store.take(build, ownedBy: owner, limits: BuildLimits())
            }
        }
        #expect(await refusal()?.cause == "it has left no result")
        for text in ["", "{}", "[]", #"{"key": "x", "packages": "new"}"#, String(repeating: " ", count: 5000)] {
            try host.write("\(output)/result/result.json", text)
            #expect(await refusal()?.code == .refused, "\(text.prefix(40))")
        }
        try result("known", key: try digest([4]))
        #expect(await refusal()?.cause.contains("was not given") == true)
        try result("none", key: try digest([4]))
        #expect(await refusal() == nil, "the control")
        #expect(await refusal(owner: getuid() + 1)?.code == .notFound)
        for make in [
            { symlink("/etc/passwd", $0) }, { mkfifo($0, 0o600) },
        ] as [(String) -> Int32] {
            #expect(make("\(host.root)\(output)/app/odd") == 0)
            #expect(await refusal()?.code == .refused)
            unlink("\(host.root)\(output)/app/odd")
        }
        unlink("\(host.root)\(output)/result/result.json")
        try host.write("/secret", #"{"key": "x", "packages": "none"}"#)
        try host.makeLink("\(output)/result/result.json", to: "\(host.root)/secret")
        #expect(await refusal() != nil, "a link is not followed")
    }
}

extension SHA256 {
    fileprivate init(_ bytes: [UInt8]) {
        self.init()
        update(data: bytes)
    }
}
