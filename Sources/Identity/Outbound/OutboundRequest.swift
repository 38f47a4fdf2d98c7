/// One question to another host, with its bounds.
package struct OutboundRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
    }

    package var method: Method
    package var url: PeerURL
    /// Header fields; none may hold a control character.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// The largest body of an answer, in bytes.
    package var maxBytes: Int
    /// Until the connection stands, name look-up and TLS included.
    package var connectTimeout: Duration
    /// Until the last byte of the answer.
    package var totalTimeout: Duration

    package init(
        _ method: Method = .get, _ url: PeerURL, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
        maxBytes: Int = 64 * 1024, connectTimeout: Duration = .seconds(3), totalTimeout: Duration = .seconds(5)
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.maxBytes = maxBytes
        self.connectTimeout = connectTimeout
        self.totalTimeout = totalTimeout
    }
}

/// What another host answered, whatever its status; redirections are not followed.
package struct OutboundResponse: Sendable, Hashable {
    package let status: Int
    /// The media type as sent, with its parameters.
    package let contentType: String?
    package let body: [UInt8]

    package init(status: Int, contentType: String? = nil, body: [UInt8] = []) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }
}

/// Asks other hosts; waits for the answer on the calling thread.
package protocol Outbound: Sendable {
    func send(_ request: OutboundRequest) throws(OutboundError) -> OutboundResponse
}
