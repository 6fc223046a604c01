import FoundationEssentials
import SQLiteLedger
import Testing
import TussilagoCore
import TussilagoOperations
import TussilagoTestKit

@Suite struct DeployTests {
    @Test("A first deploy makes the app serve, and its hostname lead to it")
    func serves() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        let host = await platform.host.host
        #expect(host.upstreams[platform.shop]?[1]?.unit.description == "tussilago-acme-shop-web@1.service")
        #expect(host.active.contains { $0.description == "tussilago-acme-shop-web@1.service" })
        #expect(host.routes.owners.map(\.hostname) == ["shop.example.org"])
    }

    @Test("A second deploy of the same shape reloads nothing and writes nothing to Caddy")
    func isCheap() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        let before = await platform.host.host
        let operation = try await platform.run(try platform.deploy("two"))
        let after = await platform.host.host
        #expect(operation.release?.rawValue == 2)
        #expect(after.reloads == before.reloads)
        #expect(after.routeWrites == before.routeWrites)
        #expect(after.upstreams[platform.shop]?[1]?.release.rawValue == 2)
        #expect(after.live.map(\.release.rawValue) == [2])
    }

    @Test("A release that never gets ready leaves the old one serving and nothing behind")
    func goesBack() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        let before = await platform.host.host
        let broken = try #require(UnitName("tussilago-acme-shop-web@2.service"))
        await platform.host.change { $0.broken = [broken] }
        let operation = try await platform.run(try platform.deploy("two"))
        #expect(operation.state == .failed)
        #expect(operation.failure?.code == "start-failed")
        #expect(operation.failure?.log == ["last words of \(broken)"])
        let after = await platform.host.host
        #expect(after.upstreams == before.upstreams)
        #expect(after.live == before.live)
        #expect(after.active == before.active)
        #expect(after.releases == before.releases)
        #expect(after.units == before.units)
        #expect(after.outages == [])
        let release = try #require(ReleaseNumber(rawValue: 2))
        #expect(try await platform.ledger.release(platform.shop, release)?.state == .failed)
        #expect(try await platform.run(try platform.deploy("three")).release?.rawValue == 3)
    }

    @Test("A failure says how far the app came, and how it ended if it ended by itself", arguments: [true, false])
    func saysWhy(appEnded: Bool) async throws {
        let platform = try await Platform()
        try await platform.withShop()
        let broken = try #require(UnitName("tussilago-acme-shop-web@2.service"))
        await platform.host.change {
            $0.broken = [broken]
            $0.obstacles = [broken: StartObstacle(text: "the app was slow", appEnded: appEnded)]
        }
        let operation = try await platform.run(try platform.deploy("two"))
        let expected = "\(broken): the app was slow" + (appEnded ? " (it did not get ready)" : "")
        #expect(operation.failure?.message == expected)
        let events = try await platform.ledger.events(of: operation.id, after: 0)
        #expect(events.contains { $0.kind == .stepFailed && $0.text.contains("the app was slow") })
    }

    @Test("An image that is not there is a clear error, and nothing was done")
    func refusesAMissingImage() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        let before = await platform.host.host
        await platform.host.change { $0.images = [:] }
        let operation = try await platform.run(try platform.deploy("two"))
        #expect(operation.failure?.code == "not-found")
        #expect(operation.failure?.remedy == "podman pull localhost/python:3.13")
        #expect(await platform.host.host.live == before.live)
    }

    @Test("A hostname of another app is refused, and the other app keeps it")
    func refusesATakenHostname() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        let other = try AppReference("acme/other")
        _ = try await platform.run(.createApp(other))
        guard case .deploy(_, let deployment) = try platform.deploy() else { return }
        let operation = try await platform.run(.deploy(other, deployment))
        #expect(operation.failure?.code == "conflict")
        #expect(await platform.host.host.routes.owners.map(\.app) == [platform.shop])
    }

    @Test("Apps that are deployed at the same time all get their routes")
    func keepsAllRoutes() async throws {
        let platform = try await Platform()
        _ = try await platform.run(.createTenant(platform.shop.tenant))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<12 {
                group.addTask {
                    let app = try AppReference("acme/app\(number)")
                    _ = try await platform.run(.createApp(app))
                    guard case .deploy(_, let deployment) = try platform.deploy(hostnames: ["a\(number).example.org"])
                    else { return }
                    #expect(try await platform.run(.deploy(app, deployment)).state == .succeeded)
                }
            }
            try await group.waitForAll()
        }
        #expect(await platform.host.host.routes.owners.count == 12)
    }

    @Test("A deleted app leaves nothing on the host, and a deleted tenant neither")
    func leavesNothing() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        #expect(try await platform.run(.deleteTenant(platform.shop.tenant)).state == .failed)
        #expect(try await platform.run(.deleteApp(platform.shop)).state == .succeeded)
        #expect(try await platform.run(.deleteTenant(platform.shop.tenant)).state == .succeeded)
        let host = await platform.host.host
        #expect(host.units.isEmpty && host.loaded.isEmpty && host.live.isEmpty && host.upstreams.isEmpty)
        #expect(host.routes.owners.isEmpty)
        #expect(host.wants.values.flatMap { $0 } == [])
    }

    @Test("Stop and start keep the release")
    func stopsAndStarts() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        #expect(try await platform.run(.stop(platform.shop)).state == .succeeded)
        #expect(await platform.host.host.active.filter { Instance(unit: $0) != nil } == [])
        #expect(try await platform.run(.start(platform.shop)).state == .succeeded)
        #expect(await platform.host.host.active.contains { $0.description == "tussilago-acme-shop-web@1.service" })
    }
}
