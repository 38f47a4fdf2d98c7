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

/// Says which addresses may be asked: the public network by https, and loopback where the operator permits it.
package struct OutboundPolicy: Sendable, Hashable {
    /// Permits plain http and https to this machine (`--allow-loopback-peers`).
    package let allowsLoopback: Bool

    package init(allowsLoopback: Bool) { self.allowsLoopback = allowsLoopback }

    /// Refuses an address by its text, before any name is looked up.
    package func check(_ url: PeerURL) throws(OutboundError) {
        guard url.scheme == .https || allowsLoopback else {
            throw OutboundError(.refusedAddress, "`\(url.origin)` is plain http")
        }
        guard !url.isLoopback || allowsLoopback else {
            throw OutboundError(.refusedAddress, "`\(url.origin)` is this machine")
        }
    }

    /// Decides on the address that would really be connected to.
    func permits(_ address: NetworkAddress, _ scheme: PeerURL.Scheme) -> Bool {
        switch address {
        case .public: scheme == .https
        case .loopback: allowsLoopback
        case .special: false
        }
    }
}

/// Says why another host was not asked, or gave no answer; nothing of the kind is ever taken for a negative answer.
package struct OutboundError: Error, Hashable, Sendable {
    package enum Code: String, Sendable {
        /// The text is no address this service would ask.
        case malformedURL
        /// Plain HTTP where it is not permitted, or a name whose every address is private, of this machine, or
        /// otherwise not public.
        case refusedAddress
        /// The name was not resolved: it is nobody's, or nobody was there to say whose (`NameLookup` tells).
        case unresolved
        /// The one address of the name refuses the connection, or is of another name by a sound certificate.
        case nobodyThere
        /// A host may be there, but gave no whole answer. Whatever cannot be told apart from that counts as this.
        case unreachable
        case timeout
        case tooLarge
        /// More calls to other hosts are under way than the bound allows.
        case busy
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
