import CaddyAdmin
import FoundationEssentials
import SQLiteLedger
import SystemdBus
import TussilagoAPI
import TussilagoCore
import TussilagoOperations

extension Platform {
    /// How an app is right now: systemd is asked, the ledger only says which units.
    func appStatus(_ app: AppReference) async throws(Problem) -> AppStatusResource {
        let record = try await known(app)
        let all = record.current?.instances ?? [], instances = all.filter { !$0.isScheduled }
        let status = try await answering { () throws(PortError) in
            try await systemd.status(of: [app.target] + all.flatMap(\.units))
        }
        var jobs: [JobResource] = []
        for instance in all where instance.isScheduled {
            jobs.append(try await job(instance, of: record, status: status))
        }
        let last = try await answering { () throws(PortError) in
            try await ledger.operations(OperationQuery(page: PageQuery(limit: 1), tenant: app.tenant, app: app.app))
                .items.first
        }
        let shown = instances.map { instance in
            let unit = status[instance.unit] ?? .notFound
            return InstanceResource(
                process: instance.process, release: instance.release, unit: instance.unit.description,
                active: unit.active, sub: unit.sub)
        }
        return AppStatusResource(
            app: AppResource(record),
            state: Self.state(shown.map(\.active) + jobs.map(\.active), target: status[app.target]),
            target: app.target.description, instances: shown, jobs: jobs, operation: last.map { OperationResource($0) })
    }

    private func job(
        _ instance: Instance, of record: AppRecord, status: [UnitName: UnitStatus]
    ) async throws(Problem) -> JobResource {
        let process = record.current?.manifest.processes.first { $0.name == instance.process }
        let (next, last) = try await answering { () throws(PortError) in
            (try await systemd.nextRun(of: instance.unit), try await systemd.lastRun(of: instance.service))
        }
        return JobResource(
            process: instance.process, release: instance.release, schedule: process?.schedule?.text ?? "",
            timer: instance.unit.description, active: (status[instance.unit] ?? .notFound).active,
            unit: instance.service.description, running: (status[instance.service] ?? .notFound).mayRun, next: next,
            last: last.map {
                JobResource.Run(startedAt: $0.started, endedAt: $0.ended, result: $0.result, status: $0.status)
            })
    }

    private static func state(_ units: [String], target: UnitStatus?) -> String {
        guard !units.isEmpty else { return "empty" }
        if units.allSatisfy({ $0 == "active" }) { return "running" }
        if units.contains("activating") { return "starting" }
        if units.contains("active") { return "degraded" }
        if units.contains("failed") { return "failed" }
        return target?.isActive == true ? "failed" : "stopped"
    }

    func status() async throws(Problem) -> StatusResource {
        let counts = try await answering { () throws(PortError) in try await ledger.counts() }
        return StatusResource(
            version: Version.current, tenants: counts.tenants, apps: counts.apps, openOperations: counts.openOperations,
            parts: [await systemdPart, await firewallPart, await caddyPart, try await ledgerPart, await secretsPart])
    }

    /// How long it is told that the ledger was written anew: whoever looks once a week shall see it.
    private static let rebuildShown: TimeInterval = 14 * 86_400

    private var ledgerPart: StatusResource.Part {
        get async throws(Problem) {
            let rebuild = try await answering { () throws(PortError) in try await ledger.lastRebuild() }
            guard let rebuild, outside.now().timeIntervalSince(rebuild.at) < Self.rebuildShown else {
                return .init(name: "ledger", ok: true, detail: "is there")
            }
            let time = rebuild.at.formatted(.iso8601)
            return .init(
                name: "ledger", ok: true,
                detail: "was written anew from the units at \(time), without the operations before: \(rebuild.reason)")
        }
    }

    private var systemdPart: StatusResource.Part {
        get async {
            do throws(PortError) { return .init(name: "systemd", ok: true, detail: try await systemd.version()) } catch
            {
                return .init(name: "systemd", ok: false, detail: "\(error.cause); systemctl status dbus")
            }
        }
    }

    private var firewallPart: StatusResource.Part {
        get async {
            let status = (try? await systemd.status(of: [.firewall]))?[.firewall] ?? .notFound
            return .init(
                name: "firewall", ok: status.isActive,
                detail: status.isActive ? "is loaded" : "is not loaded; systemctl restart \(UnitName.firewall)")
        }
    }

    private var caddyPart: StatusResource.Part {
        get async {
            let reachable = await caddy.isReachable()
            return .init(
                name: "caddy", ok: reachable, detail: reachable ? "answers" : "does not answer; systemctl restart caddy"
            )
        }
    }

    private var secretsPart: StatusResource.Part {
        get async {
            let hasKey = await outside.secrets.hasKey()
            return .init(
                name: "secrets", ok: hasKey,
                detail: hasKey ? "the host has a key" : "the host has no key to encrypt them with; systemd-creds setup")
        }
    }

    func findings() async throws(Problem) -> PageResource<Finding> {
        PageResource(
            items: try await answering { () throws(PortError) in try await Survey(outside).findings() }, next: nil)
    }

    func waste() async throws(Problem) -> WasteResource {
        WasteResource(items: try await answering { () throws(PortError) in try await Waste.find(outside).things })
    }

    func backup(secretsKey: String?) async throws(Problem) -> any ArchiveReading {
        try await answering { () throws(PortError) in
            try await HostBackup(outside, queue: queue).archive(version: Version.current, secretsKey: secretsKey)
        }
    }

    func cancel(_ operation: UUID, among tenants: Set<TenantName>?) async throws(Problem) -> OperationResource {
        _ = try await self.operation(operation, among: tenants)
        return OperationResource(try await answering { () throws(PortError) in try await queue.cancel(operation) })
    }

    /// What was, from the ledger, then what happens, as it happens; no event is missed or told twice in between.
    func events(
        of operation: UUID, among tenants: Set<TenantName>?, after sequence: Int
    ) async throws(Problem) -> AsyncStream<OperationEvent> {
        let live = await queue.hub.watch(operation)
        let shown = try await self.operation(operation, among: tenants)
        let past = try await past(operation, after: sequence)
        let (stream, continuation) = AsyncStream.makeStream(
            of: OperationEvent.self, bufferingPolicy: .bufferingNewest(1_000))
        let task = Task {
            var last = sequence
            for event in past {
                continuation.yield(event)
                last = event.sequence
            }
            let ended = past.last.map(\.kind.isLast) ?? false
            if !ended, !shown.state.isFinal {
                for await event in live where event.sequence > last { continuation.yield(event) }
            }
            continuation.finish()
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    private func past(_ operation: UUID, after sequence: Int) async throws(Problem) -> [OperationEvent] {
        var events: [OperationEvent] = []
        var last = sequence
        while true {
            let page = try await answering { () throws(PortError) in try await ledger.events(of: operation, after: last)
            }
            guard let end = page.last?.sequence else { return events }
            events += page
            last = end
        }
    }
}
