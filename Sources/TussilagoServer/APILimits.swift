/// What a caller may take of the agent.
///
/// Every read, wait and buffer of the server has one of these for its bound.
public struct APILimits: Hashable, Sendable {
    /// The most bytes of a request's body.
    public var body = 512 << 10
    /// The most bytes of an archive of a source, which is written down while it comes.
    public var source = 256 << 20
    /// How many bytes a second must come of a body, for those that are longer than others: the time that it may take is
    /// ``bodyTime`` and that.
    public var slowestBody = 1 << 20
    /// The most bytes of all bodies of one user of the host that are read or answered at once: one of the largest, and a
    /// quarter of that for small ones beside it.
    var bodiesPerUser: Int { body > Int.max / 2 ? .max : body + body / 4 }
    /// The most bytes of a request's target and header fields together.
    public var head = 16 << 10
    /// The most header fields of a request.
    public var fields = 64
    /// The most connections at once; what comes then waits in the socket's backlog.
    public var connections = 512
    /// The most connections at once of one user of the host; what comes then is refused.
    public var connectionsPerUser = 64
    /// How many requests a second one caller may send on and on.
    public var requestsPerSecond = 20
    /// How many of them at once.
    public var requestBurst = 100
    /// How long a request's head may take from its first byte, and from the connect for a connection's first.
    public var headTime = Duration.seconds(5)
    /// How long a request's body may take from the end of its head.
    ///
    /// It counts in all, or a byte a second would do.
    public var bodyTime = Duration.seconds(10)
    /// How long a connection is kept open without a request.
    public var idleTime = Duration.seconds(30)
    /// How long written bytes may wait for the other end to read.
    public var writeTime = Duration.seconds(10)
    /// How often a silent event stream says that it is alive.
    public var heartbeat = Duration.seconds(15)
    /// How long requests may go on after the agent was told to stop.
    public var drainTime = Duration.seconds(10)

    /// The usual limits.
    public init() {}
}
