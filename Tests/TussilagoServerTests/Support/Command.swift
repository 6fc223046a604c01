import FoundationEssentials
import Glibc

/// Runs a program that the host may have.
enum Command {
    /// Whether the program is there.
    static func exists(_ path: String) -> Bool { access(path, X_OK) == 0 }

    /// The standard output of a program, and its exit status.
    static func run(_ arguments: [String]) async throws -> (output: String, status: CInt) {
        try await blocking {
            var ends: [CInt] = [0, 0]
            guard pipe(&ends) == 0 else { throw RawClient.Failure("pipe") }
            var actions = posix_spawn_file_actions_t()
            posix_spawn_file_actions_init(&actions)
            defer { posix_spawn_file_actions_destroy(&actions) }
            posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
            posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO)
            posix_spawn_file_actions_addclose(&actions, ends[0])
            var process: pid_t = 0
            var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
            defer { for word in words { free(word) } }
            let error = posix_spawnp(&process, arguments[0], &actions, nil, &words, environ)
            close(ends[1])
            defer { close(ends[0]) }
            guard error == 0 else { throw RawClient.Failure("posix_spawn \(error)") }
            var output: [UInt8] = [], buffer = [UInt8](repeating: 0, count: 4_096)
            while true {
                let count = read(ends[0], &buffer, buffer.count)
                guard count > 0 else { break }
                output += buffer.prefix(count)
            }
            var status: CInt = 0
            waitpid(process, &status, 0)
            return (String(decoding: output, as: UTF8.self), status >> 8 & 0xFF)
        }
    }
}
