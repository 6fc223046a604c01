import Glibc
import Logging
import TussilagoAPI

/// The agent's entry: arguments, then the daemon, then an exit code.
@main
enum Tussilagod {
    static func main() async {
        switch Arguments(CommandLine.arguments.dropFirst()) {
        case .version: print("tussilagod \(Version.current)")
        case .invalid(let reason): fail("\(reason)\nusage: tussilagod [--listen PATH] [--version]", code: 2)
        case .run(let path):
            do { try await Daemon.run(listeningAt: path) } catch { fail("\(error)", code: 1) }
        }
    }

    private static func fail(_ message: String, code: Int32) -> Never {
        for line in message.split(separator: "\n") { fputs("tussilagod: \(line)\n", stderrStream()) }
        exit(code)
    }

    /// `stderr` is a global variable in C, which Swift's concurrency checks refuse to touch.
    private static func stderrStream() -> UnsafeMutablePointer<FILE>? { fdopen(dup(STDERR_FILENO), "w") }
}

/// What the command line asks for.
enum Arguments {
    case run(listeningAt: String?)
    case version
    case invalid(String)

    init(_ arguments: some Collection<String>) {
        let words = Array(arguments)
        switch words.count {
        case 0: self = .run(listeningAt: nil)
        case 1 where words[0] == "--version": self = .version
        case 2 where words[0] == "--listen": self = .run(listeningAt: words[1])
        default: self = .invalid("the arguments \(words.joined(separator: " ")) are not understood")
        }
    }
}
