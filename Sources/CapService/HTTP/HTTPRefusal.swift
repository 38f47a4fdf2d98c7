/// Names every request the server itself turns away, before any route sees it.
enum HTTPRefusal: String, CaseIterable, Error {
    case malformedRequest, malformedTarget, conflictingLength, repeatedLength, missingHost, repeatedHost
    case unsupportedTransferCoding, unsupportedVersion, unsupportedExpectation
    case targetTooLong, headersTooLarge, bodyTooLarge
    /// The same as `bodyTooLarge`, by its name in XRPC.
    case payloadTooLarge = "PayloadTooLarge"
    case tooManyConnections, tooManyBodies, tooManyAnswers, shuttingDown, deadlineExceeded, internalError

    var status: Int {
        switch self {
        case .malformedRequest, .malformedTarget, .conflictingLength, .repeatedLength, .missingHost, .repeatedHost: 400
        case .bodyTooLarge, .payloadTooLarge: 413
        case .targetTooLong: 414
        case .unsupportedExpectation: 417
        case .headersTooLarge: 431
        case .internalError: 500
        case .unsupportedTransferCoding: 501
        case .tooManyConnections, .tooManyBodies, .tooManyAnswers, .shuttingDown: 503
        case .deadlineExceeded: 504
        case .unsupportedVersion: 505
        }
    }

    private var message: StaticString {
        switch self {
        case .malformedRequest: "the request head is not well-formed"
        case .malformedTarget: "the request target is not well-formed"
        case .conflictingLength: "content length and transfer coding are both given"
        case .repeatedLength: "the content length is given more than once"
        case .missingHost: "the host is missing"
        case .repeatedHost: "the host is given more than once"
        case .unsupportedTransferCoding: "the transfer coding is not supported"
        case .unsupportedVersion: "the protocol version is not supported"
        case .unsupportedExpectation: "the expectation is not supported"
        case .targetTooLong: "the request target is too long"
        case .headersTooLarge: "the request headers are too large"
        case .bodyTooLarge, .payloadTooLarge: "the request body is too large"
        case .tooManyConnections: "too many connections are open"
        case .tooManyBodies: "too many large bodies are on their way"
        case .tooManyAnswers: "too many large answers are on their way"
        case .shuttingDown: "the service is shutting down"
        case .deadlineExceeded: "the request was not answered in time"
        case .internalError: "the request could not be answered"
        }
    }

    private var json: String {
        "{\"error\":\"\(rawValue)\",\"message\":\"\(message)\"}"
    }

    /// Makes the answer: `{"error": <stable code>, "message": …}`.
    var response: HTTPResponse {
        var response = HTTPResponse.json(Array(json.utf8), status: status)
        if self == .tooManyAnswers || self == .tooManyBodies { response.headers.append(("Retry-After", "5")) }
        return response
    }
}

extension HTTPResponse {
    /// The whole answer as bytes of a connection that closes after it, for a socket outside the parser's hands; of a body
    /// that is streamed, nothing.
    var raw: [UInt8] {
        let content: [UInt8] = if case .bytes(let bytes) = body { bytes } else { [] }
        var lines = ["HTTP/1.1 \(status) Refused", "Connection: close"]
        lines += headers.map { "\($0.0): \($0.1)" }
        lines.append("Content-Length: \(content.count)")
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + content
    }
}
