import CShims
import CaddyAdmin
import Documents
import Glibc
import Journal
import Logging
import Nftables
import PeoplesFiles
import PodmanImages
import PostgreSQL
import Resolver
import SQLiteLedger
import ServiceLifecycle
import SystemdBus
import TussilagoCore
import TussilagoOperations
import TussilagoServer
import UnitFiles
import UnixSignals

/// The composition root: introduces everyone to everyone, and serves until there is nothing to do.
enum Daemon {
    private static let ledgerPath = "\(HostPaths.state)/ledger.sqlite"
    private static let opener = FileOpener(socket: FileOpener.socket)
    private static let ledgerSeal = "/run/tussilago/ledger-closed"
    /// How long operations that run may take to finish after SIGTERM; what is left goes on with the next agent.
    private static let drain = Duration.seconds(20)

    /// Connections come and go on one thread, operations on others: what a flood of the ones takes the others can use.
    private static let heaps: Int32 = 2

    /// How long after a start or an operation memory is given back: the requests that come with it have ended by then.
    private static let settled = Duration.milliseconds(200)

    static func run(listeningAt path: String?) async throws {
        signal(SIGPIPE, SIG_IGN)
        tsl_limit_heaps(heaps)
        let settings = try Settings.load()
        let descriptor = try ListeningSocket.descriptor(listeningAt: path)
        let logger = Logger(label: "tussilagod") { _ in JournalLogHandler() }
        let gate = IdleGate()
        let units = FileUnitStore(
            limits: treeLimits(settings), tools: buildTools(settings), resolvers: settings.egress.resolvers,
            opener: opener)
        let (damaged, damage) = AsyncStream.makeStream(of: PortError.self)
        let platform = try platform(settings, units: units, gate: gate, logger: logger) { damage.yield($0) }
        let isNew = await keepLedger(of: platform, logger)
        let server = APIServer(
            descriptor: descriptor, domain: platform, authorization: authorization, limits: limits(settings),
            idle: settings.agent.idle, gate: gate, logger: logger, onEbb: { tsl_trim_heap() }
        ) {
            ServiceNotifier.ready()
            logger.info("serving", metadata: [LogKey.messageID.rawValue: "\(MessageID.agentStarted.rawValue)"])
            releaseMemory(after: settled)
        }
        // What an earlier agent left open is taken up beside the first requests. A ledger that is away fails those.
        let resumption = Task { await resume(platform, units, afterLoss: isNew, logger) }
        try await serve(server, until: damaged, of: platform.ledger, logger)
        ServiceNotifier.stopping()
        await resumption.value
        await finish(platform.queue)
        await platform.ledger.close()
        logger.info("leaving", metadata: [LogKey.messageID.rawValue: "\(MessageID.agentIdleExit.rawValue)"])
    }

    /// Writes a lost ledger anew. An agent that cannot serves all the same: it says why to whoever asks.
    /// - Returns: whether it was written anew.
    private static func keepLedger(of platform: Platform, _ logger: Logger) async -> Bool {
        do throws(PortError) {
            guard let recovery = try await LedgerKeeper(platform.outside).ensure() else { return false }
            logger.warning(
                """
                the ledger was written anew: \(recovery.tenants) tenants, \(recovery.apps) apps, \
                \(recovery.releases) releases
                """,
                metadata: [
                    LogKey.messageID.rawValue: "\(MessageID.ledgerRecovered.rawValue)",
                    LogKey.error.rawValue: "\(recovery.reason)",
                ])
            return true
        } catch {
            logger.error("the ledger could not be written anew", metadata: [LogKey.error.rawValue: "\(error)"])
            return false
        }
    }

