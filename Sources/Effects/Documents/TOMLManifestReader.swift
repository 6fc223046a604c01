public import TussilagoCore

/// Reads `tussilago.toml`.
///
/// Every mistake of a text is reported at once, with its line and column; the first mistake of syntax hides the others.
public struct TOMLManifestReader: ManifestReader {
    /// The most that a manifest may ask for.
    enum Bounds {
        static let processes = 16
        static let hostnames = 100
        static let variables = 256
        static let drainSeconds = 0...300
    }

    public init() {}

    public func manifest(_ text: String) -> Result<ParsedManifest, DocumentErrors> {
        let mistakes = MistakeList()
        guard let root = TOMLParser.parse(text, into: mistakes) else { return .failure(mistakes.documentErrors) }
        var manifest = Manifest(processes: [])
        var image: ImageReference?
        var app: AppReference?
        var scaled: Set<ProcessName> = []
        TableReader.read(root, mistakes: mistakes) { reader in
            image = reader.read(
                "image", .text("\"localhost/python:3.13\"") { text throws(InvalidValue) in try ImageReference(text) })
            let drain = reader.read("drain", .seconds(Bounds.drainSeconds))
            let environment = self.environment(reader)
            let secrets = self.secrets(reader)
            app = reader.read("app", .text("\"acme/shop\"") { text throws(InvalidValue) in try AppReference(text) })
            let release = CommandReader.command(reader, "release")
            var python: PythonBuild?
            if reader.member("python") != nil { reader.table("python") { python = PythonReader.build($0) } }
            let processes = self.processes(reader, scaled: &scaled)
            let egress = self.egress(reader)
            let sandbox = self.sandbox(reader)
            let staticPaths = self.staticPaths(reader, haveIngress: processes.contains { $0.ingress != nil })
            let services = ServiceReader.services(reader)
            for service in services where secrets.contains(service.secret) {
                guard let member = reader.member("secrets") else { continue }
                reader.report(
                    member.position, "secrets",
                    "\(service.secret) is what service \(service.name) is reached by; take it out of this list")
            }
            let hostnames = self.hostnames(reader, haveIngress: processes.contains { $0.ingress != nil })
            manifest = Manifest(
                processes: processes, hostnames: hostnames, environment: environment,
                drainSeconds: drain ?? Manifest.defaultDrainSeconds, secrets: secrets, egress: egress, python: python,
                release: release, services: services, sandbox: sandbox, staticPaths: staticPaths)
            if egress != nil, manifest.hasTooManyOnBridge, let member = reader.member("egress") {
                reader.report(
                    member.position, "egress",
                    "an app with egress may run at most \(AppNetwork.instances) instances, of all processes together")
            }
        }
        guard mistakes.isEmpty else { return .failure(mistakes.documentErrors) }
        return .success(ParsedManifest(manifest: manifest, image: image, app: app, scaled: scaled))
    }

    private func hostnames(_ reader: TableReader, haveIngress: Bool) -> [Hostname] {
        let parser = ValueParser.text("\"shop.example.org\"") { text throws(InvalidValue) in try Hostname(text) }
        var lines: [Hostname: Int] = [:]
        for (hostname, position) in reader.list("hostnames", most: Bounds.hostnames, parser) {
            if let line = lines[hostname] {
                reader.report(position, "hostnames", "\(hostname) stands in the list already, on line \(line)")
            } else {
                lines[hostname] = position.line
            }
        }
        if !lines.isEmpty, !haveIngress, let member = reader.member("hostnames") {
            reader.report(
                member.position, "hostnames", "no process takes requests; give one of them ingress = \"socket\"")
        }
        return Array(lines.keys)
    }

    private func secrets(_ reader: TableReader) -> [SecretName] {
        let parser = ValueParser.text("\"DB_PASSWORD\"") { text throws(InvalidValue) in try SecretName(text) }
        var lines: [SecretName: Int] = [:]
        for (name, position) in reader.list("secrets", most: SecretRecord.mostSecrets, parser) {
            if let line = lines[name] {
                reader.report(position, "secrets", "\(name) stands in the list already, on line \(line)")
            } else {
                lines[name] = position.line
            }
        }
        return Array(lines.keys)
    }

    private func egress(_ reader: TableReader) -> Egress? {
        let internet = "internet"
        let parser: ValueParser<EgressHost?> = .text("\"https://api.example.org\"") { text throws(InvalidValue) in
            text == internet ? nil : try EgressHost(text)
        }
        let entries = reader.list("egress", most: Egress.hostLimit, parser)
        var lines: [EgressHost: Int] = [:]
        for (host, position) in entries {
            guard let host else {
                if entries.count > 1 {
                    reader.report(position, "egress", "\"\(internet)\" covers all others; let it stand alone")
                }
                return .internet
            }
            if let line = lines[host] {
                reader.report(position, "egress", "\(host) stands in the list already, on line \(line)")
            } else {
                lines[host] = position.line
            }
        }
        return Egress(hosts: Array(lines.keys))
    }

