import Glibc
import NIOCore

/// The open connections, and how many each user has.
///
/// It belongs to the event loop.
final class ConnectionTable {
    private var channels: [ObjectIdentifier: any Channel] = [:]
    private var counts: [uid_t: Int] = [:]
    private let limitPerUser: Int
    private var isStopping = false
    private var most = 0
    private let onEbb: () -> Void

    /// How many connections are a flood.
    static let flood = 32

    /// An empty table. `onEbb` is called when of a flood of connections only a quarter is left.
    init(limitPerUser: Int, onEbb: @escaping () -> Void = {}) {
        self.limitPerUser = limitPerUser
        self.onEbb = onEbb
    }

    /// Takes a connection in until it closes; false when its user has too many already.
    func admit(_ channel: any Channel, of user: uid_t) -> Bool {
        guard counts[user, default: 0] < limitPerUser else { return false }
        counts[user, default: 0] += 1
        channels[ObjectIdentifier(channel)] = channel
        most = max(most, channels.count)
        channel.closeFuture.assumeIsolated().whenComplete { _ in self.remove(channel, of: user) }
        if isStopping { channel.eventLoop.execute { channel.pipeline.fireUserInboundEventTriggered(AgentStops()) } }
        return true
    }

    /// Has every connection close as soon as what it began is answered.
    func stop() {
        isStopping = true
        for channel in channels.values { channel.pipeline.fireUserInboundEventTriggered(AgentStops()) }
    }

    /// Closes every connection.
    func closeAll() { for channel in channels.values { channel.close(promise: nil) } }

    private func remove(_ channel: any Channel, of user: uid_t) {
        channels[ObjectIdentifier(channel)] = nil
        counts[user, default: 1] -= 1
        if counts[user] == 0 { counts[user] = nil }
        if most >= Self.flood, channels.count <= most / 4 {
            most = 0
            onEbb()
        }
    }
}

/// Tells a connection that the agent stops.
struct AgentStops: Sendable {}
