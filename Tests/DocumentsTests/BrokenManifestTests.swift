import Documents
import Testing
import TussilagoCore

/// A text, and the mistakes that its author shall read of: all of them, in this order.
struct BrokenManifest: CustomTestStringConvertible {
    let text: String
    let mistakes: [(line: Int, column: Int, key: String, part: String)]
    var testDescription: String { text.count <= 60 ? text.debugDescription : "\(text.prefix(60).debugDescription)…" }

    init(_ text: String, _ mistakes: (line: Int, column: Int, key: String, part: String)...) {
        self.text = text
        self.mistakes = mistakes
    }

    /// Something that stands before a process without mistakes.
    static func head(
        _ text: String, _ mistakes: (line: Int, column: Int, key: String, part: String)...
    ) -> BrokenManifest {
        BrokenManifest(text: text + "\n[processes.web]\ncommand = ['a']\n", mistakes: mistakes)
    }

    /// Something that stands on the third line and below, in a process.
    static func web(
        _ text: String, _ mistakes: (line: Int, column: Int, key: String, part: String)...
    ) -> BrokenManifest {
        BrokenManifest(text: "[processes.web]\ncommand = ['a']\n" + text, mistakes: mistakes)
    }

    private init(text: String, mistakes: [(line: Int, column: Int, key: String, part: String)]) {
        self.text = text
        self.mistakes = mistakes
    }
}

@Suite struct BrokenManifestTests {
    static let syntax: [BrokenManifest] = [
        .init("drain = \"1s\" drain = \"1s\"", (1, 14, "", "only a comment may stand here")),
        .init("image", (1, 6, "", "followed by = and its value")),
        .init("drain = \n", (1, 9, "", "the value is missing")),
        .init("# ü\r\n\r\ndrain = 1s\r\n", (3, 9, "", "this is not a value; a text stands in quotes")),
        .init("image = foo\n", (1, 9, "", "a text stands in quotes")),
        .init("image = yes\n", (1, 9, "", "a text stands in quotes")),
        .init("image = \"x\nb = 1", (1, 11, "", "the closing quote is missing")),
        .init("image = 'x\nb = 1", (1, 11, "", "the closing quote is missing")),
        .init("a = \"\"\"x\nb", (1, 5, "", "its closing \"\"\" is missing")),
        .init("hostnames = [\"a.b\"\nb = 1", (2, 1, "", "a comma or the closing ]")),
        .init("a = [1 2]", (1, 8, "", "a comma or the closing ]")),
        .init("a = { b = 1\n}", (1, 12, "", "a comma or the closing }")),
        .init("a = { b = 1, }", (1, 14, "", "no comma")),
        .init("[limits\nmemory = 1", (1, 8, "", "the closing ] is missing")),
        .init("[]", (1, 2, "", "a key must stand here")),
        .init("a = \"\\q\"", (1, 6, "", "escape is unknown")),
        .init("a = \"\\u12x4\"", (1, 10, "", "needs 4 hexadecimal digits")),
        .init("a = \"\\uD800\"", (1, 6, "", "no such character")),
        .init("[[a]", (1, 4, "", "the closing ]] is missing")),
        .init("[.a]", (1, 2, "", "a key must stand here")),
        .init("[a.]", (1, 4, "", "a key must stand here")),
        .init("a..b = 1", (1, 3, "", "a key must stand here")),
        .init("\"\"\"a\"\"\" = 1", (1, 3, "", "followed by = and its value")),
        .init("a = 1__0", (1, 5, "", "not a value")),
        .init("a = 0xfg", (1, 5, "", "not a value")),
        .init("a = 007", (1, 5, "", "does not begin with 0")),
        .init("a = 9223372036854775808", (1, 5, "", "too large")),
        .init("ü = 1", (1, 1, "", "a key must stand here")),
        .init("drain = \"1s\"\ndrain = \"2s\"", (2, 1, "", "drain is there already, from line 1")),
        .init("[limits]\n[limits]", (2, 2, "", "limits is there already, from line 1")),
        .init("a.b = 1\na = 2", (2, 1, "", "a is there already")),
        .init("a = 1\na.b = 2", (2, 1, "", "a is there already")),
        .init("a = {}\na.b = 2", (2, 1, "", "a is there already")),
        .init("a = { b = 1, b = 2 }", (1, 14, "", "b is there already")),
        .init("a = []\n[[a]]", (2, 3, "", "a is there already")),
        .init("[a.b]\n[a]\nb.c = 1", (3, 1, "", "b is there already")),
        .init("[[a]]\n[a]", (2, 2, "", "a is there already")),
        .init("a = \"x\u{0}y\"", (1, 7, "", "U+0000 is not allowed")),
        .init("\n# \u{1B}[31m", (2, 3, "", "U+001B is not allowed")),
        .init("a = 1\rb = 2", (1, 6, "", "LF or CR LF")),
        .init("a = 1 # \u{202E}", (1, 9, "", "U+202E is not allowed")),
        .init(String(repeating: "#", count: 65_537), (1, 1, "", "at most 64 KiB")),
        .init("a = " + String(repeating: "[", count: 20_000), (1, 37, "", "at most 32 deep")),
        .init("a = " + String(repeating: "{a=", count: 20_000), (1, 101, "", "at most 32 deep")),
        .init(String(repeating: "a.", count: 30_000) + "a = 1", (1, 65, "", "at most 32 deep")),
        .init("[" + String(repeating: "a.", count: 30_000) + "a]", (1, 66, "", "at most 32 deep")),
        .init("a = [\n" + String(repeating: "1,\n", count: 4_100) + "]", (4_097, 1, "", "at most 4096 values")),
    ]

