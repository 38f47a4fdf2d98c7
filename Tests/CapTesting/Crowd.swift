import Glibc

/// Runs blocking work on threads of its own, so that it never holds up the pool that runs the tests.
public enum Crowd {
    private final class Job: Sendable {
        let index: Int
        let body: @Sendable (Int) -> Void

        init(_ index: Int, _ body: @escaping @Sendable (Int) -> Void) {
            self.index = index
            self.body = body
        }
    }

    /// Calls `body` with 0 to `count` - 1, each on its own thread, and waits for all.
    public static func run(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        var threads: [pthread_t] = []
        for index in 0..<count {
            var thread = pthread_t()
            let job = Unmanaged.passRetained(Job(index, body))
            let status = pthread_create(
                &thread, nil,
                { context in
                    guard let context else { return nil }
                    let job = Unmanaged<Job>.fromOpaque(context).takeRetainedValue()
                    job.body(job.index)
                    return nil
                }, job.toOpaque())
            guard status == 0 else { fatalError("no thread: \(status)") }
            threads.append(thread)
        }
        for thread in threads { pthread_join(thread, nil) }
    }
}
