import Glibc
import HummingbirdCore
public import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle

/// The agent's HTTP server on a Unix socket that systemd listens on.
///
/// ``run()`` returns when there was nothing to do for a while, and after a graceful shutdown: the socket stays with
/// systemd, which starts the agent again for the next connection.
public struct APIServer: Service {
    private let descriptor: CInt
    private let limits: APILimits
    private let idle: Duration?
    private let gate: IdleGate
    private let logger: Logger
    private let onEbb: @Sendable () -> Void
    private let onServing: @Sendable () async -> Void
    private let handler: RequestHandler

    /// Serves on a listening stream socket of the family AF_UNIX, which becomes the server's own.
    ///
    /// With `idle`, the server ends after so much time of nothing, unless something holds the `gate`. `onServing` is
    /// called once, when connections are accepted; `onEbb` when much
    /// of a flood of them has gone.
    public init(
        descriptor: CInt, domain: any Domain, authorization: Authorization, limits: APILimits = APILimits(),
        idle: Duration?, gate: IdleGate, logger: Logger, onEbb: @escaping @Sendable () -> Void = {},
        onServing: @escaping @Sendable () async -> Void = {}
    ) {
        self.init(
            descriptor: descriptor, endpoints: Endpoints.all, domain: domain, authorization: authorization,
            limits: limits,
            idle: idle, gate: gate, logger: logger, onEbb: onEbb, onServing: onServing)
    }

    init(
        descriptor: CInt, endpoints: [Endpoint], domain: any Domain, authorization: Authorization, limits: APILimits,
        idle: Duration?, gate: IdleGate, logger: Logger, onEbb: @escaping @Sendable () -> Void,
        onServing: @escaping @Sendable () async -> Void
    ) {
        self.descriptor = descriptor
        self.limits = limits
        self.idle = idle
        self.gate = gate
        self.logger = logger
        self.onEbb = onEbb
        self.onServing = onServing
        handler = RequestHandler(
            endpoints, domain: domain, authorization: authorization, limits: limits, logger: logger)
    }

    /// Serves until it is idle, or told to stop; then requests that were begun are answered.
    public func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do { try await serve(on: group) } catch {
            try? await group.shutdownGracefully()
            throw error
        }
        try await group.shutdownGracefully()
    }

    private func serve(on group: MultiThreadedEventLoopGroup) async throws {
        let loop = group.next()
        let table = try await loop.submit {
            NIOLoopBound(ConnectionTable(limitPerUser: limits.connectionsPerUser, onEbb: onEbb), eventLoop: loop)
        }
        .get()
        let listener = try await listen(on: group, table)
        await onServing()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await accept(listener) }
            tasks.addTask {
                try await gracefulShutdown()
                try await loop.submit {
                    listener.channel.close(promise: nil)
                    table.value.stop()
                }.get()
                try await Task.sleep(for: limits.drainTime)
                try await loop.submit { table.value.closeAll() }.get()
            }
            // The second only ends first when the time to drain is over.
            try await tasks.next()
            tasks.cancelAll()
        }
    }

    private func listen(
        on group: MultiThreadedEventLoopGroup, _ table: NIOLoopBound<ConnectionTable>
    ) async throws -> NIOAsyncChannel<Connection, Never> {
        let listener = try await ServerBootstrap(group: group)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // Some of these wait on each connection until somebody reads them. NIO's own grow to 64 KiB each.
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 8 << 10))
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = ListenerHandler(
                        gate: gate, idle: idle.map { TimeAmount($0) }, limit: limits.connections)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .bind(descriptor) { channel in
                Connection.make(
                    channel, table: table, limits: limits, handler: handler,
                    logger: logger)
            }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        // NIO has called listen(2) with a backlog of 128, whatever systemd's was.
        if Glibc.listen(descriptor, SOMAXCONN) != 0 { logger.warning("the backlog stays at 128: listen failed") }
        return listener
    }

    private func accept(_ listener: NIOAsyncChannel<Connection, Never>) async throws {
        try await withThrowingDiscardingTaskGroup { connections in
            try await listener.executeThenClose { accepted in
                for try await connection in accepted { connections.addTask { await connection.serve(logger: logger) } }
            }
        }
    }
}
