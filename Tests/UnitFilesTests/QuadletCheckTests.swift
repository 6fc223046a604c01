import FoundationEssentials
import Glibc
import Testing
import TussilagoCore

@testable import UnitFiles

@Suite struct QuadletCheckTests {
    let users: UserRange
    let quadlets: [UnitFile]

    init() throws {
        users = try Example.users()
        quadlets = [
            UnitFile(path: Example.template(Example.web, 1), text: RecordedGenerator.quadlet),
            UnitFile(path: .network(Example.app), text: RecordedGenerator.network),
        ]
    }

    private func judge(
        output: String = RecordedGenerator.output, complaints: String = RecordedGenerator.remarks,
        succeeded: Bool = true, users: UserRange? = nil
    ) -> PortError? {
        let answer = QuadletGenerator.Answer(units: output, complaints: complaints, succeeded: succeeded)
        let check = QuadletCheck(quadlets + [Example.unit(.system(Example.app.target))], users: users ?? self.users)
        do { try check.judge(answer, staging: RecordedGenerator.staging) } catch { return error }
        return nil
    }

    private func judge(replacing text: String, with other: String) -> PortError? {
        #expect(RecordedGenerator.output.contains(text))
        return judge(output: RecordedGenerator.output.replacing(text, with: other))
    }

    @Test("What the generator makes of a good template passes")
    func passes() {
        #expect(judge() == nil)
    }

    @Test("A template of an earlier version, whose /dev is read-only, passes")
    func earlier() {
        #expect(judge(replacing: "--read-only-tmpfs ", with: "--read-only-tmpfs=false ") == nil)
    }

    @Test(
        "A required argument must be there exactly once, before the image",
        arguments: [
            ("--cap-drop all ", "--cap-drop=all"),
            ("--security-opt=no-new-privileges ", "--security-opt=no-new-privileges"),
            ("--read-only ", "--read-only"),
            ("--read-only-tmpfs ", "--read-only-tmpfs"),
            ("--user 10001:10001 ", "--user=10001:10001"),
            ("--uidmap 0:1879244800:65536 ", "--uidmap=0:1879244800:65536"),
            ("--gidmap 0:1879244800:65536 ", "--gidmap=0:1879244800:65536"),
            ("--image-volume=ignore ", "--image-volume=ignore"),
            ("--pull never ", "--pull=never"),
            ("--network none ", "--network=none"),
            ("--no-hosts ", "--no-hosts"),
            ("--no-healthcheck ", "--no-healthcheck"),
            (
                "--runtime=/usr/libexec/tussilago/tussilago-runsc run",
                "--runtime=/usr/libexec/tussilago/tussilago-runsc"
            ),
        ])
    func requires(written: String, named: String) {
        // The app's own arguments hold --cap-drop=all as well: those behind the image do not count.
        let without = judge(replacing: "\(written)", with: written.hasSuffix("run") ? "run" : "")
        #expect(without?.cause == "\(named) is missing from its command")
        #expect(without?.subject == "tussilago-acme-shop-web@.container")
        let twice = judge(replacing: "-d ", with: "-d \(named) ")
        #expect(twice?.cause.hasSuffix("stands in its command 2 times") == true)
        let name = named.split(separator: "=")[0]
        #expect(judge(replacing: "-d ", with: "-d \(name)=else ")?.code == .refused)
    }

    @Test("A forbidden argument is refused in each of its forms", arguments: SandboxPolicy.forbiddenArguments)
    func forbids(name: String) {
        for form in [name, "\(name)=x", "\(name) x", "\"\(name)\"", "'\(name)=a b'"] {
            #expect(judge(replacing: "-d ", with: "-d \(form) ")?.cause == "\(name) must not be in its command")
        }
    }

    @Test("A short option is the one for the background, or a volume", arguments: ["-p", "-P", "-p80:80", "-dP", "-e"])
    func forbidsShort(option: String) {
        #expect(judge(replacing: "-d ", with: "-d \(option) ")?.cause == "\(option) must not be in its command")
    }

    @Test(
        "A volume is the app's ingress or its release's files, read-only",
        arguments: [
            "-v /:/host", "--volume /etc:/app:ro", "-v=/etc:/app:ro", "-v /run/tussilago-ingress/%N/in:/etc",
            "-v /var/lib/tussilago/apps/acme/shop/live/%i/files:/app",
            "-v /var/lib/tussilago/apps/umbra/other/live/%i/files:/app:ro",
        ])
    func forbidsVolumes(volume: String) {
        #expect(judge(replacing: "-d ", with: "-d \(volume) ")?.cause.hasSuffix("must not be in its command") == true)
    }