    static let keys: [BrokenManifest] = [
        .init("", (1, 1, "processes", "add [processes.web]")),
        .init("[processes]", (1, 2, "processes", "add [processes.web]")),
        .init("processes = 1", (1, 13, "processes", "this is a number; it must be a table")),
        .init("[[processes.web]]", (1, 13, "processes.web", "this is an array; it must be a table")),
        .init("[proceses.web]\ncommand = 'a'", (1, 2, "proceses", "did you mean processes?")),
        .head("hostname = []", (1, 1, "hostname", "did you mean hostnames?")),
        .head("# ü ö\n  \"imaeg\" = 1", (2, 3, "imaeg", "did you mean image?")),
        .head("nonsense = 1", (1, 1, "nonsense", "known here: image, drain, environment")),
        .head("'a b'.c = 1", (1, 1, "\"a b\"", "unknown")),
        .head("limits.io_weight = 1", (1, 8, "limits.io_weight", "did you mean io-weight?")),
        .web("limits = { memry = \"1G\" }", (3, 12, "processes.web.limits.memry", "did you mean memory?")),
        .init("[processes.web]\ncomand = 'a'", (2, 1, "processes.web.comand", "did you mean command?")),
        .init("[processes.web]", (1, 12, "processes.web.command", "the command is missing")),
        .init("processes.web.command = 1", (1, 25, "processes.web.command", "this is a number; it must be an array")),
        .init("processes.Web.command = 'a'", (1, 11, "processes.Web", "only a to z, 0 to 9 and -")),
        .init("[processes.\"a.b\"]\ncommand = 'a'", (1, 12, "processes.\"a.b\"", "only a to z")),
    ]

