import Multiformats

/// Says why a question got no answer.
public struct ClientError: Error, Equatable, Sendable {
    /// The kind of failure; raw values are stable.
    public enum Code: String, Sendable, CaseIterable {
        /// The base URL or an argument cannot be sent.
        case invalidRequest
        /// No connection, or it broke.
        case unreachable
        /// The answer took longer than the timeouts allow.
        case timeout
        /// The answer is larger than the client reads.
        case answerTooLarge
        /// The service answered with a status outside 200...299.
        case http
        /// The answer is not what the protocol says.
        case invalidAnswer
        /// Whoever reads a download wanted no more of it.
        case stopped
    }

    public let code: Code
    /// HTTP status, when the service answered.
    public let status: Int?
    /// The service's own name for the error, when it gave one.
    public let serviceCode: String?
    /// What would help, when the service said so.
    public let hint: String?
    /// Seconds the service asks to wait before the next question.
    public let retryAfter: Int?
    /// One lower-case sentence; the service's own words when it answered.
    public let message: String

    public init(
        _ code: Code,
        _ message: String,
        status: Int? = nil,
        serviceCode: String? = nil,
        hint: String? = nil,
        retryAfter: Int? = nil
    ) {
        self.code = code
        self.status = status
        self.serviceCode = serviceCode
        self.hint = hint
        self.retryAfter = retryAfter
        self.message = message
    }

    /// Tells whether the service gave the error this name; names are compared byte for byte.
    public func isNamed(_ name: String) -> Bool {
        serviceCode.map { $0.utf8.elementsEqual(name.utf8) } ?? false
    }
}

extension ClientError {
    /// Longest text of a service repeated in a message, in characters.
    private static let longestText = 500

    /// Reads the error out of an answer outside 200...299: `{error, message, hint?}`, the framework's page, or plain text.
    init(_ answer: HTTPAnswer) {
        let json = try? JSON.answer(answer.body)
        let page = json?["error"]
        let code = page?.string ?? page?["reason"]?.string
        let text =
            json?["message"]?.string ?? page?["description"]?.string ?? page?.string
            ?? String(decoding: answer.body.prefix(4 * Self.longestText), as: UTF8.self)
        let line = String(text.prefix(Self.longestText))
        self.init(
            .http,
            line.isEmpty ? "the service answered \(answer.status) without a word" : line,
            status: answer.status,
            serviceCode: code,
            hint: json?["hint"]?.string,
            retryAfter: answer.retryAfter
        )
    }
}
