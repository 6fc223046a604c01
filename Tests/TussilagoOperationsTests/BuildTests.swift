import FoundationEssentials
import SQLiteLedger
import Testing
import TussilagoCore
import TussilagoTestKit

@testable import TussilagoOperations

/// Deploys from source, on a simulated host.
@Suite struct BuildTests {
    @Test("A source is built in a unit of its own, which is gone when its release serves")
    func builds() async throws {
        let platform = try await Platform()
        try await platform.withApp()
        let deployed = try await platform.run(try await platform.build("1"))
        #expect(deployed.state == .succeeded, "\(deployed.failure?.message ?? "")")
        let release = try #require(try await platform.ledger.app(platform.shop)?.current)
        #expect(release.artefact.built?.source == (try Make.image("1").digest))
        #expect(release.templates[try ProcessName("web")]?.text.contains("/packages:ro") == true)
        let host = await platform.host.host
        let template = Build.template(of: platform.shop).path
        #expect(host.units[template] != nil, "the unit of builds stays for the next")
        #expect(host.active.allSatisfy { !$0.stem.contains("-build@") })
        #expect(await platform.builds.places == [])
        #expect(try await Survey(platform.outside).findings().filter { $0.action == .repair } == [])
    }

    @Test("What was built is not built again, and with the same packages nothing is installed")
    func reuses() async throws {
        let platform = try await Platform()
        try await platform.withApp()
        _ = try await platform.run(try await platform.build("1"))
        let reloads = await platform.host.host.reloads
        _ = try await platform.run(try await platform.build("2"))
        _ = try await platform.run(try await platform.build("1", text: "again"))
        let builds = await platform.builds.prepared
        #expect(builds.count == 2 && builds[0].known == nil)
        #expect(builds[1].known?.packages == builds[1].known?.key, "the release before has its packages")
        #expect(await platform.host.host.reloads == reloads, "a deploy of the same shape reloads nothing")
        let release = try #require(try await platform.ledger.app(platform.shop)?.current)
        #expect(release.number.rawValue == 3)
        #expect(release.artefact.built?.source == (try Make.image("1").digest))
    }

    @Test("A build that fails leaves the release before serving, says why, and leaves nothing behind")
    func fails() async throws {
        let platform = try await Platform()
        try await platform.withApp()
        _ = try await platform.run(try await platform.build("1"))
        await platform.host.change { $0.failsBuilds = true }
        let failed = try await platform.run(try await platform.build("2"))
        #expect(failed.failure?.code == "build-failed" && failed.failure?.log.isEmpty == false)
        #expect(failed.failure?.remedy?.contains("journalctl -u tussilago-acme-shop-build@") == true)
        #expect(try await platform.ledger.app(platform.shop)?.current?.number.rawValue == 1)
        #expect(await platform.builds.places == [])
        await platform.host.change { $0.failsBuilds = false }
        await platform.builds.refuse(PortError(.refused, "build", cause: "it has left no result"))
        #expect(try await platform.run(try await platform.build("2")).failure?.code == "refused")
        #expect(await platform.builds.places == [])
        #expect(await platform.host.host.outages == [])
    }

    @Test("A release command runs once before the release serves, and its failure keeps the one before")
    func runsPhase() async throws {
        let platform = try await Platform()
        try await platform.withApp()
        _ = try await platform.run(try await platform.build("1", release: ["python3", "migrate.py"]))
        let calls = await platform.host.calls.filter { $0.hasPrefix("start") || $0.contains("switch") }
        #expect(calls.count >= 2)
        var host = await platform.host.host
        #expect(host.started.contains("tussilago-acme-shop-release@1.service"))
        #expect(host.active.allSatisfy { !$0.stem.contains("-release@") }, "it is not left behind")
        let unit = try #require(UnitName("tussilago-acme-shop-release@2.service"))
        await platform.host.change { $0.broken = [unit] }
        let failed = try await platform.run(try await platform.build("2", release: ["python3", "migrate.py"]))
        #expect(failed.failure?.code == "start-failed" && failed.failure?.message.contains("release@2") == true)
        host = await platform.host.host
        #expect(host.upstreams[platform.shop]?[1]?.release == .first && host.outages == [])
        await platform.host.change { $0.broken = [] }
        // It is a deploy's, and nobody else's.
        _ = try await platform.run(.scale(platform.shop, [try ProcessName("web"): 2]))
        #expect(await platform.host.host.started.filter { $0.contains("-release@") }.count == 1)
    }

    @Test("An archive is collected that no release refers to")
    func collects() async throws {
        let platform = try await Platform()
        try await platform.withApp()
        _ = try await platform.run(try await platform.build("1"))
        await platform.builds.add(try Make.image("9").digest, of: platform.shop.tenant)
        #expect(try await platform.run(.collect).state == .succeeded)
        #expect(await platform.builds.sources[platform.shop.tenant] == [try Make.image("1").digest])
    }

    @Test("A source that is not there is not built, and the mend is to send it")
    func needsSource() async throws {
        let platform = try await Platform()
        try await platform.withApp()
        let request = try platform.deployment("1", text: "one", release: nil)
        #expect(try await platform.run(.deploy(platform.shop, request)).failure?.code == "not-found")
    }
}

extension Platform {
    fileprivate func withApp() async throws {
        _ = try await run(.createTenant(shop.tenant))
        _ = try await run(.createApp(shop))
    }

    fileprivate func deployment(_ digit: Character, text: String, release: [String]?) throws -> Deployment {
        let manifest = Manifest(
            processes: [try Make.process()], hostnames: [try Hostname("shop.example.org")],
            environment: [try EnvironmentVariable(name: "TEXT", value: text)], drainSeconds: 0, python: PythonBuild(),
            release: try release?.map { try CommandArgument($0) })
        return Deployment(
            image: try Make.image().reference, source: try Make.image(digit).digest, manifest: manifest)
    }

    fileprivate func build(
        _ digit: Character, text: String = "one", release: [String]? = nil
    ) async throws -> TussilagoCore.Operation.Request {
        await builds.add(try Make.image(digit).digest, of: shop.tenant)
        return .deploy(shop, try deployment(digit, text: text, release: release))
    }
}
