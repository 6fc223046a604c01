import FoundationEssentials
import Testing
import TussilagoTestKit

@testable import TussilagoCore

@Suite struct UnitTests {
    private func text(
        _ process: ProcessSpecification, hasFiles: Bool = false, egress: Egress? = nil, hasDatabase: Bool = false
    ) throws -> String {
        ProcessTemplate(
            tenant: try Make.tenant(), app: try Make.app(), process: process, hasFiles: hasFiles, hasSecrets: hasFiles,
            egress: egress, hasDatabase: hasDatabase,
            staticPaths: hasFiles && process.ingress != nil
                ? [try StaticPath(prefix: "/static/", directory: "a/b")] : []
        )
        .text
    }

    @Test("A template says nothing of the release: two releases of one shape share it")
    func isShared() throws {
        let tenant = try Make.tenant(), app = try Make.app()
        let manifest = Manifest(processes: [try Make.process()])
        let first = try Make.release(1, of: app, tenant: tenant, manifest: manifest)
        var history = ReleaseHistory(last: first.number)
        history.templates = first.templates.mapValues { [$0] }
        history.generations = first.templates.mapValues(\.generation)
        let second = try Make.release(2, of: app, tenant: tenant, manifest: manifest, history: history)
        #expect(first.templates == second.templates)
        let other = Manifest(processes: [try Make.process(limits: Limits(tasks: 99))])
        let third = try Make.release(3, of: app, tenant: tenant, manifest: other, history: history)
        #expect(third.instances.map(\.unit.description) == ["tussilago-acme-shop-web.2@3.service"])
    }

    @Test("An app with a socket has no network, one with a port has its own bridge")
    func networks() throws {
        #expect(try text(Make.process()).contains("\nNetwork=none\n"))
        #expect(try text(Make.process(ingress: nil)).contains("\nNetwork=none\n"))
        let port = try text(Make.process(ingress: .port(8000)))
        #expect(port.contains("\nNetwork=tussilago-acme-shop.network\n"))
        #expect(port.contains("Requires=tussilago-firewall.service"))
    }

    @Test("What takes no requests must go on running for a while, what takes some must answer, and not both")
    func startsWell() throws {
        var worker = try Make.process("worker", ingress: nil)
        let helper = "/usr/libexec/tussilago/tussilago-instance"
        let usual = try text(worker)
        #expect(usual.contains("\nExecStartPost=\(helper) steady %N 3\n") && usual.contains("\nTimeoutStartSec=63\n"))
        worker.steadySeconds = 0
        #expect(try !text(worker).contains("ExecStartPost"))
        let web = try text(Make.process())
        #expect(web.contains("ready %N 30 \"/\"\n") && !web.contains("steady"))
    }