    static let values: [BrokenManifest] = [
        .head("image = 1", (1, 9, "image", "this is a number; it must be a text in quotes")),
        .head("image = 1.5", (1, 9, "image", "this is a number with a fraction")),
        .head("image = 1979-05-27 07:32:00", (1, 9, "image", "this is a date or time")),
        .head("image = \"python\"", (1, 9, "image", "\"python\" is not a valid image: it is written HOST/NAME:TAG")),
        .head("hostnames = \"a.example.org\"", (1, 13, "hostnames", "it must be an array")),
        .head(
            "hostnames = [\n\t\"a.b\",\n\t\"*.b\", # ü\n\t3]", (3, 2, "hostnames", "wildcards"),
            (4, 2, "hostnames", "text in quotes")),
        .head("hostnames = [\"a.b\", \"A.B.\"]", (1, 21, "hostnames", "a.b stands in the list already, on line 1")),
        .head(
            "hostnames = [\n"
                + (0...100).map { "'a\($0).b'" }.joined(separator: ",\n") + "]",
            (102, 1, "hostnames", "at most 100")),
        .head("drain = 1", (1, 9, "drain", "this is a number; it must be a text in quotes, as in \"30s\"")),
        .head("drain = \"301s\"", (1, 9, "drain", "from 0s to 300s")),
        .head("drain = \"-1s\"", (1, 9, "drain", "it is written as 30s, 2m or 1h")),
        .head("drain = \"99999999999999999h\"", (1, 9, "drain", "from 0s to 300s")),
        .head("environment = []", (1, 15, "environment", "this is an array; it must be a table")),
        .head("[environment]\nPORT = 80", (2, 8, "environment.PORT", "quote it, as in PORT = \"…\"")),
        .head("[environment]\nDEBUG = true", (2, 9, "environment.DEBUG", "this is true or false; quote it")),
        .head("[environment]\n1A = \"\"", (2, 1, "environment.1A", "does not begin with a digit")),
        .head("[environment]\nTUSSILAGO_X = \"\"", (2, 1, "environment.TUSSILAGO_X", "are the platform's")),
        .head("[environment]\nA = \"\"\"\na\nb\"\"\"", (2, 5, "environment.A", "line ends")),
        .head("[environment]\nA = \"x\\u0000\"", (2, 5, "environment.A", "control characters")),
        .head("[environment]\nA = \"\\u202E\"", (2, 5, "environment.A", "control characters")),
        .head(
            "[environment]\n" + (0...256).map { "A\($0) = ''" }.joined(separator: "\n"),
            (258, 1, "environment", "at most 256 variables")),
        .head("[limits]\nmemory = 268435456", (2, 10, "limits.memory", "it must be a text in quotes, as in \"64M\"")),
        .head("[limits]\nmemory = \"63M\"", (2, 10, "limits.memory", "from 64M to 1024G")),
        .head("[limits]\nmemory = \"2T\"", (2, 10, "limits.memory", "from 64M to 1024G")),
        .head("[limits]\nmemory = \"1 G\"", (2, 10, "limits.memory", "it is written as 512K, 256M or 2G")),
        .head("[limits]\ncpu = \"0.5\"", (2, 7, "limits.cpu", "it is written as \"50%\"")),
        .head("[limits]\ncpu = 50", (2, 7, "limits.cpu", "this is a number; it is written as \"50%\"")),
        .head("[limits]\ncpu = \"0%\"", (2, 7, "limits.cpu", "from 1% to 6400%")),
        .head("[limits]\ntasks = 63", (2, 9, "limits.tasks", "from 64 to 32768")),
        .head("[limits]\ntasks = \"64\"", (2, 9, "limits.tasks", "without quotes")),
        .head("[limits]\nio-weight = 10001", (2, 13, "limits.io-weight", "from 1 to 10000")),
        .head("[limits]\ntmp = \"17G\"", (2, 7, "limits.tmp", "from 1M to 16G")),
    ]

    static let processes: [BrokenManifest] =
        [
            .init("[processes.web]\ncommand = []", (2, 11, "processes.web.command", "the program is missing")),
            .init("[processes.web]\ncommand = ['']", (2, 12, "processes.web.command", "it must be neither empty")),
            .init("[processes.web]\ncommand = ' '", (2, 11, "processes.web.command", "the program is missing")),
            .init("[processes.web]\ncommand = ['a', 1]", (2, 17, "processes.web.command", "this is a number")),
            .init("[processes.web]\ncommand = \"a 'b\"", (2, 11, "processes.web.command", "a quote is not closed")),
        ]
        + ["a | b", "a && b", "a; b", "a < b", "a > b", "a `b`", "a $(b)", "a \\ b"].map {
            .init(
                "[processes.web]\ncommand = '\($0)'",
                (2, 11, "processes.web.command", "no shell reads this; use an array"))
        } + [
            .web("ingress = \"sockets\"", (3, 11, "processes.web.ingress", "{ port = 8000 }")),
            .web("ingress = 8000", (3, 11, "processes.web.ingress", "this is a number; it is \"socket\"")),
            .web("ingress = {}", (3, 1, "processes.web.ingress.port", "the port is missing")),
            .web("ingress = { port = 65536 }", (3, 20, "processes.web.ingress.port", "from 1 to 65535")),
            .web("ingress = { prot = 80 }", (3, 13, "processes.web.ingress.prot", "did you mean port?")),
            .web("health = \"health\"", (3, 10, "processes.web.health", "it begins with /")),
            .web("health = []", (3, 10, "processes.web.health", "this is an array; it is a path")),
            .web("schedule = 'sometimes'", (3, 12, "processes.web.schedule", "no weekday, and no word such as daily")),
            .web("schedule = '*:0/15:*'", (3, 12, "processes.web.schedule", "once a minute at most")),
            .web(
                "schedule = 'daily Nowhere/Atlantis'", (3, 12, "processes.web.schedule", "knows no time zone Nowhere/A")
            ),
            .web("schedule = 5", (3, 12, "processes.web.schedule", "this is a number")),
            .web("schedule = 'daily'\ncount = 1", (4, 1, "processes.web.count", "runs once at a time")),
            .web("schedule = 'daily'\nsteady = '1s'", (4, 1, "processes.web.steady", "may end as soon")),
            .web("schedule = 'daily'\ningress = 'socket'", (4, 1, "processes.web.ingress", "takes no requests")),
            .web("schedule = 'daily'\ntimeout = '25h'", (4, 11, "processes.web.timeout", "from 1s to 86400s")),
            .web("timeout = '1h'", (3, 1, "processes.web.timeout", "only what runs on a schedule")),
            .web("steady = \"3s\"", (3, 1, "processes.web.steady", "has started when it answers")),
            .web("ingress = 'none'\nsteady = 3", (4, 10, "processes.web.steady", "this is a number")),
            .web("ingress = 'none'\nsteady = '601s'", (4, 10, "processes.web.steady", "from 0s to 600s")),
            .web("health = { timeout = \"0s\" }", (3, 22, "processes.web.health.timeout", "from 1s to 600s")),
            .web(
                "ingress = 'none'\nhealth = '/'", (4, 1, "processes.web.health", "give it an ingress, or remove this")),
            .web("count = 17", (3, 9, "processes.web.count", "from 1 to 16")),
            .web("count = 0", (3, 9, "processes.web.count", "from 1 to 1")),
            .web(
                "[processes.api]\ncommand = ['b']\ningress = 'socket'",
                (5, 11, "processes.api.ingress", "and web does already")),
            .init(
                "[processes.api]\ncommand = ['a']\ningress = 'socket'\n[processes.web]\ncommand = ['b']",
                (4, 12, "processes.web.ingress", "and api does already")),
            .init(
                "hostnames = ['a.b']\n[processes.job]\ncommand = 'a'", (1, 1, "hostnames", "no process takes requests")),
            .init(
                (0...16).map { "[processes.p\($0)]\ncommand = 'a'" }.joined(separator: "\n"),
                (33, 12, "processes", "at most 16 processes")),
        ]

