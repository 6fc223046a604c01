import Documents
import Testing
import TussilagoCore

/// The manifest that a text is read as.
func parsed(_ text: String) throws -> ParsedManifest {
    try TOMLManifestReader().manifest(text).get()
}

private func manifestOf(_ text: String) throws -> ParsedManifest { try parsed(text) }

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

            [processes.clean]
            command = "clean"
            schedule = "Sun 4:00 UTC"
            timeout = "2h"

            [processes.web]
            command = '''sh -c "it's $HOME"  '''
            ingress = "none"
            steady = "1m"
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
            ingress: nil, limits: Limits(memory: .mebibytes(1 << 20), tasks: 64), steadySeconds: 60)
        let clean = ProcessSpecification(
            name: try ProcessName("clean"), command: [try CommandArgument("clean")],
            limits: Limits(memory: .mebibytes(1 << 20), tasks: 64), schedule: try Schedule("Sun *-*-* 04:00:00 UTC"),
            runSeconds: 7200)
        let expected = Manifest(
            processes: [api, clean, web], hostnames: [try Hostname("a.example.org"), try Hostname("shop.example.org")],
            environment: [
                try EnvironmentVariable(name: "GREETING", value: "hello"),
                try EnvironmentVariable(name: "_EMPTY", value: ""),
            ], drainSeconds: 120)
        let image = try ImageReference("localhost/python:3.13")
        #expect(manifest == ParsedManifest(manifest: expected, image: image, scaled: [clean.name, web.name]))
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

    @Test func aSourceIsBuiltAsTheManifestSays() throws {
        let parsed = try parsed(
            """
            app = "acme/shop"
            release = "python3 manage.py migrate"
            [python]
            version = "3.13"
            requirements = "requirements/production.txt"
            packages = ["gunicorn>=23"]
            build = ["python3 manage.py collectstatic", ["sh", "-c", "a b"]]
            [processes.web]
            command = "a"
            """)
        let build = PythonBuild(
            version: try PythonVersion("3.13"), requirements: try RequirementsFile("requirements/production.txt"),
            packages: [try PackageRequirement("gunicorn>=23")],
            commands: try [["python3", "manage.py", "collectstatic"], ["sh", "-c", "a b"]].map {
                try $0.map { try CommandArgument($0) }
            })
        #expect(parsed.manifest.python == build)
        #expect(parsed.manifest.release?.map(\.text) == ["python3", "manage.py", "migrate"])
        #expect(parsed.app == (try AppReference("acme/shop")))
        #expect(try manifestOf("[python]\n[processes.web]\ncommand = 'a'").manifest.python == PythonBuild())
        #expect(try manifestOf("[processes.web]\ncommand = 'a'").manifest.python == nil)
    }

    @Test(arguments: [
        ("version = \"2.7\"", 2, "python.version"), ("requirements = \"../x.txt\"", 2, "python.requirements"),
        ("packages = [\"a\", \"-r b\"]", 2, "python.packages"), ("build = \"x\"", 2, "python.build"),
        ("build = [\"a && b\"]", 2, "python.build"), ("versoin = \"3.13\"", 2, "python.versoin"),
        ("build = [[]]", 2, "python.build"),
    ])
    func mistakesOfABuildAreToldWithTheirPlace(line: String, number: Int, key: String) {
        let text = "[python]\n\(line)\n[processes.web]\ncommand = 'a'"
        guard case .failure(let errors) = TOMLManifestReader().manifest(text) else {
            Issue.record("\(line) was taken")
            return
        }
        #expect(errors.mistakes.map(\.key) == [key] && errors.mistakes.map(\.line) == [number])
    }

    @Test(arguments: ["build", "release"]) func theNamesOfThePlatformAreNoProcess(name: String) {
        guard case .failure(let errors) = TOMLManifestReader().manifest("[processes.\(name)]\ncommand = 'a'") else {
            Issue.record("\(name) was taken")
            return
        }
        #expect(errors.mistakes.first?.message.contains("is the platform's") == true)
    }

    @Test func whatIsDetectedIsAManifest() throws {
        let project = ProjectFiles(
            paths: ["app.py", "src/x.py"], texts: ["app.py": "app = Flask('a \\\" b')\n@app.get(\"/health\")"])
        let detection = try Detection(project)
        let whole = try manifestOf(detection.manifest(hostnames: [try Hostname("a.example.org")]))
        #expect(whole.manifest.hostnames == [try Hostname("a.example.org")])
        #expect(whole.manifest.processes.map(\.health.path) == ["/health"])
        let own = "drain = \"2s\"\n[environment]\nA = \"b\""
        let keys = try #require(ManifestKeys.read(own)).keys
        let completed = try manifestOf(detection.completion(of: own, keys: keys))
        #expect(completed.manifest.drainSeconds == 2 && completed.manifest.environment.map(\.name) == ["A"])
        #expect(completed.manifest.processes == whole.manifest.processes)
        #expect(completed.manifest.python == detection.build)
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
