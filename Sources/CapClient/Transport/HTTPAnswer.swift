/// Holds the status and the whole body of one answer.
struct HTTPAnswer: Sendable, Equatable {
    let status: Int
    let body: [UInt8]
}
