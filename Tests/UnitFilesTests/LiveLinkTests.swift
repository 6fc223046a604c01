import Testing
import TussilagoCore
import UnitFiles

@Suite struct LiveLinkTests {
    let host: TemporaryHost
    let release: Release
    let live = "/var/lib/tussilago/apps/acme/shop/live"

    init() async throws {
        host = try TemporaryHost()
        release = try Example.release(7)
        try await host.store.perform(.stage(release, network: Example.network()))
    }

    private func observed() async throws -> Set<Instance> { try await host.store.observe(.app(Example.app)).live }

    private func instances(_ process: ProcessName, copy: Int = 1) -> [Instance] {
        release.instances.filter { $0.process == process && $0.copy == copy }
    }

    @Test("Admitted instances are observed with their processes, copies and generations")
    func admits() async throws {
        try await host.store.perform(.admit(release.instances))
        #expect(host.names(live) == ["7", "7.2"])
        #expect(host.link("\(live)/7.2") == "../releases/7")
        #expect(try await observed() == Set(release.instances))
        #expect(
            release.instances.map(\.unit.description).sorted() == [
                "tussilago-acme-shop-web@7.2.service", "tussilago-acme-shop-web@7.service",
                "tussilago-acme-shop-worker.3@7.service",
            ])
        #expect(host.text("\(live)/7/release.json") != nil)
    }

    @Test("Admitting again changes nothing")
    func admitsTwice() async throws {
        try await host.store.perform(.admit(release.instances))
        let inode = host.inode("\(live)/7")
        try await host.store.perform(.admit(release.instances))
        #expect(host.inode("\(live)/7") == inode)
    }

    @Test("To admit one process admits all instances of the same name")
    func admitsByName() async throws {
        try await host.store.perform(.admit(instances(Example.worker)))
        #expect(try await observed() == Set(instances(Example.worker) + instances(Example.web)))
    }

    @Test("A name is retired with the last of its instances")
    func retires() async throws {
        try await host.store.perform(.admit(release.instances))
        try await host.store.perform(.retire(instances(Example.worker) + instances(Example.web, copy: 2)))
        #expect(host.names(live) == ["7"])
        #expect(try await observed() == Set(instances(Example.worker) + instances(Example.web)))
        try await host.store.perform(.retire(release.instances))
        #expect(try await observed().isEmpty)
        try await host.store.perform(.retire(release.instances))
    }

    @Test("Retiring one release leaves the other")
    func retiresOne() async throws {
        let next = try Example.release(8)
        try await host.store.perform(.stage(next, network: Example.network()))
        try await host.store.perform(.admit(release.instances + next.instances))
        try await host.store.perform(.retire(release.instances))
        #expect(try await observed() == Set(next.instances))
    }

    @Test("What is not staged is not admitted")
    func refusesUnknown() async throws {
        let missing = try Example.release(9)
        let error = await failure { () throws(PortError) in try await host.store.perform(.admit(missing.instances)) }
        #expect(error?.code == .notFound)
        let stranger = Instance(app: Example.app, process: Example.web, generation: 2, release: release.number)
        let refusal = await failure { () throws(PortError) in try await host.store.perform(.admit([stranger])) }
        #expect(refusal?.code == .refused)
        #expect(try await observed().isEmpty)
    }

    @Test("A link with no release is no instance, and goes with the next change")
    func removesDangling() async throws {
        try host.makeLink("\(live)/4", to: "../releases/4")
        try host.makeLink("\(live)/5", to: "/etc")
        try await host.store.perform(.admit(release.instances))
        #expect(try await observed() == Set(release.instances))
        try await host.store.perform(.retire(release.instances))
        #expect(host.names(live) == ["5"])
    }
}
