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
    }

    public let code: Code
    /// HTTP status, when the service answered.
    public let status: Int?
    /// The service's own name for the error, when it gave one.
    public let serviceCode: String?
    /// What would help, when the service said so.
    public let hint: String?
    /// One lower-case sentence; the service's own words when it answered.
    public let message: String

    public init(
        _ code: Code,
        _ message: String,
        status: Int? = nil,
        serviceCode: String? = nil,
        hint: String? = nil
    ) {
        self.code = code
        self.status = status
        self.serviceCode = serviceCode
        self.hint = hint
        self.message = message
    }
}
