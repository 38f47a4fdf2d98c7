import Glibc

/// Starts detached threads.
enum BlockingThread {
    private final class Job: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs `body` on a thread of its own; false when the system gives none.
    static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        let job = Unmanaged.passRetained(Job(body))
        var thread = pthread_t()
        guard pthread_create(&thread, nil, runBlockingThread, job.toOpaque()) == 0 else {
            job.release()
            return false
        }
        pthread_detach(thread)
        return true
    }

    fileprivate static func run(_ context: UnsafeMutableRawPointer) {
        Unmanaged<Job>.fromOpaque(context).takeRetainedValue().run()
    }
}

// A plain function: a closure made in an isolated context would carry that isolation onto this thread.
private func runBlockingThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context { BlockingThread.run(context) }
    return nil
}
