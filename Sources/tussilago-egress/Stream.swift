import Glibc

/// What is done with connected sockets.
enum Stream {
    /// Waits until something can be done with a descriptor.
    static func wait(for descriptor: Int32, _ event: Int32, until deadline: ContinuousClock.Instant) -> Bool {
        while true {
            let rest = deadline - .now
            let milliseconds = rest.components.seconds * 1000 + rest.components.attoseconds / 1_000_000_000_000_000
            guard milliseconds > 0 else { return false }
            var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
            if poll(&entry, 1, Int32(clamping: milliseconds)) > 0 { return true }
        }
    }

    /// Sends all bytes; false when the other side is gone, or takes none for a minute.
    static func send(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EAGAIN || !wait(for: descriptor, POLLOUT, until: .now + .seconds(60)) {
                return false
            }
        }
        return true
    }
}

/// Passes bytes on between two connections, both ways, until both have ended or neither says anything for long.
struct Relay {
    private let sides: [Int32]

    /// How long nobody may say anything, in milliseconds.
    private static let idle: Int32 = 15 * 60_000

    init(_ first: Int32, _ second: Int32) { sides = [first, second] }

    func run() {
        var isOpen = [true, true]
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while isOpen.contains(true) {
            // poll(2) passes a negative descriptor over.
            var entries = sides.indices.map {
                pollfd(fd: isOpen[$0] ? sides[$0] : -1, events: Int16(POLLIN), revents: 0)
            }
            guard poll(&entries, 2, Self.idle) > 0 else { return }
            for side in sides.indices where entries[side].revents != 0 {
                let count = recv(sides[side], &buffer, buffer.count, 0)
                if count > 0 {
                    guard Stream.send(buffer[..<count], to: sides[1 - side]) else { return }
                } else if count == 0 {
                    isOpen[side] = false
                    shutdown(sides[1 - side], Int32(SHUT_WR))
                } else if errno != EINTR && errno != EAGAIN {
                    return
                }
            }
        }
    }
}
