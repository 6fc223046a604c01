import ArgumentParser
import FoundationEssentials
import TussilagoAPI
import TussilagoCore

struct RuntimeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runtime", abstract: "Lists and names the images that Python apps are built for and run in.",
        discussion: """
            A runtime is an image with python3 in it, named by its version of Python. A release keeps the image that it was \
            made with: apps get another one with their next deploy.
            """,
        subcommands: [Add.self, List.self, Default.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says which image of the host's storage a version of Python is.",
            discussion: "The first runtime of a host is its default.")
        @OptionGroup var options: GlobalOptions
        @Argument(help: "The version, as in 3.13.") var version: PythonVersion
        @Argument(help: "The image, as in localhost/python:3.13.") var image: String
        @Flag(name: .long, help: "Apps get it that do not say which version they need.") var makeDefault = false

        func run() async throws {
            let runtime: RuntimeResource = try await options.client.put(
                Paths.runtime(version), RuntimeRequest(image: image, isDefault: makeDefault ? true : nil))
            try options.output.show(runtime) { Self.line($0) }
        }

        static func line(_ runtime: RuntimeResource) -> String {
            "Python \(runtime.version) is \(runtime.image.prefix(19))\(runtime.isDefault ? ", the default" : "")"
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the runtimes.")
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let runtimes: PageResource<RuntimeResource> = try await options.client.get(Paths.runtimes)
            try options.output.show(runtimes.items) { runtimes in
                Output.table(
                    ["PYTHON", "IMAGE", "DEFAULT"],
                    runtimes.map { [$0.version, String($0.image.prefix(19)), $0.isDefault ? "yes" : ""] })
            }
        }
    }

    struct Default: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Has apps get a runtime that do not say which version they need.")
        @OptionGroup var options: GlobalOptions
        @Argument(help: "The version, as in 3.13.") var version: PythonVersion

        func run() async throws {
            let runtime: RuntimeResource = try await options.client.put(
                Paths.runtime(version), RuntimeRequest(isDefault: true))
            try options.output.show(runtime) { Add.line($0) }
        }
    }
}
