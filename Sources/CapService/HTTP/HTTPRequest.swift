/// Holds one complete request as it was received.
struct HTTPRequest: Sendable {
    let method: HTTPMethod
    /// The path of the target before its `?`, raw: still percent-encoded, ASCII, starting with `/` (or `*` alone).
    let path: String
    /// What follows the first `?` of the target, raw; nil without one.
    let rawQuery: String?
    let headers: HTTPHeaders
    let body: [UInt8]
    /// The address of the peer without its port.
    let remoteAddress: String

    init(
        method: HTTPMethod,
        path: String,
        rawQuery: String? = nil,
        headers: HTTPHeaders = HTTPHeaders(),
        body: [UInt8] = [],
        remoteAddress: String = "127.0.0.1"
    ) {
        self.method = method
        self.path = path
        self.rawQuery = rawQuery
        self.headers = headers
        self.body = body
        self.remoteAddress = remoteAddress
    }

    /// Decodes the query on each call; nil when it is malformed, empty when there is none.
    var query: HTTPQuery? {
        HTTPQuery(rawQuery ?? "")
    }
}
