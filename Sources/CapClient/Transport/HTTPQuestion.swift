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

    /// All header fields, in the order they are sent in.
    var fields: [(name: String, value: String)] {
        [(name: "Accept", value: accepts)] + (contentType.map { [(name: "Content-Type", value: $0)] } ?? [])
            + (authorization.map { [(name: "Authorization", value: $0)] } ?? []) + headers
    }
}

/// Holds the status and the whole body of one answer.
struct HTTPAnswer: Sendable, Equatable {
    let status: Int
    let body: [UInt8]
    /// Seconds the service asks to wait before the next question.
    var retryAfter: Int?
}
