import Glibc
import Logging
import TussilagoAPI

/// The agent's entry: arguments, then the daemon, then an exit code.
@main
enum Tussilagod {
    static func main() async {
        switch Arguments(CommandLine.arguments.dropFirst()) {
        case .help: print(Arguments.usage)
        case .version: print("tussilagod \(Version.current)")
        case .invalid(let reason): fail("\(reason)\n\(Arguments.usage)", code: 2)
        case .run(let path):
            do { try await Daemon.run(listeningAt: path) } catch { fail("\(error)", code: 1) }
        }
    }

    /// Each line has the program's name: `stderr` may be a journal that many write to.
    private static func fail(_ message: String, code: Int32) -> Never {
        var text = message.split(separator: "\n").map { "tussilagod: \($0)\n" }.joined()
        text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
        exit(code)
    }
}

/// What the command line asks for.
enum Arguments {
    case run(listeningAt: String?)
    case version
    case help
    case invalid(String)

    static let usage = "usage: tussilagod [--listen PATH | --version | --help]"

    init(_ arguments: some Collection<String>) {
        let words = Array(arguments)
        switch words.count {
        case 0: self = .run(listeningAt: nil)
        case 1 where words[0] == "--version": self = .version
        case 1 where words[0] == "--help" || words[0] == "-h": self = .help
        case 2 where words[0] == "--listen": self = .run(listeningAt: words[1])
        default: self = .invalid("the arguments \(words.joined(separator: " ")) are not understood")
        }
    }
}
