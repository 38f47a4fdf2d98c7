/// Keeps what was made from a text: worlds use few names again and again, and tests run without optimisation.
final class Memory<Value: Sendable>: Sendable {
    private let known = Locked<[String: Value]>([:])

    func value(_ text: String, _ make: () throws -> Value) rethrows -> Value {
        if let value = known.withLock({ $0[text] }) { return value }
        let value = try make()
        known.withLock { $0[text] = value }
        return value
    }
}
