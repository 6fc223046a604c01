import HTTPTypes
import TussilagoAPI
import TussilagoCore

extension Endpoints {
    private static let source = "/v1/tenants/{tenant}/apps/{app}/sources/{source}"

    /// What apps are built from, and for.
    static let sources: [Endpoint] = [
        .upload(
            source, "putSource", Access(.set, .source),
            "Takes in the archive of a source, a plain tar archive with this digest.", body: "SourceArchive",
            answer: .resource("Source")
        ) { call in
            try .json(try await call.domain.receive(try call.source, for: try call.app, call.upload))
        },
        .get(
            source, "getSource", Access(.view, .source), "Says whether the archive of a source is here.",
            answer: .resource("Source")
        ) { call in try .json(try await call.domain.source(try call.source, for: try call.app)) },
        .get(
            Paths.runtimes, "listRuntimes", Access(.view, .runtime), "Lists the images that Python apps run in.",
            answer: .resource("RuntimePage")
        ) { call in try .json(try await call.domain.runtimes()) },
        .change(
            .put, "\(Paths.runtimes)/{version}", "setRuntime", Access(.set, .runtime),
            "Says which image a version of Python is, for the next releases.", body: "NewRuntime",
            answer: .resource("Runtime")
        ) { call in
            let version = try call.version
            let runtime = try await call.domain.setRuntime(version, try call.runtimeRequest)
            try await call.domain.record(call.entry(.done, "runtime \(version)"))
            return try .json(runtime)
        },
    ]
}
