import Glibc
import TussilagoAPI
import TussilagoCore

/// Reads a secret's value from standard input; it is never an argument, which everyone on the host can see.
struct SecretInput {
    let name: SecretName
    let json: Bool

    func read() throws -> [UInt8] {
        // Should this program crash, its memory is not written to a disk.
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        _ = setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        let bytes = isatty(STDIN_FILENO) == 1 ? try readTyped() : try readAll()
        guard !bytes.isEmpty else { throw failure("the value is empty") }
        guard bytes.count <= Secret.sizes.upperBound else {
            throw failure("the value has more than \(Secret.sizes.upperBound) bytes")
        }
        return bytes
    }

    /// All that comes through a pipe or from a file, as it is.
    private func readAll() throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Secret.sizes.upperBound + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes[count...].withUnsafeMutableBytes { Glibc.read(STDIN_FILENO, $0.baseAddress, $0.count) }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw failure("the value cannot be read: \(String(cString: strerror(errno)))") }
            if got == 0 { break }
            count += got
        }
        bytes.removeLast(bytes.count - count)
        if bytes.last == UInt8(ascii: "\n") {
            Output.standardError("note: the value ends with a line end, which is part of it")
        }
        return bytes
    }

    /// One line that the terminal does not show.
    ///
    /// Signals of the keyboard are off meanwhile: Ctrl-C ends the line, so that the terminal is itself again before this
    /// program ends.
    private func readTyped() throws -> [UInt8] {
        var before = termios()
        guard tcgetattr(STDIN_FILENO, &before) == 0 else { throw failure("the terminal cannot be asked") }
        var silent = before
        silent.c_lflag &= ~tcflag_t(ECHO | ISIG)
        withUnsafeMutableBytes(of: &silent.c_cc) { $0[Int(VEOL)] = Self.interrupt }
        guard tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0 else { throw failure("the terminal cannot be asked") }
        prompt("Value of \(name) (it is not shown): ")
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(STDIN_FILENO, &bytes, bytes.count)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
        prompt("\n")
        bytes.removeLast(bytes.count - max(0, count))
        if bytes.last == Self.interrupt { throw failure("nothing was set") }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        guard !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw failure("the value has control characters in it; give it through a pipe")
        }
        return bytes
    }

    private static let interrupt: UInt8 = 3

    private func prompt(_ text: String) {
        var text = text
        text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private func failure(_ what: String) -> CommandFailure {
        CommandFailure(
            Problem(
                .invalidRequest, what, field: "value",
                remedy: "tussilago secret set TENANT/APP \(name) < FILE, or type it at the prompt"), json: json)
    }
}
