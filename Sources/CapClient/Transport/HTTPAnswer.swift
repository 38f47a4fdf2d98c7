/// Holds the status and the whole body of one answer.
struct HTTPAnswer: Sendable, Equatable {
    let status: Int
    let body: [UInt8]
    /// Seconds the service asks to wait before the next question.
    var retryAfter: Int?
}
