/// One HTTP request as libcurl is to send it, with its bounds.
package struct CurlRequest {
    package var url: String
    /// The schemes that may be spoken, as libcurl lists them: `https` or `http,https`.
    package var schemes: String
    package var isPost: Bool
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// Until the connection stands, name look-up and TLS included.
    package var connectTimeout: Duration
    package var end: End
    package var userAgent: String?
    /// Whether a proxy that the environment names may be used.
    package var mayUseProxy: Bool

    /// When a transfer is given up.
    package enum End: Sendable {
        /// When the last byte of the answer has not come in this time.
        case total(Duration)
        /// When no byte has come for this time.
        case stall(Duration)
    }

    package init(
        url: String, schemes: String, isPost: Bool, headers: [(name: String, value: String)], body: [UInt8] = [],
        connectTimeout: Duration, end: End, userAgent: String? = nil, mayUseProxy: Bool = false
    ) {
        self.url = url
        self.schemes = schemes
        self.isPost = isPost
        self.headers = headers
        self.body = body
        self.connectTimeout = connectTimeout
        self.end = end
        self.userAgent = userAgent
        self.mayUseProxy = mayUseProxy
    }

    /// The header lines; throws for one that could smuggle another.
    func lines() throws(CurlTrouble) -> [String] {
        // An empty Expect stops libcurl from waiting for `100 Continue`.
        var lines = ["Expect:"]
        for (name, value) in headers {
            guard value.utf8.allSatisfy({ (0x20...0x7e).contains($0) }), !value.isEmpty, !name.isEmpty,
                name.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != UInt8(ascii: ":") })
            else { throw .header(name) }
            lines.append("\(name): \(value)")
        }
        return lines
    }
}

/// The head of an answer, whatever its status; redirections are not followed.
package struct CurlAnswer: Sendable {
    package let status: Int
    /// The media type as sent, with its parameters.
    package let contentType: String?
    /// `Retry-After` where it is a count of seconds.
    package let retryAfter: Int?
}

/// Takes an answer as it arrives, on the thread that performs, and judges every address before it is connected to.
package protocol CurlReceiver: AnyObject {
    /// Takes a piece of the body; false ends the transfer.
    func take(_ piece: UnsafeRawBufferPointer, status: Int) -> Bool
    /// Takes so many bytes of the head; false ends the transfer.
    func takeHeader(_ count: Int) -> Bool
    /// Decides on the `sockaddr` that would really be connected to.
    func permits(_ address: UnsafeRawBufferPointer) -> Bool
}

/// Why there is no answer, where the receiver did not end the transfer itself.
package enum CurlTrouble: Error {
    /// No header can carry this field.
    case header(String)
    case timeout
    /// The address is none that libcurl can ask.
    case malformed
    /// libcurl takes an option of this request not at all.
    case unsendable
    /// The name was not resolved, be it unknown or nobody there to say; in libcurl's own words, in lower case.
    case unresolved(String)
    /// The one address refuses the connection, or shows a sound certificate of another name; in the same words.
    case nobodyThere(String)
    /// All other trouble, in the same words: a host may be there.
    case unreachable(String)
}

extension Duration {
    /// Whole milliseconds, at least 1: libcurl takes 0 as forever.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        let milliseconds = seconds.multipliedReportingOverflow(by: 1_000)
        guard !milliseconds.overflow else { return Int(Int32.max) }
        return Int(min(max(milliseconds.partialValue + attoseconds / 1_000_000_000_000_000, 1), Int64(Int32.max)))
    }
}
