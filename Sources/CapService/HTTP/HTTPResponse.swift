/// Holds an answer; length, date and connection headers are added by the server.
struct HTTPResponse: Sendable {
    /// A status from 200 to 599.
    var status: Int
    var headers: [(String, String)]
    var body: HTTPBody

    init(status: Int, headers: [(String, String)] = [], body: HTTPBody = .empty) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Makes an answer whose body is JSON text.
    static func json(_ body: [UInt8], status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, headers: [("Content-Type", "application/json")], body: .bytes(body))
    }
}

enum HTTPBody: Sendable {
    case empty
    case bytes([UInt8])
    case stream(any HTTPBodySource)
    case live(HTTPLiveBody)
}

/// Gives a body of unknown length piece by piece; called on the connection's thread, one call at a time.
protocol HTTPBodySource: Sendable {
    /// Gives 1 to `maxBytes` further bytes, or nil at the end; it may block briefly, as a disk read does.
    ///
    /// A throw cuts the connection, so that a truncated body never looks complete.
    func next(maxBytes: Int) throws -> [UInt8]?
}
