/// Runs a claim on many drawn cases and names seed and case of the first that breaks it.
///
/// CAPGRAPH_CASES sets how many cases all properties together run (default 3280), CAPGRAPH_SEED the seed, and
/// CAPGRAPH_CASE picks one case alone.
public enum Property {
    public static let defaultTotal = 3280

    /// A case that broke the claim.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// What a claim may throw instead of returning a text.
    public struct Difference: Error, CustomStringConvertible {
        public let description: String
        public init(_ description: String) { self.description = description }
    }

    /// Throws `Failure` when `claim` returns the text of a difference, or throws; `share` is the count by default.
    public static func hold(
        _ name: String, cases share: Int, _ claim: (SeededGenerator) throws -> String?
    ) throws {
        let seed =
            Environment.value("CAPGRAPH_SEED").flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64(UInt32.max))
        let total = Environment.value("CAPGRAPH_CASES").flatMap { Int($0) } ?? defaultTotal
        let count = max(1, share * total / defaultTotal)
        let only = Environment.value("CAPGRAPH_CASE").flatMap { Int($0) }
        for number in 0..<count where only == nil || only == number {
            func fail(_ text: String) -> Failure {
                Failure(
                    description: "\(name) breaks: \(text)\nCAPGRAPH_SEED=\(seed) CAPGRAPH_CASE=\(number)"
                        + " CAPGRAPH_CASES=\(total)")
            }
            var mixer = SeededGenerator(seed: seed &+ UInt64(number) &* 0x9E37_79B9)
            do {
                if let text = try claim(SeededGenerator(seed: mixer.next())) { throw fail(text) }
            } catch let failure as Failure {
                throw failure
            } catch {
                throw fail("\(error)")
            }
        }
    }
}