    /// Where Caddy answers with the app's files.
    private func staticPaths(_ reader: TableReader, haveIngress: Bool) -> [StaticPath] {
        var paths: [StaticPath] = []
        reader.table("static") { table in
            let members = table.ownMembers(most: StaticPath.most, "paths")
            if let first = table.members.first, !haveIngress {
                table.report(first.position, first.key, "no process takes requests, so there is no hostname for it")
            }
            for member in members {
                guard case .string(let directory) = member.node.value else {
                    table.report(
                        member.node.position, member.key,
                        "this is \(member.node.kind); it must be a directory of the app, as in \"build/static\"")
                    continue
                }
                do throws(InvalidValue) {
                    let path = try StaticPath(prefix: member.key, directory: directory)
                    if let other = paths.first(where: {
                        $0.prefix.hasPrefix(path.prefix) || path.prefix.hasPrefix($0.prefix)
                    }) {
                        table.report(member.position, member.key, "\(other.prefix) has the same paths")
                    }
                    paths.append(path)
                } catch {
                    let isPrefix = error.expected == "static path"
                    table.report(isPrefix ? member.position : member.node.position, member.key, "\(error)")
                }
            }
        }
        return paths
    }

    /// What of the sandboxes is not as in the strict policy; nil for nothing.
    private func sandbox(_ reader: TableReader) -> SandboxLimits? {
        var limits = SandboxLimits()
        reader.table("sandbox") { table in
            for kind in SandboxLimits.Kind.allCases {
                let range = Int(clamping: kind.range.lowerBound)...Int(clamping: kind.range.upperBound)
                let amount: Int64? =
                    switch kind {
                    case .sharedMemory:
                        table.read(kind.key, .size(Bytes(kind.range.lowerBound)...Bytes(kind.range.upperBound)))?.count
                    case .stop, .release: table.read(kind.key, .seconds(range)).map(Int64.init)
                    case .logLines: table.read(kind.key, .integer(range)).map(Int64.init)
                    }
                // To say what holds anyway makes no other release.
                limits[kind] = amount == kind.strict ? nil : amount
            }
        }
        return limits.isEmpty ? nil : limits
    }

    /// The variables of all processes; together they are far below 128 KiB, since the whole text is.
    private func environment(_ reader: TableReader) -> [EnvironmentVariable] {
        var environment: [EnvironmentVariable] = []
        reader.table("environment") { table in
            for member in table.ownMembers(most: Bounds.variables, "variables") {
                guard case .string(let value) = member.node.value else {
                    let mend = "quote it, as in \(DocumentPath.written(member.key)) = \"…\""
                    table.report(member.node.position, member.key, "this is \(member.node.kind); \(mend)")
                    continue
                }
                do throws(InvalidValue) {
                    environment.append(try EnvironmentVariable(name: member.key, value: value))
                } catch {
                    let isName = error.expected == "environment variable"
                    table.report(isName ? member.position : member.node.position, member.key, "\(error)")
                }
            }
        }
        return environment
    }

    /// - Parameter scaled: gets the processes of which the text does not say how many copies run.
    private func processes(_ reader: TableReader, scaled: inout Set<ProcessName>) -> [ProcessSpecification] {
        var limits = Limits()
        reader.table("limits") { limits = ProcessReader.limits($0, base: limits) }
        var processes: [ProcessSpecification] = []
        let none = "there is no process; add [processes.web] with its command"
        reader.require("processes", none)
        if let member = reader.member("processes"), case .table(let members) = member.node.value, members.isEmpty {
            reader.report(member.position, "processes", none)
        }
        reader.table("processes") { table in
            for member in table.ownMembers(most: Bounds.processes, "processes") {
                let name: ProcessName
                do throws(InvalidValue) {
                    name = try ProcessName(member.key)
                } catch {
                    table.report(member.position, member.key, "\(error)")
                    continue
                }
                if ProcessName.reserved.contains(name) {
                    table.report(member.position, member.key, "the name \(name) is the platform's; choose another")
                }
                table.table(member.key) { process in
                    let specification = ProcessReader(name: name, limits: limits).process(process)
                    if specification.ingress != nil, let first = processes.first(where: { $0.ingress != nil }) {
                        process.report(
                            process.member("ingress")?.node.position ?? process.position, "ingress",
                            "only one process takes requests, and \(first.name) does already; "
                                + "set ingress = \"none\" for one of them")
                    }
                    processes.append(specification)
                    if process.member("count") == nil { scaled.insert(name) }
                }
            }
        }
        return processes
    }
}
