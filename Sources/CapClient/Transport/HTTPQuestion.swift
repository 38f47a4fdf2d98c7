/// Holds one request below the base URL.
struct HTTPQuestion: Sendable, Equatable {
    enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
    }

    let method: Method
    /// Path with its leading slash, already percent-encoded.
    let path: String
    var authorization: String?
    var body: [UInt8] = []
    var hasJSONBody = false

    /// Lists header lines; nil when one of them could smuggle another.
    var headerLines: [String]? {
        // An empty Expect stops libcurl from waiting for `100 Continue`.
        var lines = ["Accept: application/json, text/plain", "Expect:"]
        if hasJSONBody { lines.append("Content-Type: application/json") }
        if let authorization {
            guard authorization.utf8.allSatisfy({ (0x20...0x7e).contains($0) }), !authorization.isEmpty else {
                return nil
            }
            lines.append("Authorization: \(authorization)")
        }
        return lines
    }
}
