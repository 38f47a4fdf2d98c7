import ATProto
import Multiformats
import Spaces
import Storage

/// Sends what a call came to: an output, or `{error, message}` under the status of the name.
struct XRPCAnswer: Sendable {
    let answer: Answer
    /// The name as called.
    let nsid: String
    let request: HTTPRequest

    func send(_ output: XRPCOutput) { answer.send(output.response) }

    func refuse(_ error: any Error) { answer.fail(Self.failure(error, nsid: nsid, request: request)) }

    /// The answer that a refusal of a call is.
    static func failure(_ error: any Error, nsid: String, request: HTTPRequest) -> ErrorAnswer {
        let refusal = refusal(error)
        let status = refusal.status(isAlias: XRPCCall.isAlias(nsid))
        var json = JSONWriter()
        json.beginObject()
        json.key(plain: "error")
        json.string(refusal.name)
        json.key(plain: "message")
        json.string(refusal.message)
        if let reason = refusal.reason {
            json.key(plain: "reason")
            json.string(reason)
        }
        json.endObject()
        var failure = ErrorAnswer(
            status, refusal.reason ?? refusal.name, refusal.message, form: .body(json.bytes), detail: refusal.detail,
            retryAfter: refusal.retryAfter)
        failure.challenge = refusal.challenge ?? challenge(refusal.name, nsid, request)
        failure.headers = refusal.headers
        return failure
    }

    /// Gives an error its wire name; what is no refusal is `InternalServerError`, its words for the log only.
    static func refusal(_ error: any Error) -> XRPCError {
        switch error {
        case let error as XRPCError: return error
        case let error as ATProtoError: return XRPCError(error)
        case let error as AccessRefusal: return XRPCError(error)
        case let error as RateLimitExceeded: return XRPCError(error)
        case let error as ErrorAnswer:
            if error.status == 429 {
                return XRPCError(
                    "RateLimitExceeded", "too many requests", retryAfter: error.retryAfter ?? 1, detail: error.text)
            }
            if let refusal = XRPCError(passing: error, "the service cannot answer now") { return refusal }
        case let error as StoreFailure:
            if let refusal = XRPCError(passing: ErrorAnswer(error), "the change cannot be kept now") { return refusal }
        case let error as StorageError:
            let failure = ErrorAnswer(.storage(error))
            if let refusal = XRPCError(passing: failure, "the service cannot answer now") { return refusal }
        case is XRPCMustWait:
            return XRPCError("ServiceUnavailable", "the service cannot answer now", retryAfter: 1)
        default: break
        }
        return XRPCError("InternalServerError", "the call could not be answered", detail: "\(error)")
    }

    /// The scheme a client should have used, as far as its request and the name of the refusal say.
    private static func challenge(_ name: String, _ nsid: String, _ request: HTTPRequest) -> String {
        if ["BadSpaceSignature", "BadSpaceAudience"].contains(name) { return "Atproto-Space" }
        if nsid.utf8.starts(with: "com.atproto.server.".utf8) { return "Bearer" }
        let scheme = request.headers.bytes("Authorization")?.prefix { $0 != UInt8(ascii: " ") } ?? []
        return ASCII.equalIgnoringCase(Array(scheme), "atproto-space".utf8) ? "Atproto-Space" : "DPoP"
    }
}

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
