import FoundationEssentials
import Logging
import SQLiteLedger
import Testing
import TussilagoCore
import TussilagoOperations
import TussilagoTestKit

/// Earlier releases, several copies, waiting operations and cancelled ones, on a simulated host.
@Suite struct RollbackTests {
    @Test("A rollback serves the release before, with no reload and no write to Caddy")
    func goesBack() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        _ = try await platform.run(try platform.deploy("two"))
        let before = await platform.host.host
        let operation = try await platform.run(.rollback(platform.shop, nil))
        #expect(operation.state == .succeeded)
        #expect(operation.release?.rawValue == 1)
        let after = await platform.host.host
        #expect(after.upstreams[platform.shop]?[1]?.release.rawValue == 1)
        #expect(after.reloads == before.reloads)
        #expect(after.routeWrites == before.routeWrites)
        #expect(after.outages == [])
        #expect(try await states(platform) == [2: .superseded, 1: .current])
        // And forward again, by its number.
        #expect(try await platform.run(.rollback(platform.shop, ReleaseNumber(rawValue: 2))).state == .succeeded)
        #expect(try await states(platform) == [2: .current, 1: .superseded])
    }

    @Test(
        "A rollback to what does not start leaves the current release, and the earlier one is still there to try again")
    func failsSafely() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        _ = try await platform.run(try platform.deploy("two"))
        let old = try #require(await platform.ledger.release(platform.shop, .first)).release.instances[0].unit
        await platform.host.change { $0.broken = [old] }
        #expect(try await platform.run(.rollback(platform.shop, nil)).state == .failed)
        #expect(try await states(platform) == [2: .current, 1: .superseded])
        #expect(await platform.host.host.outages == [])
        await platform.host.change { $0.broken = [] }
        #expect(try await platform.run(.rollback(platform.shop, nil)).state == .succeeded)
    }

    @Test("There is nothing before the first release, and what serves is not gone back to")
    func refuses() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        #expect(try await platform.run(.rollback(platform.shop, nil)).failure?.code == "not-found")
        #expect(try await platform.run(.rollback(platform.shop, .first)).failure?.code == "refused")
    }

    @Test("Ten earlier releases are kept with all that they need, older ones are forgotten")
    func keepsTen() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        for number in 2...14 { _ = try await platform.run(try platform.deploy("\(number)")) }
        let kept = try await states(platform).keys.sorted()
        #expect(kept == Array(4...14))
        let staged = await platform.host.host.releases[platform.shop]?.keys.map(\.rawValue).sorted()
        #expect(staged == kept)
        #expect(try await platform.run(.rollback(platform.shop, ReleaseNumber(rawValue: 4))).state == .succeeded)
        #expect(try await platform.run(try platform.deploy("15")).release?.rawValue == 15)
    }

    private func states(_ platform: Platform) async throws -> [Int: ReleaseState] {
        let releases = try await platform.ledger.releases(of: platform.shop, PageQuery(limit: 100)).items
        return Dictionary(uniqueKeysWithValues: releases.map { ($0.release.number.rawValue, $0.state) })
    }
}

@Suite struct ScaleTests {
    @Test("Three copies take requests, are rolled one by one, and a manifest that says no number keeps them")
    func scales() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        let web = try ProcessName("web")
        #expect(try await platform.run(.scale(platform.shop, [web: 3])).state == .succeeded)
        var host = await platform.host.host
        #expect(
            host.upstreams[platform.shop]?.values.map(\.unit.description).sorted() == [
                "tussilago-acme-shop-web@2.2.service", "tussilago-acme-shop-web@2.3.service",
                "tussilago-acme-shop-web@2.service",
            ])
        #expect(host.routes[platform.shop]?.copies == 3)
        guard case .deploy(let app, var deployment) = try platform.deploy("three") else { return }
        deployment.scaled = [web]
        #expect(try await platform.run(.deploy(app, deployment)).state == .succeeded)
        host = await platform.host.host
        #expect(host.upstreams[app]?.values.allSatisfy { $0.release.rawValue == 3 } == true)
        #expect(host.upstreams[app]?.count == 3)
        #expect(host.outages == [])
        #expect(try await platform.run(.scale(app, [web: 1])).state == .succeeded)
        host = await platform.host.host
        #expect(host.upstreams[app]?.count == 1)
        #expect(host.active.compactMap { Instance(unit: $0) }.count == 1)
        #expect(host.outages == [])
    }

    @Test("A copy that does not start brings all of them back")
    func failsSafely() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        await platform.host.change {
            if let unit = UnitName("tussilago-acme-shop-web@2.2.service") { $0.broken = [unit] }
        }
        #expect(try await platform.run(.scale(platform.shop, [try ProcessName("web"): 2])).state == .failed)
        let host = await platform.host.host
        #expect(host.upstreams[platform.shop]?.values.map(\.release.rawValue) == [1])
        #expect(host.active.compactMap { Instance(unit: $0) }.map(\.release.rawValue) == [1])
    }

    @Test("What cannot run in copies is refused")
    func refuses() async throws {
        let manifest = Manifest(processes: [try Make.process()])
        #expect(throws: PortError.self) { try manifest.scaled(to: [try ProcessName("web"): 17]) }
        #expect(throws: PortError.self) { try manifest.scaled(to: [try ProcessName("nope"): 1]) }
        #expect(throws: PortError.self) { try manifest.scaled(to: [try ProcessName("web"): 0]) }
        #expect(try manifest.scaled(to: [try ProcessName("web"): 1]) == manifest)
    }
}

