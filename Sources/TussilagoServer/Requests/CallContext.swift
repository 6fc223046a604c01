import FoundationEssentials
import Hummingbird
import Logging
import NIOCore

/// What belongs to one request beside its message.
struct CallContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Who asks.
    let peer: Peer
    /// What they may do; nil when they may do nothing.
    let role: Role?
    /// The request's id, always a new one: a client's own could point at another's in the journal.
    let requestID: UUID
    /// The connection.
    let channel: any Channel

    init(source: Source) {
        coreContext = CoreRequestContextStorage(source: source)
        peer = source.peer
        role = source.role
        requestID = source.requestID
        channel = source.channel
    }

    /// What a context is made of.
    struct Source: RequestContextSource {
        let peer: Peer
        let role: Role?
        let requestID: UUID
        let channel: any Channel
        let logger: Logger
    }
}
