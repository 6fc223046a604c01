import Testing
import TussilagoAPI
import TussilagoCore
import TussilagoTestKit

@testable import CaddyAdmin
@testable import Documents
@testable import TussilagoServer
@testable import UnitFiles

/// Whatever comes in, a parser says what it is or what is wrong with it: it never traps, and it keeps no memory.
@Suite(.serialized) struct ParserFuzzTests {
    /// Runs a body on mutated texts. What it has taken from the heap after the first half it gives back.
    private func check(_ name: String, _ samples: [String], _ body: (String, [UInt8]) -> Void) {
        func run(_ part: String, _ count: Int) {
            fuzz("\(name)-\(part)", count: count) { random in
                let bytes = Mutation.bytes(of: samples, &random)
                body(String(decoding: bytes, as: UTF8.self), bytes)
            }
        }
        run("first", Effort.inputs / 2)
        let before = residentBytes()
        run("second", Effort.inputs / 2)
        // Eight megabytes are the allocator's own, and other suites' beside it; a word for each input would be more.
        let grown = residentBytes() - before
        if Effort.inputs >= 1_000_000 { #expect(grown < 8 << 20, "\(grown) bytes are not given back") }
    }

    @Test func manifests() {
        var taken = 0
        check("manifest", Samples.manifests) { text, _ in
            switch TOMLManifestReader().manifest(text) {
            case .success: taken += 1
            case .failure(let errors): #expect(!errors.mistakes.isEmpty)
            }
        }
        #expect(taken > 0, "no manifest is good: the mutations are too wild to reach what is behind the syntax")
    }

    @Test func toml() {
        check("toml", Samples.settings + Samples.manifests) { text, _ in
            let mistakes = MistakeList()
            if let root = TOMLParser.parse(text, file: "x", into: mistakes) {
                _ = Settings(input: root, mistakes: mistakes)
            } else {
                #expect(!mistakes.isEmpty)
            }
        }
    }

    @Test func units() {
        check("unit", Samples.units) { text, _ in
            let sections = UnitSections(text)
            for line in sections.values(of: "ExecStart", in: "Service") {
                guard let words = try? CommandLine.split(line) else { continue }
                for word in words.joined() { _ = CommandLine.literal(word) }
            }
            _ = GeneratedUnits(output: text).texts
            _ = GeneratedUnits.complaints(in: text, hiding: "/run")
            if let command = try? PodmanCommand(service: sections), let tenant = try? Make.tenant(),
                let app = try? Make.app()
            {
                try? command.verify(policy: .strict, users: tenant.users, app: app.reference, quadlet: sections)
            }
        }
    }

    @Test func caddysAnswers() {
        check("caddy", Samples.json) { text, bytes in
            guard let value = try? CaddyAdmin.JSONReader.read(bytes) else { return }
            // What is understood can be written, and comes to the same again.
            let written = CaddyAdmin.JSONWriter.write(value)
            #expect((try? CaddyAdmin.JSONReader.read(written)) == value, "\(text.debugDescription)")
        }
    }

    @Test func requestBodies() {
        check("body", Samples.json) { text, bytes in
            _ = try? TussilagoServer.JSONReader.read(bytes)
            _ = try? CreateRequest(bytes) { name throws(InvalidValue) in _ = try TenantName(name) }
            _ = try? DeployRequest(bytes)
            _ = try? ScaleRequest(bytes)
            _ = try? RollbackRequest(bytes)
            _ = try? RestoreRequest(bytes)
            _ = PercentEncoding.decode(text)
            _ = try? QueryItems(text, allowed: Parameter.page)
        }
    }

    @Test func namesAndOtherValues() {
        check("names", Samples.names) { text, _ in
            if let name = try? TenantName(text) { #expect(TenantName(unitLabel: name.unitLabel) == name) }
            if let hostname = try? Hostname(text) { #expect((try? Hostname(hostname.text)) == hostname) }
            _ = try? AppReference(text)
            _ = try? ImageReference(text)
            _ = try? CommandArgument(text)
            _ = try? HealthCheck.checked(path: text)
            _ = try? EnvironmentVariable(name: text, value: text)
            _ = UnitName(text)
        }
    }
}
