/// Measures two things in turn, so that both meet the machine in the same state: what another tenant of it takes, it takes
/// from both.
enum Rounds {
    /// Rounds that count; one more before them warms both sides up.
    static let count = 8

    /// Gives the sums of what each side measured in the rounds that count. Each body is given the number of its round, from
    /// 0 to `count`.
    static func measure(
        value: (Int) throws -> Double, floor: (Int) throws -> Double
    ) rethrows -> (value: Double, floor: Double) {
        var sums = (value: 0.0, floor: 0.0)
        for round in 0...count {
            let taken = (value: try value(round), floor: try floor(round))
            guard round > 0 else { continue }
            sums.value += taken.value
            sums.floor += taken.floor
        }
        return sums
    }
}
