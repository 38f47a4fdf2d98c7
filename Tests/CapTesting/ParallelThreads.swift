import Threading

/// Runs closures on threads of their own and waits for all of them.
public enum ParallelThreads {
    public static func run(_ bodies: [@Sendable () -> Void]) {
        let threads = bodies.map { body in
            guard let thread = SystemThread(body) else { preconditionFailure("the system gives no thread") }
            return thread
        }
        for thread in threads { thread.join() }
    }
}