@Suite struct QueueTests {
    @Test("Of a hundred deploys of one app at once those that do not wait are refused, and none mixes with another")
    func oneAtATime() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        let outcomes = await withTaskGroup(of: UUID?.self) { group in
            for number in 0..<100 {
                group.addTask {
                    try? await platform.queue.accept(
                        try platform.deploy("\(number)"), caller: "root", requestID: UUID(), key: nil,
                        waiting: number.isMultiple(of: 10)
                    ).id
                }
            }
            return await group.reduce(into: [UUID]()) { if let id = $1 { $0.append(id) } }
        }
        #expect(outcomes.count >= 10)
        for id in outcomes { #expect(try await platform.ended(id).state == .succeeded) }
        let host = await platform.host.host
        #expect(host.active.compactMap { Instance(unit: $0) }.count == 1)
        #expect(host.outages == [])
    }

    @Test("An operation that waits is cancelled at once, and one that has ended stays as it is")
    func cancelsWhatWaits() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        await platform.host.hold(true)
        let running = try await platform.queue.accept(
            try platform.deploy("two"), caller: "root", requestID: UUID(), key: nil)
        let waiting = try await platform.queue.accept(
            try platform.deploy("three"), caller: "root", requestID: UUID(), key: nil, waiting: true)
        _ = try await platform.queue.cancel(waiting.id)
        await platform.host.hold(false)
        #expect(try await platform.ended(running.id).state == .succeeded)
        #expect(try await platform.ended(waiting.id).state == .cancelled)
        #expect(try await platform.queue.cancel(running.id).state == .succeeded)
        await #expect(throws: PortError.self) { try await platform.queue.cancel(UUID()) }
    }

    @Test("A deploy that is cancelled while it waits for the app goes back")
    func cancelsWhatRuns() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        await platform.host.hold(true)
        let running = try await platform.queue.accept(
            try platform.deploy("two"), caller: "root", requestID: UUID(), key: nil)
        while await !platform.host.isHeld { try await Task.sleep(for: .milliseconds(1)) }
        _ = try await platform.queue.cancel(running.id)
        #expect(try await platform.ended(running.id).state == .cancelled)
        await platform.host.hold(false)
        let host = await platform.host.host
        #expect(host.upstreams[platform.shop]?.values.map(\.release.rawValue) == [1])
        #expect(host.outages == [])
        #expect(try await platform.run(try platform.deploy("three")).state == .succeeded)
    }

    @Test("An operation that takes longer than it may fails, goes back, and leaves the app to the next")
    func expires() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        await platform.host.hold(true)
        // Of the operations before it none is short of time.
        let accepted = try await platform.anotherQueue(deadline: .seconds(1)).accept(
            try platform.deploy("two"), caller: "root", requestID: UUID(), key: nil)
        let operation = try await platform.ended(accepted.id)
        #expect(operation.state == .failed)
        #expect(operation.failure?.code == "expired")
        await platform.host.hold(false)
        #expect(await platform.host.host.upstreams[platform.shop]?.values.map(\.release.rawValue) == [1])
        #expect(try await platform.run(.restart(platform.shop)).state == .succeeded)
    }
}

