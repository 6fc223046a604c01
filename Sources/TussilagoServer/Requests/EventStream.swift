import FoundationEssentials
import Hummingbird
import NIOCore
import ServiceLifecycle
import TussilagoAPI
import TussilagoCore

/// An operation's events as server-sent events (HTML Living Standard, "Server-sent events").
///
/// It ends with the operation, with its connection, and when the agent stops; a reader goes on with `Last-Event-ID`.
struct EventStream {
    /// The media type of such a stream.
    static let mediaType = "text/event-stream"
    /// How many events wait for a slow reader.
    ///
    /// One who falls behind further is cut off, and loses nothing: it comes back.
    private static let buffer = 256

    private let events: AsyncStream<OperationEvent>
    private let closed: EventLoopFuture<Void>

    /// Streams events to a connection until that closes.
    init(_ events: AsyncStream<OperationEvent>, until closed: EventLoopFuture<Void>) {
        self.events = events
        self.closed = closed
    }

    /// The answer that streams them.
    var response: Response {
        let body = ResponseBody { writer in
            let (stream, reader) = relay()
            try await withTaskCancellationOrGracefulShutdownHandler {
                for await event in stream { try await writer.write(ByteBuffer(bytes: try Self.text(event))) }
            } onCancelOrGracefulShutdown: {
                reader.cancel()
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: Self.mediaType], body: body)
    }

    /// Reads the events in a task of its own, which can be cancelled when the connection closes while nothing happens.
    private func relay() -> (AsyncStream<OperationEvent>, Task<Void, Never>) {
        let (stream, relay) = AsyncStream.makeStream(
            of: OperationEvent.self, bufferingPolicy: .bufferingOldest(Self.buffer))
        let events = events
        let reader = Task {
            for await event in events {
                if case .dropped = relay.yield(event) { break }
                if event.kind == .succeeded || event.kind == .failed { break }
            }
            relay.finish()
        }
        relay.onTermination = { _ in reader.cancel() }
        closed.whenComplete { _ in reader.cancel() }
        return (stream, reader)
    }

    /// One event.
    ///
    /// JSON has no line ends outside of strings, and escapes them inside: `data` is always one line.
    private static func text(_ event: OperationEvent) throws -> Data {
        var text = Data("id: \(event.sequence)\nevent: \(event.kind.rawValue)\ndata: ".utf8)
        text += try APICoding.encode(event)
        text += Data("\n\n".utf8)
        return text
    }
}
