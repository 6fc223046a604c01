import FoundationEssentials
import Hummingbird
import Logging
import NIOCore
import TussilagoAPI
import TussilagoCore

/// What belongs to one request beside its message.
struct CallContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The process at the other end.
    let peer: Peer
    /// Who asks; or why nobody is answered.
    let standing: Result<Principal, Problem>
    /// The request's id, always a new one: a client's own could point at another's in the journal.
    let requestID: UUID
    /// The connection.
    let channel: any Channel

    /// The name of who asks, as far as it is known.
    var name: String { (try? standing.get().name) ?? peer.name }

    init(source: Source) {
        coreContext = CoreRequestContextStorage(source: source)
        peer = source.peer
        standing = source.standing
        requestID = source.requestID
        channel = source.channel
    }

    /// What a context is made of.
    struct Source: RequestContextSource {
        let peer: Peer
        let standing: Result<Principal, Problem>
        let requestID: UUID
        let channel: any Channel
        let logger: Logger
    }
}
