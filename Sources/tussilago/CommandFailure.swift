import FoundationEssentials
import Glibc
import TussilagoAPI
import TussilagoCore

/// Why a command failed, as it is printed: what happened, why, and the command that mends it.
struct CommandFailure: Error {
    let problem: Problem
    let json: Bool
    /// 1: it failed; 2: it was not understood; 3: nobody is there to ask.
    var exitCode: Int32 = 1

    init(_ problem: Problem, json: Bool) {
        self.problem = problem
        self.json = json
        switch problem.code {
        case .invalidRequest, .invalidManifest: exitCode = 2
        case .unavailable: exitCode = 3
        default: exitCode = 1
        }
    }

    /// A value that is not valid, before anything was sent.
    init(_ invalid: InvalidValue, field: String, json: Bool) {
        self.init(Problem(.invalidRequest, invalid.description, field: field), json: json)
    }

    /// Prints to standard error: standard output holds results only.
    func print() {
        if json {
            Output.standardError((try? APICoding.encode(problem)).map { String(decoding: $0, as: UTF8.self) } ?? "{}")
            return
        }
        let style = Style(descriptor: STDERR_FILENO)
        if let mistakes = problem.mistakes, !mistakes.isEmpty {
            for mistake in mistakes {
                let key = mistake.key.isEmpty ? "" : "\(mistake.key): "
                Output.standardError(
                    "\(style.bold("\(problem.field ?? "tussilago.toml"):\(mistake.line):\(mistake.column)")): \(key)\(mistake.message)"
                )
            }
            return
        }
        Output.standardError("\(style.red("error:")) \(problem.detail)")
        if let remedy = problem.remedy { Output.standardError("  \(style.bold("mend:")) \(remedy)") }
        if problem.code == .inner, let id = problem.requestId {
            Output.standardError("  journalctl -u tussilagod TUSSILAGO_REQUEST=\(id.lowercased)")
        }
    }
}
