import Multiformats

/// Names one decision, so that a refusal a client saw can be found in the log.
struct DecisionID: Sendable, CustomStringConvertible {
    let description: String

    init() {
        var generator = SystemRandomNumberGenerator()
        let number = generator.next()
        description = Base16.encode((0..<8).map { UInt8(truncatingIfNeeded: number >> (UInt64($0) * 8)) })
    }
}
