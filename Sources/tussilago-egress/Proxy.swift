import Glibc
import Synchronization
import TussilagoCore

/// Takes connections of one app on one port, and serves each on a thread of its own.
final class Proxy: Sendable {
    private let listener: Int32
    private let port: UInt16
    private let open = Atomic<Int>(0)

    /// How many connections of an app are served on one port.
    private static let limit = 256
    /// How long it stays without any, in milliseconds.
    private static let idle: Int32 = 60_000

    /// Takes a listening socket of TCP; nil when it is none.
    init?(listener: Int32) {
        guard let own = SocketAddress.own(of: listener), own.bytes.count == 4 else { return nil }
        self.listener = listener
        port = own.port
    }

    func run() {
        while true {
            var entry = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
            let ready = poll(&entry, 1, Self.idle)
            if ready == 0, open.load(ordering: .acquiring) == 0 { return }
            guard ready > 0 else { continue }
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { continue }
            guard open.load(ordering: .acquiring) < Self.limit else {
                close(connection)
                continue
            }
            open.add(1, ordering: .acquiringAndReleasing)
            serve(connection)
        }
    }

    private func serve(_ connection: Int32) {
        let work = Work(proxy: self, connection: connection)
        let context = Unmanaged.passRetained(work)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, context.toOpaque())
        if code == 0 {
            pthread_detach(thread)
        } else {
            context.release()
            end(connection)
        }
    }

    private func end(_ connection: Int32) {
        close(connection)
        open.subtract(1, ordering: .acquiringAndReleasing)
    }

    /// One connection, on its thread.
    private final class Work: Sendable {
        let proxy: Proxy
        let connection: Int32

        init(proxy: Proxy, connection: Int32) {
            self.proxy = proxy
            self.connection = connection
        }

        func run() {
            do throws(Refusal) { try Passage(connection, port: proxy.port).perform() } catch {
                standardError("\(error.description)\n")
            }
            proxy.end(connection)
        }
    }
}

/// Writes to stderr, which is the unit's journal.
func standardError(_ text: String) {
    var text = text
    text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
