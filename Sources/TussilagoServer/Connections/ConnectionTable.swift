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
    private var gone = 0
    private let onEbb: () -> Void

    /// How many connections are a flood.
    static let flood = 32

    /// How many connections come and go in a flood before it is as good as over, and the next one.
    private static let tide = 512

    /// An empty table. `onEbb` is called when of a flood of connections only a quarter is left, and from time to time while
    /// one goes on.
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
        gone += 1
        if most >= Self.flood, channels.count <= most / 4 || gone >= Self.tide {
            most = 0
            gone = 0
            onEbb()
        }
    }
}

/// Tells a connection that the agent stops.
struct AgentStops: Sendable {}