    @Test("What runs on a schedule ends by itself, within its time, and its timer has its generations")
    func runsOnASchedule() throws {
        var job = try Make.process("job", ingress: nil, schedule: try Schedule("Mon..Fri 08:00"))
        job.runSeconds = 90
        let lines = try text(job).split(separator: "\n")
        for line in ["Type=oneshot", "TimeoutStartSec=90", "Schedule=Mon..Fri *-*-* 08:00:00"] {
            #expect(lines.contains(Substring(line)), "\(line)")
        }
        for key in ["Restart=", "RemainAfterExit=", "ExecStartPost=", "SuccessExitStatus="] {
            #expect(!lines.contains { $0.hasPrefix(key) }, "\(key)")
        }
        let tenant = try Make.tenant(), app = try Make.app()
        let timer = try #require(TimerTemplate(tenant: tenant, app: app, process: job, generation: 2)?.file)
        #expect(timer.path.description == "/etc/systemd/system/tussilago-acme-shop-job.2@.timer")
        #expect(timer.text.contains("\n[Timer]\nOnCalendar=Mon..Fri *-*-* 08:00:00\nAccuracySec=1s\n"))
        #expect(timer.text.contains("\nPartOf=tussilago-acme-shop.target\n"))
        #expect(UnitRecord(timer.text, modified: .distantPast)?.app == app)
        let release = try Make.release(3, of: app, tenant: tenant, manifest: Manifest(processes: [job]))
        let instance = try #require(release.instances.first)
        #expect(
            instance.units.map(\.description) == [
                "tussilago-acme-shop-job@3.timer", "tussilago-acme-shop-job@3.service",
            ])
        #expect(Instance(unit: instance.unit) == instance && Instance(unit: instance.service) != instance)
    }

    @Test("Every line of the policy is in every template, once")
    func hasPolicy() throws {
        for (ingress, schedule) in [(Ingress.socket, nil), (.port(80), nil), (nil, nil), (nil, try Schedule("daily"))] {
            let process = try Make.process(ingress: ingress, schedule: schedule)
            let lines = try text(process, hasFiles: true).split(separator: "\n")
            for line in [
                "ReadOnly=true", "DropCapability=all", "NoNewPrivileges=true", "User=10001", "Group=10001",
                "Pull=never",
                "UIDMap=0:1879506944:65536", "GIDMap=0:1879506944:65536", "MemoryMax=268435456", "CPUQuota=100%",
                "TasksMax=512", "IOWeight=100", "MemorySwapMax=0", "LimitCORE=0", "LogDriver=passthrough",
                "GlobalArgs=--runtime=/usr/libexec/tussilago/tussilago-runsc",
            ] {
                #expect(lines.filter { $0 == line }.count == 1, "\(line)")
            }
        }
    }

    @Test("Every line that a template can have has a reason, and every reason has a line")
    func reasons() throws {
        let name = try ProcessName("web")
        var reasons: Set<String> = []
        let listed = Egress(hosts: [try EgressHost("https://api.example.org")])
        let shapes: [(Ingress?, Bool, Egress?, Schedule?)] = [
            (.socket, true, nil, nil), (.port(80), false, nil, nil), (nil, true, nil, nil),
            (.socket, true, .internet, nil),
            (nil, false, listed, nil), (nil, false, nil, try Schedule("daily")),
        ]
        for (ingress, hasFiles, egress, schedule) in shapes {
            let text = try text(
                Make.process(ingress: ingress, schedule: schedule), hasFiles: hasFiles, egress: egress,
                hasDatabase: ingress == nil && hasFiles)
            for line in text.split(separator: "\n") where line.first?.isLetter ?? false {
                let reason = LineReasons.reason(for: line, process: name)
                #expect(reason != nil, "\(line)")
                reasons.insert("\(line.prefix { $0 != "=" }) \(reason ?? "")")
            }
        }
        for rule in LineReasons.manifest {
            for key in rule.keys { #expect(reasons.contains("\(key) the manifest's \(rule.reason) of process web")) }
        }
        for rule in LineReasons.others { for key in rule.keys { #expect(reasons.contains("\(key) \(rule.reason)")) } }
        #expect(reasons.contains("Tmpfs the sandbox policy"))
        #expect(LineReasons.reason(for: "[Container]", process: name) == nil)
    }

    @Test("What a tenant writes is one quoted word and nothing else")
    func quotes() throws {
        let hostile = [
            #"%H"#, "$PATH", "${HOME}", #"a"b"#, #"a\"#, "a b", "; rm -rf /", "--privileged", "'x'", "#no", "[Service]",
        ]
        let text = try text(Make.process(command: ["prog"] + hostile))
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("Exec=") })
        #expect(
            line == #"Exec="%%H" "$$PATH" "$${HOME}" "a\"b" "a\\" "a b" "; rm -rf /" "--privileged" "'x'" "#
                + ##""#no" "[Service]""##)
    }

    @Test("No text of a tenant can make a line of its own")
    func staysInItsLine() throws {
        var random = SeededRandom(seed: 4)
        let characters = Array(#"abc %$"'\;[]=#{}~&|<>*?!-éß日"#)
        for _ in 0..<5_000 {
            let argument = String((0..<20).compactMap { _ in characters.randomElement(using: &random) })
            let plain = try text(Make.process(command: ["prog", "x"])),
                hostile = try text(Make.process(command: ["prog", argument]))
            let differing = zip(plain.split(separator: "\n"), hostile.split(separator: "\n")).filter { $0 != $1 }
            #expect(plain.split(separator: "\n").count == hostile.split(separator: "\n").count)
            #expect(differing.allSatisfy { $0.1.hasPrefix("Exec=\"") && $0.1.hasSuffix("\"") })
        }
    }
}

extension JSONValue {
    fileprivate var first: JSONValue? { if case .array(let elements) = self { elements.first } else { nil } }
}

@Suite struct RouteTests {
    @Test("A hostname has one owner, and no other app takes it by asking")
    func hasOneOwner() throws {
        let shop = try AppReference("acme/shop"), other = try AppReference("zeta/other")
        let host = try Hostname("shop.example.org")
        let table = RouteTable([(host, shop)])
            .replacing(other, with: AppRoute(hostnames: [host.text, "x.example.org"]))
        #expect(table[shop]?.hostnames == [host.text])
        #expect(table[other]?.hostnames == ["x.example.org"])
        #expect(table.replacing(shop, with: nil)[shop] == nil)
    }

    @Test("The same table always gives the same configuration")
    func isDeterministic() throws {
        let routes = try (0..<50).map { (try Hostname("a\($0).example.org"), try AppReference("acme/app\($0 % 7)")) }
        let tables = (0..<5).map { _ in RouteTable(routes.shuffled()) }
        #expect(Set(tables.map { CaddyConfiguration().document($0) }).count == 1)
    }

    @Test(
        "No path or directory of static files is more than that",
        arguments: [
            ("static/", "a"), ("/static", "a"), ("/", "a"), ("//", "a"), ("/../", "a"), ("/a/../b/", "a"),
            ("/a*/", "a"),
            ("/{env.HOME}/", "a"), ("/%H/", "a"), ("/a b/", "a"), ("/a=b/", "a"), ("/é/", "a"), ("/a/", ""),
            ("/a/", "/etc"),
            ("/a/", ".."), ("/a/", "a/../../b"), ("/a/", "a//b"), ("/a/", "a/"), ("/a/", "."), ("/a/", "$HOME"),
            ("/a/", "a\"b"), ("/a/", "a\nb"),
        ])
    func refusesStaticPath(_ prefix: String, _ directory: String) {
        #expect(throws: InvalidValue.self) { try StaticPath(prefix: prefix, directory: directory) }
    }

    @Test("Files are looked for below the upstream, before the app is asked")
    func servesFiles() throws {
        let app = try AppReference("acme/shop")
        let route = AppRoute(hostnames: ["shop.example.org"], staticPrefixes: ["/static/", "/media/a/"])
        guard case .array(let routes)? = CaddyConfiguration().route(app, route)["handle"]?.first?["routes"] else {
            Issue.record("it has no routes")
            return
        }
        #expect(routes.first?["handle"]?.first?["handler"] == .string("file_server"))
        #expect(routes.first?["handle"]?.first?["root"] == .string("/var/lib/tussilago/upstreams/acme/shop/static"))
        #expect(routes.first?["match"]?.first?["path"] == .array([.string("/media/a/*"), .string("/static/*")]))
        #expect(
            !"\(CaddyConfiguration().route(app, AppRoute(hostnames: ["shop.example.org"])))".contains("file_server"))
    }

    @Test("A route dials the app's upstream and nothing that a tenant could choose")
    func dialsTheUpstream() throws {
        let server = CaddyConfiguration().server(
            RouteTable([(try Hostname("shop.example.org"), try AppReference("acme/shop"))]))
        func dials(_ value: JSONValue) -> [String] {
            switch value {
            case .object(let members):
                members.sorted { $0.key < $1.key }.flatMap { key, value -> [String] in
                    if key == "dial", case .string(let text) = value { [text] } else { dials(value) }
                }
            case .array(let elements): elements.flatMap(dials)
            default: []
            }
        }
        #expect(Set(dials(server)) == ["unix//var/lib/tussilago/upstreams/acme/shop/in/web.sock"])
    }
}
