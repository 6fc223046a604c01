import CSystemd
import Glibc
import Testing
import TussilagoTestKit

@testable import SystemdBus

/// Answers of any type and content, as only a systemd could give them that is not the one that was asked for.
@Suite struct BusFuzzTests {
    private static let texts = [
        "", "a", "tussilago-acme-shop-web@7.service", "loaded", "/org/freedesktop/systemd1", "\u{1F600}",
    ]

    @Test func answers() throws {
        let peer = try #require(Peer())
        var read = 0
        try fuzz("bus") { random in
            let message = BusMessage(owned: try #require(peer.message()))
            for _ in 0..<Int.random(in: 0...4, using: &random) { Self.append(to: message.pointer, depth: 0, &random) }
            guard sd_bus_message_seal(message.pointer, 1, 0) >= 0 else { return }
            for kind in 0..<9 {
                sd_bus_message_rewind(message.pointer, 1)
                if Self.read(message, kind) { read += 1 }
            }
        }
        #expect(read > 0, "no answer is understood")
    }

    /// Asks for one thing, as the platform does of every answer.
    private static func read(_ message: borrowing BusMessage, _ kind: Int) -> Bool {
        do throws(BusFailure) {
            switch kind {
            case 0: _ = try message.readString()
            case 1: _ = try message.readObjectPath()
            case 2: _ = try message.readUInt32()
            case 3: _ = try message.readStringProperty()
            case 4: _ = try message.readInt32Property()
            case 5: _ = try message.readBoolProperty()
            case 6:
                _ = try message.readStructures("ss") { each throws(BusFailure) in
                    (try each.readString(), try each.readString())
                }
            case 7:
                _ = try message.readStructures("ssssssouso") { each throws(BusFailure) in
                    for _ in 0..<6 { _ = try each.readString() }
                    _ = try each.readObjectPath()
                    _ = try each.readUInt32()
                    _ = try each.readString()
                    _ = try each.readObjectPath()
                }
            default: return message.failure(isConnected: true) != nil
            }
            return true
        } catch { return false }
    }

    private static func append(to message: OpaquePointer, depth: Int, _ random: inout SeededRandom) {
        let kind = Int.random(in: 0..<(depth > 3 ? 6 : 10), using: &random)
        var number = UInt64.random(in: 0...UInt64.max, using: &random)
        switch kind {
        case 0, 1, 2: sd_bus_message_append_basic(message, CChar(SD_BUS_TYPE_STRING), random.pick(texts, otherwise: ""))
        case 3: sd_bus_message_append_basic(message, CChar(SD_BUS_TYPE_OBJECT_PATH), "/a")
        case 4: sd_bus_message_append_basic(message, CChar(SD_BUS_TYPE_UINT32), &number)
        case 5:
            let types = [
                SD_BUS_TYPE_INT32, SD_BUS_TYPE_BYTE, SD_BUS_TYPE_UINT64, SD_BUS_TYPE_DOUBLE, SD_BUS_TYPE_INT16,
            ]
            sd_bus_message_append_basic(message, CChar(random.pick(types, otherwise: SD_BUS_TYPE_INT32)), &number)
        case 6:
            let types = random.pick(["s", "i", "b", "as", "(ss)", "u"], otherwise: "s")
            fill(message, SD_BUS_TYPE_VARIANT, types, depth, &random)
        case 7:
            let types = random.pick(["s", "(ss)", "(ssssssouso)", "o", "v"], otherwise: "s")
            fill(message, SD_BUS_TYPE_ARRAY, types, depth, &random)
        case 8: fill(message, SD_BUS_TYPE_STRUCT, random.pick(["ss", "su", "s"], otherwise: "s"), depth, &random)
        default:
            sd_bus_message_open_container(message, CChar(SD_BUS_TYPE_ARRAY), "(ssssssouso)")
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                sd_bus_message_open_container(message, CChar(SD_BUS_TYPE_STRUCT), "ssssssouso")
                for type in "ssssssouso".utf8 {
                    if type == UInt8(ascii: "u") {
                        sd_bus_message_append_basic(message, CChar(type), &number)
                    } else {
                        sd_bus_message_append_basic(
                            message, CChar(type), type == UInt8(ascii: "o") ? "/o" : random.pick(texts, otherwise: ""))
                    }
                }
                sd_bus_message_close_container(message)
            }
            sd_bus_message_close_container(message)
        }
    }

    /// What does not fit a container's types is refused by libsystemd, and the message goes on without it.
    private static func fill(
        _ message: OpaquePointer, _ kind: Int, _ types: String, _ depth: Int, _ random: inout SeededRandom
    ) {
        guard sd_bus_message_open_container(message, CChar(kind), types) >= 0 else { return }
        for _ in 0..<Int.random(in: 0...3, using: &random) { append(to: message, depth: depth + 1, &random) }
        sd_bus_message_close_container(message)
    }

    /// A connection to nobody, for messages to belong to.
    private final class Peer {
        private var pointer: OpaquePointer?
        private var other: CInt = -1

        init?() {
            var pair: [CInt] = [-1, -1]
            guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &pair) == 0, sd_bus_new(&pointer) >= 0,
                sd_bus_set_fd(pointer, pair[0], pair[0]) >= 0, sd_bus_start(pointer) >= 0
            else { return nil }
            other = pair[1]
        }

        deinit {
            sd_bus_unref(pointer)
            close(other)
        }

        func message() -> OpaquePointer? {
            var message: OpaquePointer?
            return sd_bus_message_new_signal(pointer, &message, "/a", "a.b", "C") >= 0 ? message : nil
        }
    }
}