@Suite struct ReconcileTests {
    @Test("With nothing lost a reconcile finds nothing and changes nothing")
    func isQuiet() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        await platform.host.inject([])
        let operation = try await platform.run(.reconcile)
        #expect(operation.state == .succeeded)
        #expect(await platform.host.calls.filter { $0 != "publish" } == [])
        #expect(try await found(operation, platform) == [])
    }

    @Test("What was edited, deleted or has died is repaired, and told")
    func repairs() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        let whole = await platform.host.host
        for damage in Self.damages {
            await platform.host.change { damage(&$0, platform.shop) }
            let operation = try await platform.run(.reconcile)
            #expect(operation.state == .succeeded)
            #expect(try await !found(operation, platform).isEmpty)
            let now = await platform.host.host
            #expect(now.units == whole.units && now.loaded == whole.loaded && now.live == whole.live)
            #expect(now.upstreams == whole.upstreams && now.routes == whole.routes && now.wants == whole.wants)
            #expect(now.active == whole.active)
        }
    }

    private static let damages: [@Sendable (inout SimulatedHost, AppReference) -> Void] = [
        { host, _ in if let path = host.units.keys.sorted().first { host.units[path]? += "# edited\n" } },
        { host, _ in if let path = host.units.keys.sorted().last { host.units[path] = nil } },
        { host, shop in
            for unit in host.active where Instance(unit: unit)?.app == shop {
                host.active.remove(unit)
                host.failed.insert(unit)
            }
        },
        { host, shop in host.upstreams[shop] = nil },
        { host, _ in host.routes = RouteTable() },
        { host, shop in host.wants[shop.target] = nil },
    ]

    @Test("What has not changed since nothing was to be done is not looked at again, and what has is")
    func remembers() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        #expect(try await looked(platform) > 1)
        // The tenant alone.
        #expect(try await looked(platform) == 1)
        for damage in Self.damages {
            await platform.host.change { damage(&$0, platform.shop) }
            let operation = try await platform.run(.reconcile)
            #expect(try await !found(operation, platform).isEmpty)
            // What was repaired is looked at once more.
            _ = try await looked(platform)
            #expect(try await looked(platform) == 1)
        }
        _ = try await platform.run(try platform.deploy("two"))
        #expect(try await looked(platform) > 1)
        #expect(try await looked(platform) == 1)
        // An admin's will is told each time.
        await platform.host.change { $0.stop(platform.shop.target, willed: true) }
        let first = try await found(try await platform.run(.reconcile), platform)
        #expect(try await looked(platform) == 1)
        #expect(try await found(try await platform.run(.reconcile), platform) == first && first.count == 1)
        // So is an image that is gone.
        await platform.host.change { $0.images = [:] }
        #expect(
            try await found(try await platform.run(.reconcile), platform).contains { $0.contains("cannot be started") })
    }

    /// How many apps and tenants a reconcile looks at.
    private func looked(_ platform: Platform) async throws -> Int {
        let before = await platform.host.looked
        #expect(try await platform.run(.reconcile).state == .succeeded)
        return await platform.host.looked - before
    }

    @Test("What was replaced is drained before it is stopped, also by an agent that finds its upstream moved already")
    func drains() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        let replaced = try #require(await platform.host.host.upstreams[platform.shop]?[1])
        let manifest = Manifest(
            processes: [try Make.process()], hostnames: [try Hostname("shop.example.org")], drainSeconds: 5)
        let deployment = Deployment(image: try Make.image().reference, manifest: manifest)
        _ = try await platform.run(.deploy(platform.shop, deployment))
        // As after a kill just behind the switch.
        await platform.host.change {
            $0.live.insert(replaced)
            $0.active.insert(replaced.unit)
        }
        let operation = try await platform.run(.reconcile)
        let steps = try await platform.ledger.events(of: operation.id, after: 0).filter { $0.kind == .stepEnded }
        #expect(steps.map(\.text).contains(Step.drain(seconds: 5).description), "\(steps.map(\.text))")
        #expect(await !platform.host.host.active.contains(replaced.unit))
    }

    @Test("What an admin has stopped stays stopped")
    func respects() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        await platform.host.change { $0.stop(platform.shop.target, willed: true) }
        let operation = try await platform.run(.reconcile)
        #expect(
            try await found(operation, platform) == [
                "left as an admin has made them: 1; tussilago reconcile --dry-run names them"
            ])
        #expect(await platform.host.host.active.compactMap { Instance(unit: $0) } == [])
    }

    @Test("An app whose creation failed on the way is finished, unless that took it back")
    func finishesCreation() async throws {
        for at in 1...20 {
            let platform = try await Platform()
            _ = try await platform.run(.createTenant(platform.shop.tenant))
            await platform.host.inject([.init(at: at, code: .refused, lasts: true)])
            let operation = try await platform.run(.createApp(platform.shop))
            await platform.host.inject([])
            guard operation.state == .failed else {
                #expect(at > 3, "so few calls make an app?")
                return
            }
            guard try await platform.ledger.app(platform.shop) != nil else { continue }
            #expect(try await platform.run(.reconcile).state == .succeeded, "call \(at)")
            #expect(await platform.host.host.active.contains(platform.shop.target), "call \(at)")
            #expect(try await found(try await platform.run(.reconcile), platform) == [], "call \(at)")
        }
    }

    @Test("A collection removes what nothing refers to, and leaves what a reconcile takes in")
    func collects() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        let nameless = UnitFile.Path.system(try AppReference("acme/old").target)
        await platform.host.change { $0.units[nameless] = "[X-Tussilago]\n" }
        try await platform.ledger.removeApp(platform.shop)
        let first = try await platform.run(.collect)
        #expect(try await found(first, platform) == ["what is left of acme/old is removed: nothing refers to it"])
        #expect(await platform.host.host.units[nameless] == nil)
        #expect(try await found(try await platform.run(.collect), platform) == [])
        #expect(try await platform.run(.reconcile).state == .succeeded)
        #expect(try await platform.ledger.app(platform.shop)?.current?.number == .first)
        #expect(await platform.host.host.active.contains { Instance(unit: $0)?.app == platform.shop })
    }

    private func found(_ operation: TussilagoCore.Operation, _ platform: Platform) async throws -> [String] {
        try await platform.ledger.events(of: operation.id, after: 0).filter { $0.kind == .finding }.map(\.text)
    }
}
