internal import Glibc
internal import TussilagoCore

/// Reads one process of a manifest.
struct ProcessReader {
    /// The process's name.
    let name: ProcessName
    /// The limits where the process does not say.
    let limits: Limits

    /// The least and the most that a process may ask for.
    ///
    /// Memory and tasks are those of the whole sandbox: gVisor's own with an idle Python program are 88 MiB, of which some
    /// can be read again from disk, and 49 tasks. Less could only promise what cannot run.
    enum Bounds {
        static let memory = Bytes.mebibytes(64)...Bytes.mebibytes(1 << 20)
        static let cpuPercent = 1...6400
        static let tasks = 64...32_768
        static let ioWeight = 1...10_000
        static let temporary = Bytes.mebibytes(1)...Bytes.mebibytes(16 << 10)
        static let healthSeconds = 1...600
        static let steadySeconds = 0...600
        static let runSeconds = 1...86_400
        static let port = 1...65_535
    }

    /// The process of a table, with defaults in the place of what is wrong.
    func process(_ reader: TableReader) -> ProcessSpecification {
        reader.require("command", "the command is missing, as in command = [\"python3\", \"app.py\"]")
        let command = CommandReader.command(reader, "command") ?? []
        let schedule = schedule(reader)
        let ingress = ingress(reader)
        var limits = limits
        reader.table("limits") { limits = Self.limits($0, base: limits) }
        return ProcessSpecification(
            name: name, command: command, ingress: ingress, health: health(reader, hasIngress: ingress != nil),
            limits: limits, count: count(reader), steadySeconds: steady(reader, hasIngress: ingress != nil),
            schedule: schedule,
            runSeconds: timeout(reader))
    }

    /// When the process runs; what is not for such a process is a mistake beside it.
    private func schedule(_ reader: TableReader) -> Schedule? {
        guard let member = reader.member("schedule") else { return nil }
        let others = [
            ("ingress", "what runs on a schedule takes no requests"),
            ("count", "what runs on a schedule runs once at a time"),
            ("steady", "what runs on a schedule may end as soon as it has done its work"),
        ]
        for (key, rule) in others {
            guard let other = reader.member(key) else { continue }
            if key == "ingress", case .string("none") = other.node.value { continue }
            reader.report(other.position, key, "\(rule); remove this, or the schedule")
        }
        let schedule = reader.read(
            "schedule", .text("\"daily\"") { text throws(InvalidValue) in try Schedule(text) })
        if let zone = schedule?.zone, zone != "UTC", access("/usr/share/zoneinfo/\(zone)", F_OK) != 0 {
            reader.report(member.node.position, "schedule", "this host knows no time zone \(zone)")
        }
        return schedule
    }

    private func timeout(_ reader: TableReader) -> Int? {
        guard let member = reader.member("timeout") else { return nil }
        if reader.member("schedule") == nil {
            reader.report(
                member.position, "timeout", "only what runs on a schedule has a time limit; give it one, or remove this"
            )
        }
        return reader.read("timeout", .seconds(Bounds.runSeconds))
    }

    /// The limits of a table; `base` says what it does not.
    static func limits(_ reader: TableReader, base: Limits) -> Limits {
        Limits(
            memory: reader.read("memory", .size(Bounds.memory)) ?? base.memory,
            cpuPercent: reader.read("cpu", .percent(Bounds.cpuPercent)) ?? base.cpuPercent,
            tasks: reader.read("tasks", .integer(Bounds.tasks)) ?? base.tasks,
            ioWeight: reader.read("io-weight", .integer(Bounds.ioWeight)) ?? base.ioWeight,
            temporary: reader.read("tmp", .size(Bounds.temporary)) ?? base.temporary)
    }

    private func count(_ reader: TableReader) -> Int {
        guard reader.member("count") != nil else { return 1 }
        return reader.read("count", .integer(Manifest.counts)) ?? 1
    }

    private func steady(_ reader: TableReader, hasIngress: Bool) -> Int? {
        guard let member = reader.member("steady") else { return nil }
        if hasIngress {
            reader.report(
                member.position, "steady",
                "a process that takes requests has started when it answers; set health = { timeout = \"…\" }, or remove this"
            )
        }
        return reader.read("steady", .seconds(Bounds.steadySeconds))
    }

    private func ingress(_ reader: TableReader) -> Ingress? {
        guard let member = reader.member("ingress") else {
            return name.rawValue == "web" && reader.member("schedule") == nil ? .socket : nil
        }
        let choices = "it is \"socket\", \"none\" or { port = 8000 }"
        switch member.node.value {
        case .string("socket"): return .socket
        case .string("none"): return nil
        case .string(let text):
            reader.report(member.node.position, "ingress", "\(InvalidValue("ingress", given: text, rule: choices))")
        case .table:
            var port: Int?
            reader.table("ingress") { table in
                port = table.read("port", .integer(Bounds.port))
                table.require("port", "the port is missing, as in { port = 8000 }")
            }
            return .port(port.map { UInt16(clamping: $0) } ?? 0)
        default:
            reader.report(member.node.position, "ingress", "this is \(member.node.kind); \(choices)")
        }
        // It was meant to be one: nothing that needs an ingress is a mistake for the lack of it.
        return .socket
    }

    private func health(_ reader: TableReader, hasIngress: Bool) -> HealthCheck {
        var check = HealthCheck()
        guard let member = reader.member("health") else { return check }
        if !hasIngress {
            reader.report(
                member.position, "health",
                "only a process that takes requests is asked for its health; give it an ingress, or remove this")
        }
        let path = ValueParser.text("\"/health\"") { text throws(InvalidValue) in try HealthCheck.checked(path: text) }
        switch member.node.value {
        case .string: check.path = reader.read("health", path) ?? check.path
        case .table:
            reader.table("health") { table in
                check.path = table.read("path", path) ?? check.path
                check.timeoutSeconds = table.read("timeout", .seconds(Bounds.healthSeconds)) ?? check.timeoutSeconds
            }
        default:
            let choices = "it is a path, as in \"/health\", or { path = \"/health\", timeout = \"30s\" }"
            reader.report(member.node.position, "health", "this is \(member.node.kind); \(choices)")
        }
        return check
    }
}
