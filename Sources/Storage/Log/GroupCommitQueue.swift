import Threading

/// Hands operations from many threads to one writer thread, in groups.
///
/// While one group is being written the next one gathers. A group is held back, for four milliseconds at most, only while
/// operations are announced that will join it or come in; a caller alone is never made to wait.
public final class CommitQueue<Operation: Sendable>: Sendable {
    private let worker: CommitWorker<Operation>
    private let thread: SystemThread

    /// Starts the writer thread, which calls `process` with 1 to `maxBatch` operations in order of arrival.
    public init(
        maxBatch: Int = 256,
        maxPending: Int = 4096,
        process: @escaping @Sendable ([Operation]) -> Void
    ) {
        let worker = CommitWorker(maxBatch: maxBatch, maxPending: maxPending, process: process)
        self.worker = worker
        guard let thread = SystemThread.detached({ worker.run() }) else {
            preconditionFailure("the system gives no thread to write with")
        }
        self.thread = thread
    }

    /// Ends the thread as `stop` does; a queue let go by its own `process` cannot wait for itself.
    deinit { stop() }

    /// Queues an operation; false when the queue is full or stopped, and then nothing was queued.
    public func submit(_ operation: Operation) -> Bool { worker.submit(operation) }

    /// Runs `body`, which is about to submit an operation, so that a group about to be written may wait for it.
    public func announcing<Failure: Error>(_ body: () throws(Failure) -> Void) throws(Failure) {
        worker.announce()
        defer { worker.retract() }
        try body()
    }

    /// Operations waiting for the writer.
    public var pendingCount: Int { worker.pendingCount }

    /// Refuses new operations, lets the writer finish the queued ones and waits for that.
    public func stop() {
        worker.stop()
        // From inside `process` the writer finishes after this call returns.
        if !thread.isCurrent { worker.waitUntilFinished() }
    }
}
