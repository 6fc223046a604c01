import Documents
import Testing
import TussilagoCore

/// The manifest that a text is read as.
func parsed(_ text: String) throws -> ParsedManifest {
    try TOMLManifestReader().manifest(text).get()
}

@Suite struct ManifestTests {
    @Test func aCommandIsAllThatAManifestNeeds() throws {
        let manifest = try parsed(
            """
            [processes.web]
            command = "python3 app.py"
            """)
        let web = ProcessSpecification(
            name: try ProcessName("web"), command: [try CommandArgument("python3"), try CommandArgument("app.py")],
            ingress: .socket)
        #expect(manifest == ParsedManifest(manifest: Manifest(processes: [web]), image: nil, scaled: [web.name]))
    }

    @Test func everyKeyReachesTheManifest() throws {
        let manifest = try parsed(
            """
            image = "localhost/python:3.13"
            hostnames = ["Shop.Example.org.", "a.example.org"]
            drain = "2m"

            [environment]
            GREETING = "hello"
            "_EMPTY" = ""

            [limits]
            memory = "1T"
            tasks = 64

            [processes.api]
            command = ["python3", "-u", "/app/app.py"]
            ingress = { port = 8000 }
            health = { path = "/health", timeout = "10m" }
            count = 1
            limits = { memory = "512M", cpu = "6400%", io-weight = 10000, tmp = "16G" }

            [processes.web]
            command = '''sh -c "it's $HOME"  '''
            ingress = "none"
            """)
        let api = ProcessSpecification(
            name: try ProcessName("api"),
            command: [try CommandArgument("python3"), try CommandArgument("-u"), try CommandArgument("/app/app.py")],
            ingress: .port(8000), health: HealthCheck(path: "/health", timeoutSeconds: 600),
            limits: Limits(
                memory: .mebibytes(512), cpuPercent: 6400, tasks: 64, ioWeight: 10_000, temporary: .mebibytes(16 << 10))
        )
        let web = ProcessSpecification(
            name: try ProcessName("web"),
            command: [try CommandArgument("sh"), try CommandArgument("-c"), try CommandArgument("it's $HOME")],
            ingress: nil, limits: Limits(memory: .mebibytes(1 << 20), tasks: 64))
        let expected = Manifest(
            processes: [api, web], hostnames: [try Hostname("a.example.org"), try Hostname("shop.example.org")],
            environment: [
                try EnvironmentVariable(name: "GREETING", value: "hello"),
                try EnvironmentVariable(name: "_EMPTY", value: ""),
            ], drainSeconds: 120)
        let image = try ImageReference("localhost/python:3.13")
        #expect(manifest == ParsedManifest(manifest: expected, image: image, scaled: [web.name]))
    }

    @Test(arguments: [
        "processes.web.command = [\"a\"]\nprocesses.web.limits.memory = \"1G\"",
        "processes = { web = { command = [\"a\"], limits.memory = \"1G\" } }",
        "[processes]\nweb.command = ['a'] # why\nweb.limits = { memory = '1G' }",
        "[\"processes\".'web']\r\n\"command\" = [\r\n  \"a\", # the program\r\n]\r\n[processes.web.limits]\r\nmemory = '''1G'''",
        "\u{FEFF}[processes.web.limits]\nmemory=\"\\u0031G\"\n[ processes . web ]\n\tcommand\t=\t\"\"\"\\\n   a\"\"\"",
    ])
    func theSameManifestIsWrittenInManyWays(text: String) throws {
        let web = ProcessSpecification(
            name: try ProcessName("web"), command: [try CommandArgument("a")], ingress: .socket,
            limits: Limits(memory: .mebibytes(1024)))
        #expect(try parsed(text).manifest == Manifest(processes: [web]))
    }

    @Test func secretsAreNamedOnce() throws {
        let web = "[processes.web]\ncommand = \"a\""
        #expect(try parsed("secrets = [\"B\", \"A_1\"]\n\(web)").manifest.secrets.map(\.rawValue) == ["A_1", "B"])
        #expect(try parsed(web).manifest.secrets == [])
        for wrong in ["[\"A\", \"A\"]", "[\"../x\"]", "[\"A-B\"]", "\"A\"", "[1]"] {
            guard case .failure(let errors) = TOMLManifestReader().manifest("secrets = \(wrong)\n\(web)") else {
                Issue.record("\(wrong) was taken")
                continue
            }
            #expect(errors.mistakes.map(\.key) == ["secrets"] && errors.mistakes[0].line == 1, "\(wrong)")
        }
    }

    @Test(arguments: [
        ("a 'b c' \"d 'e'\" f''g", ["a", "b c", "d 'e'", "fg"]),
        ("  a\t\tb  ", ["a", "b"]),
        ("a 'x y' --x=\"1 2\"", ["a", "x y", "--x=1 2"]),
        ("a $HOME * ~ #x {y}", ["a", "$HOME", "*", "~", "#x", "{y}"]),
    ])
    func aCommandIsSplitAtSpacesOutsideOfQuotes(text: String, arguments: [String]) throws {
        let manifest = try parsed("[processes.web]\ncommand = '''\(text)'''").manifest
        #expect(manifest.processes.first?.command.map(\.text) == arguments)
    }
}
