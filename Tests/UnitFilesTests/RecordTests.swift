import FoundationEssentials
import Testing
import TussilagoCore

@testable import UnitFiles

/// What the files say of whom they are.
@Suite struct RecordTests {
    let host: TemporaryHost
    let store: FileUnitStore
    let tenant: Tenant
    let app: App
    private let begun = Date()

    init() throws {
        host = try TemporaryHost()
        store = host.store
        tenant = Tenant(id: UUID(), name: Example.tenantName, users: try Example.users())
        app = App(id: UUID(), reference: Example.app, network: try Example.network())
    }

    private func install() async throws {
        try await store.perform(.install(tenant.unitFiles + app.unitFiles(tenant: tenant, bridged: true)))
    }

    private var scopes: Set<Scope> { [.tenant(tenant.name), .app(app.reference)] }

    @Test func `a tenant and an app are read back from their units with all their ids`() async throws {
        try await install()
        let records = try await store.records(of: try await store.stored().scopes)
        #expect(records.tenants.map(\.versions) == [[tenant]])
        #expect(records.apps.map(\.versions) == [[app]])
        #expect(records.apps[0].createdAt > begun.addingTimeInterval(-10))
    }

    @Test func `what most files say comes first`() async throws {
        try await install()
        let path = "/etc/systemd/system/\(app.reference.slice)"
        let text = try #require(host.text(path))
        try host.write(path, text.replacing("Network=5", with: "Network=6"))
        let records = try await store.records(of: scopes)
        #expect(records.apps[0].versions.map(\.network.index) == [5, 6])
    }

    @Test func `a file that lacks a key or says what cannot be is passed over`() async throws {
        try await install()
        for (path, key) in [("\(app.reference.slice)", "Users=3"), ("\(app.reference.target)", "Network=5")] {
            let path = "/etc/systemd/system/\(path)"
            try host.write(path, try #require(host.text(path)).replacing(key, with: "Users=99999"))
        }
        #expect(try await store.records(of: scopes).apps.map(\.versions) == [[app]])
    }

    @Test func `the release that the upstreams lead to is current and all others are superseded`() async throws {
        try await install()
        for number in 1...3 {
            try await store.perform(.stage(try Example.release(number), network: try Example.network()))
        }
        for instance in try Example.release(2).ingressInstances {
            try await store.perform(.point(app.reference, copy: instance.copy, instance))
        }
        let records = try await store.records(of: scopes)
        #expect(records.apps[0].releases.map(\.state) == [.superseded, .current, .superseded])
        #expect(records.apps[0].releases.map(\.release.number.rawValue) == [1, 2, 3])
    }

    @Test func `a record stands in its file as it stands in the ledger`() async throws {
        try await install()
        let release = try Example.release(1)
        try await store.perform(.stage(release, network: try Example.network()))
        let records = try await store.records(of: scopes)
        #expect(records.apps[0].stored.map(\.text) == [try release.text()])
        #expect(try Release(text: try release.text()) == release)
    }

    @Test func `a record that is cut or another release's is told but stands for none`() async throws {
        try await install()
        try await store.perform(.stage(try Example.release(1), network: try Example.network()))
        let path = "/var/lib/tussilago/apps/acme/shop/releases"
        let text = try #require(host.text("\(path)/1/release.json"))
        try host.write("\(path)/2/release.json", text)
        try host.write("\(path)/3/release.json", String(text.dropLast(20)))
        let records = try await store.records(of: scopes)
        #expect(records.apps[0].stored.map(\.number.rawValue) == [1, 2, 3])
        #expect(records.apps[0].releases.map(\.release.number.rawValue) == [1])
    }

    @Test func `what is named like the platform's is named and only what is its own is stored`() async throws {
        try await install()
        try host.write("/etc/systemd/system/tussilago-foreign.slice", "[Slice]\n")
        let foreign = Scope.tenant(TenantName(unchecked: "foreign"))
        #expect(try await store.named() == scopes.union([foreign]))
        #expect(try await store.stored().scopes == scopes)
        #expect(try await store.records(of: [foreign]).tenants.isEmpty)
    }

    @Test func `where upstreams do not agree the target's links say what is current`() async throws {
        try await install()
        for number in 1...2 {
            try await store.perform(.stage(try Example.release(number), network: try Example.network()))
        }
        let old = try Example.release(1), new = try Example.release(2)
        try await store.perform(.point(app.reference, copy: 1, new.ingressInstances[0]))
        try await store.perform(.point(app.reference, copy: 2, old.ingressInstances[1]))
        try await store.perform(.want(target: app.reference.target, units: old.instances.map(\.unit).sorted()))
        #expect(try await store.records(of: scopes).apps[0].releases.map(\.state) == [.current, .superseded])
    }
}
