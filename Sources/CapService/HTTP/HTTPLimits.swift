/// Bounds what one client can make the server hold or wait for.
struct HTTPLimits: Sendable {
    /// The request line and all header fields together, in bytes: the longest token that is read, the longest target, and
    /// 8 KiB for the rest.
    var headerBytes = 80 * 1024
    var headerCount = 100
    var targetBytes = 8 * 1024
    /// The body in bytes, unless `bodyLimit` says otherwise.
    var bodyBytes = 1024 * 1024
    /// Gives the body limit in bytes for a method and path.
    var bodyLimit: (@Sendable (HTTPMethod, String) -> Int)?
    /// Says what the head of a request, whose body is still to come, earns; asked once, when the body outgrows the usual
    /// limit.
    var earnedLimit: (@Sendable (HTTPRequest) -> HTTPBodyLeave)?
    /// A body up to here is bounded by the number of connections alone.
    var uncountedBodyBytes = 64 * 1024
    /// What longer bodies may have together, from their first byte until they are answered: those of who is known, and those
    /// of others.
    var earnedBytes = 256 * 1024 * 1024
    var unprovenBytes = 64 * 1024 * 1024
    /// An answer that is held whole up to here is bounded by the number of connections alone.
    var uncountedAnswerBytes = 256 * 1024
    /// What longer ones may have together, until they are taken.
    var answerBytes = 256 * 1024 * 1024
    /// Gives how a body too large is refused at a path, where it is not `bodyTooLarge`.
    var bodyRefusal: (@Sendable (String) -> HTTPRefusal)?
    /// Whose word on a client's address is taken.
    var proxies = TrustedProxies()
    var connections = 1024
    /// Connections from one IPv4 address or one IPv6 /64 network.
    var connectionsPerAddress = 1024

    /// From the first byte of a request (from accepting, for the first) to the end of its head.
    var headDeadline: Duration = .seconds(5)
    /// A body must keep up with `bodyBytesPerSecond` after this grace, and be complete within `bodyDeadline`.
    var bodyGrace: Duration = .seconds(5)
    var bodyBytesPerSecond = 4096
    var bodyDeadline: Duration = .seconds(120)
    /// How long a connection may stay open between requests.
    var idleDeadline: Duration = .seconds(30)
    /// How long the handler has to answer before the client gets 504.
    var requestDeadline: Duration = .seconds(30)
    /// In every such window, a client must take `sendBytesPerSecond` of an answer that waits for it, and more where more is
    /// held for it: as much as would take all of that within `heldTime`, but never more than `heldBytesPerSecond`.
    var sendWindow: Duration = .seconds(30)
    var sendBytesPerSecond = 256
    var heldTime: Duration = .seconds(60)
    var heldBytesPerSecond = 16 * 1024
    /// How long a refused client may go on sending before the connection is cut.
    var lingerDeadline: Duration = .seconds(2)

    init() {}

    /// Gives the parser's memory for one connection: the head, its field records and the head of the answer.
    var poolBytes: Int {
        headerBytes + headerCount * 64 + 8 * 1024
    }
}

/// What a request is let send beyond the usual limit of a body.
enum HTTPBodyLeave: Sendable {
    case nothing
    /// So many bytes; `isProven` where it is known who sends them.
    case bytes(Int, isProven: Bool)
    /// Nothing, for a reason that the answer tells.
    case refused(HTTPResponse)
}
