import Multiformats

/// What a handler answers when it refuses nothing.
enum XRPCOutput: Sendable {
    case json([UInt8], status: Int = 200)
    /// No body.
    case empty(status: Int = 200)
    /// A whole answer of another type, streamed ones included.
    case response(HTTPResponse)

    static func json(_ value: JSON, status: Int = 200) -> XRPCOutput { .json(value.serialized(), status: status) }

    var response: HTTPResponse {
        switch self {
        case .json(let bytes, let status): .json(bytes, status: status)
        case .empty(let status): HTTPResponse(status: status)
        case .response(let response): response
        }
    }
}
