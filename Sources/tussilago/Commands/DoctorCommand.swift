import ArgumentParser
import FoundationEssentials
import TussilagoAPI
import TussilagoCore

/// Looks for what is wrong, and says what mends it.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Says what is wrong with the host, or with an app, and what mends it.",
        discussion: """
            It ends with 0 when apps can run safely, and with 1 when they cannot. Become root for all that it can see.
            --attack deploys a hostile app into a tenant of its own, has it try to break out, and removes both.
            """)
    @OptionGroup var options: GlobalOptions
    @Argument(help: "The app, as TENANT/APP; the host when left out.") var app: AppReference?
    @Flag(name: .long, help: "Attack this host from within a sandbox, which takes some seconds.") var attack = false
    @Option(
        name: .long, help: ArgumentHelp("An image with Python that the attack runs in.", valueName: "image"))
    var image = "localhost/python:3.13"

    func validate() throws {
        if attack, app != nil { throw ValidationError("--attack is about the host, not about an app") }
    }

    func run() async throws {
        let checks: [HostCheck]
        if attack {
            checks = try await Attack(client: options.client, image: image).run()
        } else if let app {
            checks = try await AppLook(client: options.client).checks(of: app)
        } else {
            checks = await HostLook(client: options.client).facts().checks
        }
        let style = options.output.style
        try options.output.show(checks) { Self.table($0, style) }
        if !HostFacts.isFit(checks) { throw ExitCode(1) }
    }

    private static func table(_ checks: [HostCheck], _ style: Style) -> String {
        let width = checks.map(\.name.count).max() ?? 0
        return checks.map { check in
            let mark =
                switch check.state {
                case .good: style.green("✓")
                case .weak: style.bold("!")
                case .bad: style.red("✗")
                case .unknown: "?"
                }
            let padding = String(repeating: " ", count: width - check.name.count + 2)
            let line = "\(mark) \(check.name)\(padding)\(check.detail)"
            guard let remedy = check.remedy, check.state != .good else { return line }
            return line + "\n  \(String(repeating: " ", count: width + 2))\(style.bold("mend:")) \(remedy)"
        }.joined(separator: "\n")
    }
}