    @Test("What listens on a port is on its own app's bridge, and nowhere else")
    func bridges() {
        let file = UnitFile(
            path: Example.template(ProcessName(unchecked: "api"), 1), text: RecordedGenerator.bridgedQuadlet)
        func judge(_ output: String, _ file: UnitFile) -> PortError? {
            let answer = QuadletGenerator.Answer(units: output, complaints: "", succeeded: true)
            do { try QuadletCheck([file], users: users).judge(answer, staging: "") } catch { return error }
            return nil
        }
        let output = RecordedGenerator.output, given = "--network tussilago-acme-shop "
        #expect(output.contains(given))
        #expect(judge(output, file) == nil)
        for other in ["host", "none", "tussilago-umbra-other", "tussilago-acme-shop --network=host"] {
            #expect(judge(output.replacing(given, with: "--network \(other) "), file)?.code == .refused, "\(other)")
        }
        // A quadlet that asks for another network is not held against what it asks for.
        let others = UnitFile(path: file.path, text: file.text.replacing("=tussilago-acme-shop.network", with: "=host"))
        #expect(judge(output.replacing(given, with: "--network host "), others)?.code == .refused)
    }

    @Test("Another range of users is not the tenant's")
    func requiresUsers() throws {
        let others: UserRange = try #require(UserRange(index: 4))
        let error = judge(users: others)
        #expect(error?.cause == "--uidmap=0:1879310336:65536 is missing from its command")
    }

    @Test(
        "A command that is not the one asked for is refused",
        arguments: [
            ("\"a'b\" %%i", "\"a'b\" %i"), ("\"a'b\" %%i", "\"a'b\" $HOME"), ("\"a'b\" ", ""),
            ("\"a'b\" ", "\"a'c\" "), ("\"; touch /x\"", "; touch /x"), ("--entrypoint python3", "--entrypoint sh"),
            ("--entrypoint python3 ", ""), ("\"; touch /x\"", "\"; touch"),
            ("${TUSSILAGO_IMAGE} -c", "localhost/evil:1 -c"), ("ExecStart=/usr/bin/podman", "ExecStart=/bin/sh"),
            ("ExecStart=", "ExecStart=/bin/true\nExecStart="),
        ])
    func compares(text: String, other: String) {
        #expect(judge(replacing: text, with: other)?.code == .refused)
    }

    @Test("What the generator drops is named with its reason and no path")
    func explains() {
        let error = judge(output: "", complaints: RecordedGenerator.complaints, succeeded: false)
        #expect(error?.subject == "tussilago-acme-shop.network")
        #expect(
            error?.cause == "Podman's generator drops it: unsupported key 'InterFace' in group 'Network' in "
                + "tussilago-acme-shop.network")
        #expect(
            GeneratedUnits.complaints(in: RecordedGenerator.complaints, hiding: RecordedGenerator.staging).map(\.file)
                == ["tussilago-acme-shop.network", "tussilago-acme-shop-web@.container"])
    }

    @Test("A file that cannot be read is named as well")
    func explainsSyntax() {
        let line =
            "quadlet-generator[7]: error loading \"/run/tussilago/check-1/a@.container\", file contains line 1: “x”"
        #expect(
            GeneratedUnits.complaints(in: line, hiding: RecordedGenerator.staging)
                == [.init(file: "a@.container", reason: "file contains line 1: “x”")])
    }

    @Test("A service that is missing or there twice is refused")
    func counts() {
        let service = "---tussilago-acme-shop-network.service---"
        #expect(judge(replacing: service, with: "---x---")?.cause == "Podman's generator makes no service of it")
        let twice = judge(output: RecordedGenerator.output + "\n\(service)\n")
        #expect(twice?.cause == "Podman's generator makes two services of it")
        #expect(judge(succeeded: false)?.code == .refused)
    }
}

@Suite struct RecordingTests {
    @Test("What was recorded is what the platform writes now")
    func isOfNow() throws {
        let tenant = Tenant(
            id: try #require(UUID(uuidString: "9ce0c5c7-edad-4d2d-a7eb-cd262b563c9b")), name: Example.tenantName,
            users: try Example.users())
        let app = App(
            id: try #require(UUID(uuidString: "3c0873d6-06a3-43a9-8b5f-656fb122e79b")), reference: Example.app,
            network: try Example.network())
        let words = [
            "python3", "-c", #"print("100% $HOME ${PATH} 'x' \ é")"#, "; touch /x", "a'b", "%i", "--privileged",
            "--cap-drop=all",
        ]
        let web = ProcessSpecification(
            name: Example.web, command: try words.map { try CommandArgument($0) }, ingress: .socket)
        let api = ProcessSpecification(
            name: ProcessName(unchecked: "api"), command: [try CommandArgument("python3")], ingress: .port(8080))
        func text(_ process: ProcessSpecification, hasFiles: Bool) -> String {
            ProcessTemplate(tenant: tenant, app: app, process: process, hasFiles: hasFiles).text
        }
        #expect(text(web, hasFiles: true) == RecordedGenerator.quadlet)
        #expect(text(api, hasFiles: false) == RecordedGenerator.bridgedQuadlet)
        #expect(app.unitFiles(tenant: tenant, bridged: true).map(\.text).contains(RecordedGenerator.network))
    }
}

