import Glibc

/// Runs a function on a thread of its own until told to stop.
struct HTTPThread: Sendable {
    private final class Job: Sendable {
        let body: @Sendable (Int32) -> Void
        let stopSignal: Int32

        init(_ body: @escaping @Sendable (Int32) -> Void, _ stopSignal: Int32) {
            self.body = body
            self.stopSignal = stopSignal
        }
    }

    private let thread: pthread_t
    private let readEnd: Int32
    private let writeEnd: Int32

    /// Starts `body`, whose argument becomes readable when it has to return.
    init?(_ body: @escaping @Sendable (Int32) -> Void) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var thread = pthread_t()
        let job = Unmanaged.passRetained(Job(body, ends[0]))
        guard pthread_create(&thread, nil, runJob, job.toOpaque()) == 0 else {
            job.release()
            for end in ends { close(end) }
            return nil
        }
        self.thread = thread
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    /// Signals the body to return and waits until it has.
    func stop() {
        close(writeEnd)
        pthread_join(thread, nil)
        close(readEnd)
    }

    fileprivate static func run(_ context: UnsafeMutableRawPointer) {
        let job = Unmanaged<Job>.fromOpaque(context).takeRetainedValue()
        job.body(job.stopSignal)
    }
}

private func runJob(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context { HTTPThread.run(context) }
    return nil
}
