/// Holds one request below the base URL.
struct HTTPQuestion: Sendable {
    enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
    }

    let method: Method
    /// Path with its leading slash, already percent-encoded; a query may follow.
    let path: String
    var authorization: String?
    var body: [UInt8] = []
    /// Media type of the body; nil when there is none to speak of.
    var contentType: String?
    /// Further fields, such as a proof of possession.
    var headers: [(name: String, value: String)] = []
    var accepts = "application/json, text/plain"

    /// Lists header lines; nil when one of them could smuggle another.
    var headerLines: [String]? {
        // An empty Expect stops libcurl from waiting for `100 Continue`.
        var lines = ["Accept: \(accepts)", "Expect:"]
        let fields =
            (contentType.map { [(name: "Content-Type", value: $0)] } ?? [])
            + (authorization.map { [(name: "Authorization", value: $0)] } ?? []) + headers
        for (name, value) in fields {
            guard value.utf8.allSatisfy({ (0x20...0x7e).contains($0) }), !value.isEmpty,
                name.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != UInt8(ascii: ":") }), !name.isEmpty
            else { return nil }
            lines.append("\(name): \(value)")
        }
        return lines
    }
}

/// Holds the status and the whole body of one answer.
struct HTTPAnswer: Sendable, Equatable {
    let status: Int
    let body: [UInt8]
    /// Seconds the service asks to wait before the next question.
    var retryAfter: Int?
}