    static let several: [BrokenManifest] = [
        .init(
            """
            imgae = "x"
            drain = "9h"
            hostnames = ["a_b.c", "ok.example.org", "OK.example.org"]
            [processes.web]
            command = "a | b"
            limits = { cpu = "x", tasks = 1, nope = 1 }
            [processes.api]
            ingress = { port = 0 }
            """,
            (1, 1, "imgae", "did you mean image?"), (2, 9, "drain", "from 0s to 300s"),
            (3, 14, "hostnames", "only letters"), (3, 41, "hostnames", "already"),
            (5, 11, "processes.web.command", "no shell"), (6, 18, "processes.web.limits.cpu", "50%"),
            (6, 31, "processes.web.limits.tasks", "from 64"),
            (6, 34, "processes.web.limits.nope", "known here: memory, cpu, tasks, io-weight, tmp"),
            (7, 12, "processes.api.command", "the command is missing"),
            (8, 11, "processes.api.ingress", "only one process takes requests"),
            (8, 20, "processes.api.ingress.port", "from 1 to 65535")),
        .init(
            "drain='x' # ünï\r\n\t\t\"limits\" = { \"cpu\" = 'ü', 'tmp' = 1 }\r\nprocesses.\"web\".command = [ 'ü', 2 ]",
            (1, 7, "drain", "30s"), (2, 24, "limits.cpu", "50%"), (2, 37, "limits.tmp", "text in quotes"),
            (3, 34, "processes.web.command", "this is a number")),
    ]

    @Test(arguments: syntax + keys + values + processes + several)
    func everyMistakeIsReportedWhereItStands(broken: BrokenManifest) {
        guard case .failure(let errors) = TOMLManifestReader().manifest(broken.text) else {
            Issue.record("it was taken for a good one")
            return
        }
        #expect(
            errors.mistakes.map { "\($0.line):\($0.column) \($0.key)" }
                == broken.mistakes.map { "\($0.line):\($0.column) \($0.key)" })
        for (mistake, expected) in zip(errors.mistakes, broken.mistakes) {
            #expect(mistake.message.contains(expected.part))
        }
    }

    @Test func aThousandMistakesAreNotAThousandLines() {
        let text = (0..<1000).map { "nonsense\($0) = 1\n" }.joined()
        guard case .failure(let errors) = TOMLManifestReader().manifest(text) else {
            Issue.record("it was taken for a good one")
            return
        }
        #expect(errors.mistakes.count == 201)
        #expect(errors.mistakes.last?.message == "801 more mistakes are not listed")
    }

    @Test func whatAMistakeQuotesCannotReachATerminal() {
        let text = "\"\\u001b[31m\" = 1\nimage = \"\\u001b]0;\\u0007\"\n\"a\\u0085\" = 1"
        guard case .failure(let errors) = TOMLManifestReader().manifest(text) else {
            Issue.record("it was taken for a good one")
            return
        }
        #expect(errors.mistakes.count == 4)
        for mistake in errors.mistakes {
            #expect(
                !(mistake.key + mistake.message).unicodeScalars.contains { $0.properties.generalCategory == .control })
        }
    }
}
