/// Draws numbers from a printed seed (SplitMix64), so that a failing property can be run again.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    public let seed: UInt64
    private var state: UInt64

    public init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    /// Takes the seed from CAPTEST_SEED or, without it, from the system, and prints it under `name`.
    public static func printed(_ name: String) -> SeededGenerator {
        let given = Environment.value("CAPTEST_SEED").flatMap { UInt64($0) }
        let seed = given ?? UInt64.random(in: .min ... .max)
        print("seed of \(name): \(seed) (set CAPTEST_SEED to repeat)")
        return SeededGenerator(seed: seed)
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    public mutating func int(in range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

    public mutating func bytes(count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }
}
