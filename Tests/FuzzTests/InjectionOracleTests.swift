import Documents
import FoundationEssentials
import Glibc
import Subprocess
import Testing
import TussilagoCore
import TussilagoTestKit

@testable import UnitFiles

/// Manifests of somebody who means harm, through the reader, the renderer and Podman's real generator: the command that
/// comes out is the one that the manifest means, and nothing else is in the unit.
@Suite(.enabled(if: Effort.generator != nil, "needs Podman's generator: TUSSILAGO_QUADLET=/usr/libexec/podman/quadlet"))
struct InjectionOracleTests {
    /// Units for one run of the generator.
    private static let batch = 500

    private struct Case {
        let seed: UInt64
        let process: ProcessSpecification
        let hasFiles: Bool
        var hasDatabase = false
        var sandbox: SandboxLimits?
        var staticPaths: [StaticPath] = []
        let text: String

        var file: String { "tussilago-acme-shop-p\(seed)" }
    }

    /// What became of them.
    private struct Tally {
        var refused = 0
        var unfit: [String: Int] = [:]
        var same = 0
    }

    @Test("Each manifest that is taken comes to exactly the command that it means")
    func commands() async throws {
        var tally = Tally()
        var cases: [Case] = []
        for number in 0..<UInt64(Effort.manifests) {
            if let each = try Self.made(seed: Effort.seed &+ number) { cases.append(each) } else { tally.refused += 1 }
            if cases.count == Self.batch || number == UInt64(Effort.manifests) - 1 {
                try await Self.judge(cases, &tally)
                cases = []
            }
        }
        let unfit = tally.unfit.values.reduce(0, +)
        print(
            "  \(tally.same) units as meant, \(tally.refused) manifests refused, \(unfit) units refused: \(tally.unfit)"
        )
        #expect(tally.same > Effort.manifests / 5, "too few get past the door to show anything")
        #expect(tally.refused > Effort.manifests / 20, "too few are refused: is anything hostile in them?")
    }

    @Test("Each known attack is refused or is one argument, in every place of a command", arguments: [true, false])
    func attacks(first: Bool) async throws {
        var cases: [Case] = []
        for (number, attack) in HostileText.attacks.enumerated() {
            for words in first
                ? [[attack], [attack, "x"]] : [["python3", attack], ["python3", attack, "--privileged"]]
            {
                guard let command = try? words.map({ try CommandArgument($0) }) else { continue }
                var process = try Make.process()
                process.command = command
                cases.append(try Self.made(process, hasFiles: true, seed: UInt64(number * 2 + words.count)))
            }
        }
        var tally = Tally()
        try await Self.judge(cases, &tally)
        #expect(tally.same > HostileText.attacks.count / 2)
    }

    @Test("An injection is seen, whatever it is: the oracle can fail")
    func control() async throws {
        let process = try Make.process(command: ["python3", "app.py"])
        let good = try Self.made(process, hasFiles: true, seed: 1)
        let expected = ExpectedService(process, hasFiles: true)
        #expect(expected.difference(from: try await Self.generate([good])[good.file + "@.service"] ?? "") == nil)
        for (wanted, other) in [
            ("NoNewPrivileges=true\n", "NoNewPrivileges=true \\\n"), ("NoNewPrivileges=true\n", ""),
            ("User=10001\n", "User=10001\nPodmanArgs=--privileged\n"), ("User=10001\n", "User=0\n"),
            ("Exec=\"app.py\"\n", "Exec=\"app.py\"\n[Service]\nExecStartPre=/bin/touch /tmp/owned\n"),
            ("Exec=\"app.py\"\n", "Exec=\"app.py\" ; /bin/touch /tmp/owned\n"), ("Exec=\"app.py\"\n", "Exec=\"%n\"\n"),
            ("Exec=\"app.py\"\n", "Exec=$PATH\n"),
            ("Entrypoint=\"python3\"\n", "Entrypoint=\"python3\"\nVolume=/:/host\n"),
            ("ReadOnly=true\n", "ReadOnly=false\n"), ("Network=none\n", "Network=host\n"), ("TasksMax=512\n", ""),
            ("Restart=always\n", "Restart=always\nAmbientCapabilities=CAP_SYS_ADMIN\n"),
            ("Description=", "Wants=other.service\nDescription="),
            ("DropCapability=all\n", "DropCapability=all\nAddCapability=all\n"),
        ] {
            #expect(good.text.contains(wanted))
            let text = good.text.replacing(wanted, with: other)
            let bad = Case(seed: 1, process: process, hasFiles: true, text: text)
            let made = try await Self.generate([bad])[bad.file + "@.service"] ?? ""
            #expect(expected.difference(from: made) != nil, "not seen: \(other)")
        }
    }