@Suite struct GeneratorRunTests {
    let host: TemporaryHost

    init() throws { host = try TemporaryHost() }

    private func check(_ script: String) async throws -> PortError? {
        try host.write("/lib/generator", "#!/bin/sh\n\(script)\n", mode: 0o755)
        let store = FileUnitStore(root: host.root, generator: "\(host.root)/lib/generator")
        let file = UnitFile(path: Example.template(Example.web, 1), text: RecordedGenerator.quadlet)
        let users = try Example.users()
        return await failure { () throws(PortError) in try await store.check([file], users: users) }
    }

    @Test("The generator sees copies of the quadlets and nothing else")
    func isolates() async throws {
        try host.write("/output", RecordedGenerator.output)
        let script = """
            test "$*" = --dryrun || exit 9
            test -z "$HOME$USER$SWIFTPM_MODULECACHE" || exit 8
            while read -r line; do test "$line" = "Process=web" && seen=1; done <"$QUADLET_UNIT_DIRS/\
            tussilago-acme-shop-web@.container"
            test "$seen" = 1 || exit 7
            echo "$QUADLET_UNIT_DIRS" >\(host.root)/seen
            exec /bin/cat \(host.root)/output
            """
        #expect(try await check(script) == nil)
        #expect(host.text("/seen")?.hasPrefix("\(host.root)/run/tussilago/check-") == true)
        #expect(host.names("/run/tussilago") == [])
        #expect(host.names("/etc") == nil)
    }

    @Test("Nothing stays when the generator fails")
    func cleansUp() async throws {
        #expect(try await check("exit 1")?.code == .refused)
        #expect(try await check("kill -9 $$")?.code == .refused)
        #expect(host.names("/run/tussilago") == [])
    }

    @Test("Endless output is cut off")
    func cutsOff() async throws {
        let error = try await check("while :; do echo 0123456789012345678901234567890123456789; done")
        #expect(error?.cause == "it printed more than 1048576 bytes")
        #expect(host.names("/run/tussilago") == [])
    }

    @Test("A generator that hangs is ended", .timeLimit(.minutes(1)))
    func ends() async throws {
        try host.write("/lib/generator", "#!/bin/sh\nexec /bin/sleep 600\n", mode: 0o755)
        let generator = QuadletGenerator(path: "\(host.root)/lib/generator", deadline: .milliseconds(100))
        let error = await failure { () throws(PortError) in _ = try await generator.units(ofQuadletsIn: "/nothing") }
        #expect(error?.code == .timedOut)
    }

    @Test("A host without the generator is told so")
    func needsGenerator() async throws {
        let store = FileUnitStore(root: host.root, generator: "\(host.root)/nothing/generator")
        let file = UnitFile(path: Example.template(Example.web, 1), text: RecordedGenerator.quadlet)
        let users = try Example.users()
        let error = await failure { () throws(PortError) in try await store.check([file], users: users) }
        #expect(error?.code == .notFound)
        #expect(error?.cause.hasPrefix("it is not installed") == true)
    }

    @Test("A check of no quadlets runs nothing")
    func skips() async throws {
        let store = FileUnitStore(root: host.root, generator: "/nothing")
        try await store.check([Example.unit(.system(Example.app.target))], users: Example.users())
        #expect(host.names("/run") == nil)
    }
}

@Suite struct PosixCallTests {
    @Test("A full disk is told from all else")
    func tellsFull() throws {
        let full = OpenFile(descriptor: open("/dev/full", O_WRONLY | O_CLOEXEC))
        let error = #expect(throws: PortError.self) { try full.write([1, 2, 3], as: "unit.env") }
        #expect(error?.code == .noSpace)
        #expect(error?.subject == "unit.env")
        #expect(error?.cause == "no room is left on the disk")
    }

    @Test("Calls that a signal interrupted are made again")
    func repeats() throws {
        var calls = 0
        let value = try posix("test", "x") { () -> Int in
            calls += 1
            errno = EINTR
            return calls < 3 ? -1 : 7
        }
        #expect(value == 7)
        #expect(calls == 3)
    }
}
