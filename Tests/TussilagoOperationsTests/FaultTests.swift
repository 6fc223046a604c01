import FoundationEssentials
import Logging
import SQLiteLedger
import Synchronization
import Testing
import TussilagoCore
import TussilagoOperations
import TussilagoTestKit

/// Every call that changes the host is made to fail, one after the other: before its effect, after it, for good.
@Suite struct FaultTests {
    /// How many changing calls the second deploy makes, with a new shape, so that units and routes change as well.
    private static func change(_ platform: Platform) throws -> TussilagoCore.Operation.Request {
        let manifest = Manifest(
            processes: [try Make.process(limits: Limits(tasks: 300)), try Make.process("worker", ingress: nil)],
            hostnames: [try Hostname("shop.example.org"), try Hostname("www.example.org")], drainSeconds: 0)
        return .deploy(platform.shop, Deployment(image: try Make.image().reference, manifest: manifest))
    }

    private static func calls() async throws -> Int {
        let platform = try await Platform()
        try await platform.withShop()
        await platform.host.inject([])
        #expect(try await platform.run(try change(platform)).state == .succeeded)
        return await platform.host.calls.count
    }

    @Test("A call that fails once and may pass is tried again, and the deploy succeeds", arguments: [false, true])
    func transient(afterEffect: Bool) async throws {
        for at in 1...(try await Self.calls()) {
            let platform = try await Platform()
            try await platform.withShop()
            await platform.host.inject([.init(at: at, code: .unavailable, afterEffect: afterEffect)])
            let operation = try await platform.run(try Self.change(platform))
            #expect(operation.state == .succeeded, "call \(at)")
            #expect(operation.attempt == 2, "call \(at)")
            try await expectConverged(platform, "call \(at)")
        }
    }

    @Test(
        "A call that is refused leads back to the old release, or forward once the new one serves",
        arguments: [false, true])
    func refused(afterEffect: Bool) async throws {
        for at in 1...(try await Self.calls()) {
            let platform = try await Platform()
            try await platform.withShop()
            await platform.host.inject([.init(at: at, code: .refused, afterEffect: afterEffect)])
            let operation = try await platform.run(try Self.change(platform))
            #expect(operation.state == .failed, "call \(at)")
            #expect(await platform.host.host.outages == [], "call \(at)")
            let serving = try #require(await platform.host.host.upstreams[platform.shop]?[1], "call \(at)")
            #expect(await platform.host.host.active.contains(serving.unit), "call \(at)")
            let record = try await platform.ledger.app(platform.shop)
            #expect(record?.current?.number == serving.release, "call \(at)")
        }
    }

    @Test(
        "A deploy that could go neither forward nor back is ended by the next reconcile, or by the next deploy",
        arguments: [false, true])
    func neitherWay(asksAgain: Bool) async throws {
        var ended = 0
        for at in 1...(try await Self.calls()) {
            let platform = try await Platform()
            try await platform.withShop()
            await platform.host.inject([.init(at: at, code: .unavailable, lasts: true)])
            #expect(try await platform.run(try Self.change(platform)).state == .failed, "call \(at)")
            let release = try #require(ReleaseNumber(rawValue: 2))
            let left = try await platform.ledger.unfinishedReleases(of: nil).map(\.release.number)
            await platform.host.inject([])
            let next = try await platform.run(asksAgain ? try platform.deploy("three") : .reconcile)
            #expect(next.state == .succeeded, "call \(at)")
            #expect(try await platform.ledger.unfinishedReleases(of: nil) == [], "call \(at)")
            let state = try await platform.ledger.release(platform.shop, release)?.state
            // Where it serves already, it goes forward.
            #expect(state == .failed || state == (asksAgain ? .superseded : .current), "call \(at)")
            ended += left.count
            #expect(await platform.host.host.outages == [], "call \(at)")
            // What it had claimed is free again.
            guard !asksAgain, state == .failed else { continue }
            let other = try AppReference("acme/other")
            _ = try await platform.run(.createApp(other))
            guard case .deploy(_, let deployment) = try platform.deploy(hostnames: ["www.example.org"]) else { return }
            #expect(try await platform.run(.deploy(other, deployment)).state == .succeeded, "call \(at)")
            #expect(await platform.host.host.routes[other]?.hostnames == ["www.example.org"], "call \(at)")
        }
        #expect(ended > 0, "nothing was left to end")
    }

