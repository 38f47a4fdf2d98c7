import CapabilityGraph
import Multiformats
import Storage
import UCAN

/// An answer that is not a success: the status and text clients rely on, and a stable reason beside them.
///
/// The public half goes to the client; `detail` goes to the log under the decision id only.
struct ErrorAnswer: Error, Sendable {
    enum Form: Sendable {
        /// Plain text, as the reference answers on its routes.
        case text
        /// `{error, message, decisionId}`.
        case json
        /// The reference's framework page for a header that is absent or cannot be decoded.
        case framework
        /// A body made by the route, such as a status object.
        case body([UInt8])
    }

    var status: Int
    /// A stable camel-case name.
    var reason: String
    /// What clients read: on the reference's routes, the reference's words.
    var text: String
    /// What those words leave out: one sentence of ours, in `X-Capability-Message` and in JSON as `hint`.
    var explanation: String?
    var form: Form = .text
    var detail: String?
    var retryAfter: Int?
    /// The methods of a path that was asked with another one.
    var allowedMethods: String?
    /// What a 401 names as the way to authenticate.
    var challenge = "Capability"
    /// The issuer whose document another host has to be asked for before the request can be judged.
    var unresolved: DID?
    /// Further headers of the answer.
    var headers: [(String, String)] = []

    init(
        _ status: Int, _ reason: String, _ text: String, _ explanation: String? = nil, form: Form = .text,
        detail: String? = nil, retryAfter: Int? = nil
    ) {
        self.status = status
        self.reason = reason
        self.text = text
        self.explanation = explanation
        self.form = form
        self.detail = detail
        self.retryAfter = retryAfter
    }

    /// The header is absent or not a token in a strict form (tinycloud.md 6.3).
    static func unauthenticated(_ reason: String, detail: String? = nil) -> ErrorAnswer {
        ErrorAnswer(401, reason, "The request requires user authentication.", form: .framework, detail: detail)
    }

    /// Refused by the rules of admission with the given status; for want of room with the one that says so.
    init(_ refusal: Refusal, status: Int) {
        let status =
            switch refusal.code {
            case .unhostedQuota: 402
            case .senderQuota: 429
            default: status
            }
        self.init(status, refusal.code.rawValue, refusal.text, refusal.explanation, retryAfter: refusal.retryAfter)
    }

    init(_ denial: InvocationDenial) {
        self.init(401, denial.denial.code, denial.text, denial.explanation)
    }

    /// A change that could not be kept. Full disks and queues pass, so they are 503 (tinycloud.md 6.3).
    init(_ failure: StoreFailure) {
        switch failure {
        case .busy:
            self.init(503, "busy", "database error: \(failure.message)", retryAfter: 1)
        case .graph(let error):
            self.init(503, error.code.rawValue, "database error: \(error.message)", retryAfter: 5)
        case .storage(let error):
            let (status, text, wait) = Self.words(of: error.code)
            self.init(
                status, error.code.rawValue, text ?? "database error: \(error.code.rawValue)",
                form: text == nil ? .text : .json, detail: error.message, retryAfter: wait)
        }
    }

    /// The status of a failure of the store, what clients are told of it beyond its name, and after how many seconds they may
    /// ask again.
    private static func words(of code: StorageError.Code) -> (Int, String?, Int?) {
        switch code {
        case .diskFull, .locked: (503, nil, 5)
        case .unavailable: (503, "the store cannot be reached now", 1)
        case .notFresh: (503, "this node cannot show now that what it knows is the newest", 1)
        case .inDoubt: (503, "it is not known yet whether the change was kept; ask before making it again", 1)
        case .unstorable: (400, "a text holds U+0000, or a name is too long to be kept", nil)
        default: (500, nil, nil)
        }
    }

    /// A sentence as a header may carry it: the letters of ASCII that show.
    private static func visible(_ sentence: String) -> String {
        String(decoding: sentence.utf8.prefix(1024).map { (0x20...0x7E).contains($0) ? $0 : 0x3F }, as: UTF8.self)
    }

    func response(_ id: DecisionID, wantsJSON: Bool) -> HTTPResponse {
        var headers = [("X-Capability-Reason", reason), ("X-Decision-Id", id.description)] + self.headers
        if let explanation { headers.append(("X-Capability-Message", Self.visible(explanation))) }
        if let retryAfter { headers.append(("Retry-After", String(retryAfter))) }
        if let allowedMethods { headers.append(("Allow", allowedMethods)) }
        if status == 401 { headers.append(("WWW-Authenticate", challenge)) }
        switch form {
        case .text where !wantsJSON:
            headers.append(("Content-Type", "text/plain; charset=utf-8"))
            return HTTPResponse(status: status, headers: headers, body: .bytes(Array(text.utf8)))
        case .text, .json:
            var json = JSONWriter()
            json.beginObject()
            json.key("error")
            json.string(reason)
            json.key("message")
            json.string(text)
            if let explanation {
                json.key("hint")
                json.string(explanation)
            }
            json.key("decisionId")
            json.string(id.description)
            json.endObject()
            headers.append(("Content-Type", "application/json"))
            return HTTPResponse(status: status, headers: headers, body: .bytes(json.bytes))
        case .framework:
            var json = JSONWriter()
            json.beginObject()
            json.key("error")
            json.beginObject()
            json.key("code")
            json.int(status)
            json.key("reason")
            json.string("Unauthorized")
            json.key("description")
            json.string(text)
            json.endObject()
            json.endObject()
            headers.append(("Content-Type", "application/json"))
            return HTTPResponse(status: status, headers: headers, body: .bytes(json.bytes))
        case .body(let bytes):
            headers.append(("Content-Type", "application/json"))
            return HTTPResponse(status: status, headers: headers, body: .bytes(bytes))
        }
    }
}

/// Names one decision, so that a refusal a client saw can be found in the log.
struct DecisionID: Sendable, CustomStringConvertible {
    let description: String

    init() {
        var generator = SystemRandomNumberGenerator()
        let number = generator.next()
        description = Base16.encode((0..<8).map { UInt8(truncatingIfNeeded: number >> (UInt64($0) * 8)) })
    }
}