    /// Serves until there is nothing to do, or the ledger is found to be damaged: the next agent writes it anew.
    private static func serve(
        _ server: APIServer, until damaged: AsyncStream<PortError>, of ledger: SQLiteLedger, _ logger: Logger
    ) async throws {
        var quiet = logger
        quiet.logLevel = .warning
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    // The server ends by itself when it is idle.
                    .init(service: server, successTerminationBehavior: .gracefullyShutdownGroup),
                    .init(service: ServiceNotifier(), successTerminationBehavior: .ignore),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet))
        let watch = Task {
            // What was found before the start is mended by then.
            for await error in damaged where await ledger.isDamaged {
                logger.error("the ledger is damaged", metadata: [LogKey.error.rawValue: "\(error)"])
                await group.triggerGracefulShutdown()
            }
        }
        defer { watch.cancel() }
        try await group.run()
    }

    /// Waits for operations, but not for ever: they are in the ledger, and the next agent finishes them.
    ///
    /// A start that waits for an app cannot be cut short, so it is left behind with the process.
    private static func finish(_ queue: OperationQueue) async {
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        Task {
            await queue.drain()
            end.finish()
        }
        Task {
            try? await Task.sleep(for: drain)
            end.finish()
        }
        for await _ in ended {}
    }

    private static func buildTools(_ settings: Settings) -> BuildTools {
        BuildTools(uv: settings.python.uv.map { [$0] } ?? BuildTools.usualPlaces, wheels: settings.python.wheels)
    }

    private static func treeLimits(_ settings: Settings) -> TreeLimits {
        var limits = TreeLimits.standard
        limits.bytes = Int(clamping: settings.files.size.count)
        limits.entries = settings.files.entries
        return limits
    }

    /// A backup has the trees of builds as well.
    private static func archiveLimits(_ settings: Settings) -> TreeLimits {
        var limits = treeLimits(settings)
        limits.bytes = max(limits.bytes, Int(clamping: settings.python.limits.output.count))
        limits.entries = max(limits.entries, settings.python.limits.entries)
        return limits
    }

    /// Takes up what an earlier agent left open. Operations are open only if it was killed: then it may have left more. A
    /// ledger that was lost does not tell.
    private static func resume(
        _ platform: Platform, _ units: FileUnitStore, afterLoss: Bool, _ logger: Logger
    ) async {
        do throws(PortError) {
            let wasKilled = try await !platform.ledger.openOperations().isEmpty
            if afterLoss || wasKilled { try await units.removeLeftovers() }
        } catch {
            logger.warning("what an earlier agent left could not be removed", metadata: ["error": "\(error)"])
        }
        do throws(PortError) { try await platform.queue.resume() } catch {
            logger.error("open operations could not be read", metadata: ["error": "\(error)"])
        }
    }

    private static func platform(
        _ settings: Settings, units: FileUnitStore, gate: IdleGate, logger: Logger,
        onDamage: @escaping @Sendable (PortError) -> Void
    ) throws(PortError) -> Platform {
        let ledger = SQLiteLedger(path: ledgerPath, seal: ledgerSeal, onDamage: onDamage) { tell($0, logger) }
        let systemd = try Systemd()
        let caddy = Caddy(settings.caddy)
        var outside = Outside(
            ledger: ledger, units: units, services: systemd, routing: caddy, firewall: Nftables(systemd),
            images: PodmanImages(socket: settings.podman.socket), names: Resolved(),
            archives: FileArchives(limits: archiveLimits(settings), opener: opener), secrets: CredentialStore(),
            logs: JournalReader(),
            hostnames: settings.hostnames, looks: units, builds: units)
        outside.buildLimits = settings.python.limits
        outside.databases = PostgreSQL()
        let queue = OperationQueue(
            outside, limit: settings.agent.operations, deadline: settings.agent.deadline,
            repairs: settings.reconcile.repair, logger: logger
        ) { busy in
            busy ? gate.hold() : gate.release()
            ServiceNotifier.busy(busy)
            // Operations load and touch much that serving requests does not need (docs/decisions/0010).
            if !busy { releaseMemory(after: settled) }
        }
        return Platform(
            outside: outside, queue: queue, ledger: ledger, systemd: systemd, caddy: caddy, settings: settings)
    }

    /// Tells the journal of a record: what has its hash there cannot be changed in the ledger unnoticed.
    private static func tell(_ record: AuditRecord, _ logger: Logger) {
        let entry = record.entry
        var metadata: Logger.Metadata = [
            LogKey.messageID.rawValue: "\(MessageID.audit.rawValue)",
            LogKey.caller.rawValue: "\(entry.caller)", LogKey.verb.rawValue: "\(entry.verb)",
            LogKey.outcome.rawValue: "\(entry.outcome.rawValue)",
            LogKey.request.rawValue: "\(entry.requestID.lowercased)",
            LogKey.record.rawValue: "\(record.sequence)", LogKey.recordHash.rawValue: "\(record.hash)",
        ]
        if let tenant = entry.tenant { metadata[LogKey.tenant.rawValue] = "\(tenant)" }
        if let operation = entry.operation { metadata[LogKey.operation.rawValue] = "\(operation.lowercased)" }
        let detail = entry.detail.isEmpty ? "" : ": \(entry.detail)"
        logger.log(
            level: entry.outcome == .refused ? .warning : .info,
            "audit \(record.sequence): \(entry.caller) \(entry.verb) \(entry.subject) \(entry.outcome.rawValue)\(detail)",
            metadata: metadata)
    }

    private static func releaseMemory(after delay: Duration) {
        Task {
            try? await Task.sleep(for: delay)
            tsl_release_memory()
        }
    }

    private static var authorization: Authorization {
        Authorization(adminGroup: group("tussilago-admin"), viewerGroup: group("tussilago"))
    }

    private static func group(_ name: String) -> gid_t? {
        let id = tsl_group_id(name)
        return id < 0 ? nil : gid_t(truncatingIfNeeded: id)
    }

    private static func limits(_ settings: Settings) -> APILimits {
        var limits = APILimits()
        limits.body = Int(clamping: settings.api.body.count)
        limits.source = Int(clamping: settings.python.source.count)
        limits.connectionsPerUser = settings.api.connectionsPerUser
        limits.requestsPerSecond = settings.api.requestsPerSecond
        limits.requestBurst = settings.api.burst
        limits.idleTime = settings.api.idle
        limits.bodyTime = settings.api.read
        return limits
    }
}
