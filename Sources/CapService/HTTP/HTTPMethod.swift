/// Names what a request asks to be done with its target; method names are case-sensitive tokens (RFC 9110, 9.1).
enum HTTPMethod: Hashable, Sendable {
    case get, post, put, delete, options, head
    case other(String)

    init(_ name: String) {
        switch name {
        case "GET": self = .get
        case "POST": self = .post
        case "PUT": self = .put
        case "DELETE": self = .delete
        case "OPTIONS": self = .options
        case "HEAD": self = .head
        default: self = .other(name)
        }
    }

    /// Gives the token as it stands on the wire.
    var name: String {
        switch self {
        case .get: "GET"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .head: "HEAD"
        case .other(let name): name
        }
    }
}