    private static func made(seed: UInt64) throws -> Case? {
        var random = SeededRandom(seed: seed)
        let text = HostileManifest.text(&random)
        guard case .success(let parsed) = TOMLManifestReader().manifest(text),
            let process = parsed.manifest.processes.first
        else { return nil }
        return try made(
            process, hasFiles: random.oneIn(2), hasDatabase: random.oneIn(4), sandbox: parsed.manifest.sandbox,
            seed: seed)
    }

    private static func made(
        _ process: ProcessSpecification, hasFiles: Bool, hasDatabase: Bool = false, sandbox: SandboxLimits? = nil,
        staticPaths: [StaticPath] = [], seed: UInt64
    ) throws -> Case {
        let text = ProcessTemplate(
            tenant: try Make.tenant(), app: try Make.app(), process: process, hasFiles: hasFiles,
            hasDatabase: hasDatabase, staticPaths: staticPaths, policy: SandboxPolicy(sandbox)
        ).text
        return Case(
            seed: seed, process: process, hasFiles: hasFiles, hasDatabase: hasDatabase, sandbox: sandbox,
            staticPaths: staticPaths,
            text: text)
    }

    /// Holds what the generator makes of the cases against what they mean. What the platform's own check refuses is
    /// never installed: it only counts.
    private static func judge(_ cases: [Case], _ tally: inout Tally) async throws {
        guard !cases.isEmpty else { return }
        let generated = try await generate(cases), users = try Make.tenant().users
        for each in cases {
            do {
                let service = try #require(generated[each.file + "@.service"], "seed \(each.seed): no unit")
                let command = try PodmanCommand(service: UnitSections(service))
                try command.verify(
                    policy: .strict, users: users, app: Make.app().reference, quadlet: UnitSections(each.text))
                let expected = ExpectedService(
                    each.process, hasFiles: each.hasFiles, hasDatabase: each.hasDatabase, sandbox: each.sandbox,
                    staticPaths: each.staticPaths)
                let difference = expected.difference(from: service)
                #expect(difference == nil, "seed \(each.seed): \(each.process.command)")
                if difference == nil { tally.same += 1 }
            } catch let error as PodmanCommand.Unfit {
                tally.unfit[error.reason, default: 0] += 1
            }
        }
    }

    /// One run of the generator for all of them.
    private static func generate(_ cases: [Case]) async throws -> [String: String] {
        var template = Array("/tmp/tussilago-oracle-XXXXXX".utf8CString)
        let made = mkdtemp(&template)
        let folder = String(cString: try #require(made))
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for each in cases {
            try Data(each.text.utf8).write(to: URL(filePath: "\(folder)/\(each.file)@.container"))
        }
        let files = try Make.app().unitFiles(tenant: Make.tenant(), bridged: true)
        for file in files where file.path.name.hasSuffix(".network") {
            try Data(file.text.utf8).write(to: URL(filePath: "\(folder)/\(file.path.name)"))
        }
        let parts = try #require(Effort.generator).split(separator: "/")
        let result = try await Subprocess.run(
            .name(String(parts.last ?? "")), arguments: ["--dryrun"],
            environment: .custom(["PATH": "/" + parts.dropLast().joined(separator: "/"), "QUADLET_UNIT_DIRS": folder]),
            output: .bytes(limit: 64 << 20), error: .bytes(limit: 64 << 20))
        return GeneratedUnits(output: String(decoding: result.standardOutput, as: UTF8.self)).texts
    }
}
