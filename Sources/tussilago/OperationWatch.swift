import FoundationEssentials
import Glibc
import Synchronization
import TussilagoAPI
import TussilagoCore

/// Follows an operation to its end and shows its steps as they happen.
struct OperationWatch {
    let client: Client
    let output: Output

    /// How often a broken stream is taken up again: the agent may be restarted under us.
    private static let attempts = 20

    /// Shows every event of an operation; returns the operation when it has ended.
    func follow(_ id: UUID) async throws -> OperationResource {
        let printer = StepPrinter(output)
        for attempt in 1... {
            do {
                try await client.events(id, after: printer.last) { printer.show($0) }
            } catch let failure as CommandFailure where failure.problem.code == .unavailable && attempt < Self.attempts
            {
                try await Task.sleep(for: .milliseconds(200))
                continue
            }
            let operation: OperationResource = try await client.get(Paths.operation(id))
            if operation.state.isFinal { return operation }
            try await Task.sleep(for: .milliseconds(200))
        }
        return try await client.get(Paths.operation(id))
    }

    /// Waits for an operation's end, shows how it came out, and fails when it failed.
    func finish(_ accepted: OperationResource, detached: Bool = false) async throws {
        guard !detached else {
            return try output.show(accepted) {
                "operation \($0.id.lowercased) is accepted; watch it with: tussilago op watch \($0.id.lowercased)"
            }
        }
        let ended = try await follow(accepted.id)
        guard ended.state == .succeeded else { throw failure(of: ended) }
        if output.json { try output.show(ended) { _ in "" } }
    }

    private func failure(of operation: OperationResource) -> CommandFailure {
        let failure = operation.failure
        if !output.json, let log = failure?.log, !log.isEmpty {
            let style = Style(descriptor: STDERR_FILENO)
            Output.standardError("\(style.bold("last lines of the app's log:"))")
            for line in log { Output.standardError("  \(style.dim("│")) \(line)") }
        }
        var problem = Problem(
            .operationFailed, failure?.message ?? "the operation was \(operation.state.rawValue)",
            remedy: failure?.remedy, operation: operation.id)
        problem.requestId = operation.requestId
        return CommandFailure(problem, json: client.json)
    }
}

/// Prints an operation's events, a line each: ` 3/7 ✓ start … and wait until ready  412 ms`.
private final class StepPrinter: Sendable {
    private let output: Output
    private let state = Mutex(State())

    private struct State {
        var last = 0
        var begun: ContinuousClock.Instant?
    }

    init(_ output: Output) { self.output = output }

    /// The number of the last event that was shown.
    var last: Int { state.withLock(\.last) }

    func show(_ event: OperationEvent) {
        let took = state.withLock { state -> Duration? in
            state.last = event.sequence
            defer { if event.kind == .stepStarted { state.begun = .now } }
            return state.begun.map { ContinuousClock.now - $0 }
        }
        if output.json {
            if let data = try? APICoding.encode(event) { output.line(String(decoding: data, as: UTF8.self)) }
            return
        }
        let style = output.style
        let number = event.step.flatMap { step in event.steps.map { " \(step)/\($0) " } } ?? " "
        switch event.kind {
        case .accepted, .started: break
        case .stepStarted: if event.step == nil { output.line("   • \(event.text)") }
        case .stepEnded:
            output.line(
                "\(number)\(style.green("✓")) \(event.text)\(style.dim(took.map { "  \($0.milliseconds) ms" } ?? ""))")
        case .stepFailed: output.line("\(number)\(style.red("✗")) \(event.text)")
        case .finding: output.line("   • \(event.text)")
        case .cancelled: output.line("\(style.bold("cancelled:")) \(event.text)")
        case .goingBack, .retrying, .cancelling: output.line(" \(style.bold("↩")) \(event.text)")
        case .succeeded: output.line("\(style.green("done:")) \(event.text)")
        case .failed: break
        }
    }
}

extension Duration {
    var milliseconds: Int64 { components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 }
}
