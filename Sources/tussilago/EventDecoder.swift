import FoundationEssentials
import Synchronization
import TussilagoAPI
import TussilagoCore

/// Reads server-sent events (HTML Living Standard, "Server-sent events") as far as the agent writes them.
final class EventDecoder: Sendable {
    private let pending = Mutex<[UInt8]>([])
    private let show: @Sendable (OperationEvent) -> Void

    /// An event is a line of text; a stream without line ends is none.
    private static let limit = 1 << 20

    init(_ show: @escaping @Sendable (OperationEvent) -> Void) { self.show = show }

    /// Takes the next bytes; false when they make no sense any more.
    func take(_ bytes: [UInt8]) -> Bool {
        let lines = pending.withLock { pending -> [[UInt8]]? in
            pending += bytes
            guard pending.count <= Self.limit else { return nil }
            var lines = pending.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
            pending = lines.popLast() ?? []
            return lines
        }
        guard let lines else { return false }
        let field = Array("data: ".utf8)
        for line in lines where line.starts(with: field) {
            guard let event = try? APICoding.decode(OperationEvent.self, from: Data(line.dropFirst(field.count))) else {
                continue
            }
            show(event)
        }
        return true
    }
}
