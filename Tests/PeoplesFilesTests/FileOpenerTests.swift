import CShims
import Glibc
import PeoplesFiles
import Testing
import TussilagoCore

@Suite("Files that another program opens")
struct FileOpenerTests {
    /// Where a thread answers one connection as the program does, or does what it is given.
    private struct Listener {
        let path: String

        init(_ answer: @escaping @Sendable (Int32) -> Void = { _ = OpenRequest.answer($0) }) throws {
            path = "/tmp/tussilago-open.\(getpid()).\(UInt32.random(in: 0 ... .max))"
            let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            try #require(tsl_bind_unix(listener, path) == 0 && listen(listener, 1) == 0)
            Thread.start {
                let connection = accept(listener, nil, nil)
                answer(connection)
                close(connection)
                close(listener)
            }
        }

        var opener: FileOpener { FileOpener(socket: path) }
    }

    private enum Thread {
        static func start(_ body: @escaping @Sendable () -> Void) {
            final class Body: Sendable {
                let run: @Sendable () -> Void
                init(_ run: @escaping @Sendable () -> Void) { self.run = run }
            }
            var thread = pthread_t()
            pthread_create(
                &thread, nil,
                { argument in
                    argument.map { Unmanaged<Body>.fromOpaque($0).takeRetainedValue().run() }
                    return nil
                }, Unmanaged.passRetained(Body(body)).toOpaque())
            pthread_detach(thread)
        }
    }

    private func text(_ descriptor: Int32) -> String {
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 100)
        let count = read(descriptor, &buffer, buffer.count)
        return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    }

    @Test("A file comes open, and so does what a link leads to", arguments: [false, true])
    func passesFiles(isLink: Bool) throws {
        let listener = try Listener()
        defer { unlink(listener.path) }
        let file = "\(listener.path).file"
        let descriptor = Glibc.open(file, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        _ = write(descriptor, "here", 4)
        close(descriptor)
        defer { unlink(file) }
        let asked = isLink ? "\(file).link" : file
        if isLink { symlink(file, asked) }
        defer { if isLink { unlink(asked) } }
        let answer = try listener.opener.open(.file, asked, as: "file")
        try #require(answer.error == 0)
        #expect(fcntl(answer.descriptor, F_GETFD) & FD_CLOEXEC != 0)
        #expect(fcntl(answer.descriptor, F_GETFL) & O_ACCMODE == O_RDONLY)
        #expect(text(answer.descriptor) == "here")
    }

    @Test(
        "What cannot be opened is told with its error number, as if it had been opened here",
        arguments: [
            (OpenRequest.Kind.file, "/nowhere/at/all", ENOENT), (.directory, "/dev/null", ENOTDIR),
            (.directory, "/proc/self/cwd", ENOTDIR), (.file, "/" + String(repeating: "x", count: 300), ENAMETOOLONG),
        ])
    func passesErrors(kind: OpenRequest.Kind, path: String, error: Int32) throws {
        let listener = try Listener()
        defer { unlink(listener.path) }
        let there = try listener.opener.open(kind, path, as: "it"),
            here = try FileOpener(socket: nil).open(kind, path, as: "it")
        #expect(there == (-1, error))
        #expect(here == (-1, error))
    }

    @Test(
        "What is no request opens nothing, and is no answer",
        arguments: [
            "", "d", "f", "x/etc", "frelative", "f/etc\0/passwd", "f/" + String(repeating: "a", count: 4095), "\u{e9}/",
        ])
    func refuses(sent: String) throws {
        var pair: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
        defer { for end in pair { close(end) } }
        let bytes = Array(sent.utf8)
        try #require(send(pair[0], bytes, bytes.count, 0) == bytes.count && shutdown(pair[0], Int32(SHUT_WR)) == 0)
        #expect(!OpenRequest.answer(pair[1]))
        close(pair[1])
        pair[1] = -1
        var byte: UInt8 = 0
        var descriptor: Int32 = 0
        #expect(tsl_receive_descriptor(pair[0], &byte, &descriptor) == 0)
        #expect(descriptor == -1)
    }

    @Test("A program that goes away, or that nobody started, is unavailable: the operation tries again")
    func unavailable() throws {
        let listener = try Listener { _ in }
        defer { unlink(listener.path) }
        let gone = #expect(throws: PortError.self) { try listener.opener.open(.file, "/etc/hostname", as: "it") }
        #expect(gone?.code == .unavailable)
        let none = #expect(throws: PortError.self) {
            try FileOpener(socket: "\(listener.path).none").open(.file, "/etc/hostname", as: "it")
        }
        #expect(none?.code == .unavailable)
        #expect(none?.cause.contains("systemctl start tussilago-open.socket") == true)
    }

    @Test("An answer that is none is not taken for one", arguments: [(UInt8(0), false), (2, true)])
    func disbelieves(byte: UInt8, withFile: Bool) throws {
        let listener = try Listener { connection in
            _ = tsl_send_descriptor(connection, byte, withFile ? STDERR_FILENO : -1)
        }
        defer { unlink(listener.path) }
        let error = #expect(throws: PortError.self) { try listener.opener.open(.file, "/etc/hostname", as: "it") }
        #expect(error?.code == .unavailable)
    }
}
