import Glibc

/// Holds the waiting operations of a `CommitQueue` and the loop that takes them.
///
/// Unchecked because every stored variable is touched only between `monitor.lock()` and `monitor.unlock()`.
final class CommitWorker<Operation: Sendable>: @unchecked Sendable {
    private let monitor = Monitor()
    private let maxBatch: Int
    private let maxPending: Int
    private let process: @Sendable ([Operation]) -> Void

    private var pending: [Operation] = []
    private var isAsleep = false
    private var isStopping = false
    private var isFinished = false

    init(maxBatch: Int, maxPending: Int, process: @escaping @Sendable ([Operation]) -> Void) {
        self.maxBatch = max(1, maxBatch)
        self.maxPending = max(1, maxPending)
        self.process = process
    }

    var pendingCount: Int {
        monitor.lock()
        defer { monitor.unlock() }
        return pending.count
    }

    func submit(_ operation: Operation) -> Bool {
        monitor.lock()
        guard !isStopping, pending.count < maxPending else {
            monitor.unlock()
            return false
        }
        pending.append(operation)
        // A worker that is awake looks again before it sleeps, so only a sleeping one is worth a system call.
        let wake = isAsleep
        isAsleep = false
        monitor.unlock()
        if wake { monitor.wakeOne() }
        return true
    }

    func stop() {
        monitor.lock()
        isStopping = true
        isAsleep = false
        monitor.unlock()
        monitor.wakeAll()
    }

    func waitUntilFinished() {
        monitor.lock()
        while !isFinished { monitor.wait() }
        monitor.unlock()
    }

    /// Takes batches until stopped and empty.
    func run() {
        while let batch = next() { process(batch) }
        monitor.lock()
        isFinished = true
        monitor.unlock()
        monitor.wakeAll()
    }

    private func next() -> [Operation]? {
        monitor.lock()
        defer { monitor.unlock() }
        while pending.isEmpty {
            if isStopping { return nil }
            isAsleep = true
            monitor.wait()
        }
        isAsleep = false
        if pending.count <= maxBatch {
            var batch: [Operation] = []
            swap(&batch, &pending)
            return batch
        }
        let batch = Array(pending[..<maxBatch])
        pending.removeFirst(maxBatch)
        return batch
    }
}
