import CapTesting

/// Runs blocking work on threads of its own, so that it never holds up the pool that runs the tests.
enum Threads {
    /// Calls `body` with 0 to `count` - 1, each on its own thread, and waits for all.
    static func run(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        ParallelThreads.run((0..<count).map { index in { body(index) } })
    }
}