    @Test("An agent that dies at any call is followed by one that finishes the deploy")
    func death() async throws {
        for at in 1...(try await Self.calls()) {
            let platform = try await Platform()
            try await platform.withShop()
            // From this call on nothing works any more: the first agent is as good as dead, and never hears of it.
            await platform.host.inject([.init(at: at, code: .unavailable, lasts: true)])
            let dying = DyingAgent(platform)
            let accepted = try await dying.queue.accept(
                try Self.change(platform), caller: "root", requestID: UUID(), key: nil)
            while !dying.isDead { try await Task.sleep(for: .milliseconds(1)) }
            await platform.host.inject([])
            let next = platform.anotherQueue()
            try await next.resume()
            #expect(try await platform.ended(accepted.id).state == .succeeded, "call \(at)")
            // What the first agent told may be lost with the power: the second one uses none of its numbers again.
            let events = try await platform.ledger.events(of: accepted.id, after: 0)
            let second = events.drop { $0.sequence < 100 }
            #expect(second.first?.sequence == 101 && second.first?.kind == .started, "call \(at)")
            #expect(await platform.host.host.outages == [], "call \(at)")
            try await expectConverged(platform, "call \(at)")
        }
    }

    /// The ledger and the host agree, and nothing is left to do.
    private func expectConverged(_ platform: Platform, _ comment: Comment) async throws {
        let record = try #require(try await platform.ledger.app(platform.shop))
        let tenant = try #require(try await platform.ledger.tenant(platform.shop.tenant))
        let host = await platform.host.host
        #expect(record.current?.number.rawValue == 2, comment)
        #expect(host.upstreams[platform.shop]?[1]?.release.rawValue == 2, comment)
        #expect(host.routes.owners.map(\.hostname) == ["shop.example.org", "www.example.org"], comment)
        let releases = try await platform.ledger.releases(of: platform.shop, PageQuery()).items.map(\.release)
        let app = DesiredApp(app: record.app, current: record.current, kept: releases, power: .on)
        let desired = DesiredState(app: platform.shop, tenant: tenant.tenant, app)
        #expect(Planner.plan(from: host.observe(desired), to: desired).steps == [], comment)
    }
}

/// An agent that, after its first error, waits for longer than any test: it does nothing more.
final class DyingAgent: Sendable {
    let queue: OperationQueue
    private let slept: Atomic<Bool>

    /// Whether it has come to its wait.
    var isDead: Bool { slept.load(ordering: .acquiring) }

    init(_ platform: Platform) {
        let (stream, died) = AsyncStream.makeStream(of: Void.self)
        slept = Atomic(false)
        let outside = Outside(
            ledger: platform.ledger, units: platform.host, services: platform.host, routing: platform.host,
            firewall: platform.host, images: platform.host, names: platform.host,
            archives: platform.outside.archives, secrets: platform.secrets, logs: platform.host,
            hostnames: Platform.noProof,
            sleep: { duration in
                guard duration > .seconds(1) else { return }
                died.yield()
                try await Task.sleep(for: .seconds(3_600))
            })
        var patient = Backoff()
        patient.first = .seconds(60)
        patient.longest = .seconds(60)
        let logger = Logger(label: "dying", factory: { _ in SwiftLogNoOpLogHandler() })
        queue = OperationQueue(outside, limit: 1, backoff: patient, logger: logger)
        Task {
            for await _ in stream { slept.store(true, ordering: .releasing) }
        }
    }
}
