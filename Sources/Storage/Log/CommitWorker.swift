import Glibc
import Synchronization
import Threading

/// Holds the waiting operations of a `CommitQueue` and the loop that takes them.
///
/// Unchecked because every stored variable is touched only between `monitor.lock()` and `monitor.unlock()`.
final class CommitWorker<Operation: Sendable>: @unchecked Sendable {
    private let monitor = Monitor()
    private let maxBatch: Int
    private let maxPending: Int
    private let process: @Sendable ([Operation]) -> Void

    /// Operations that will be submitted soon.
    private let announced = Atomic<Int>(0)
    private static var sliceMicroseconds: UInt32 { 250 }
    private static var maxSlices: Int { 16 }

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

    func announce() { announced.add(1, ordering: .relaxed) }

    func retract() { announced.subtract(1, ordering: .relaxed) }

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
        while waitForWork() {
            gather()
            process(take())
        }
        monitor.lock()
        isFinished = true
        monitor.unlock()
        monitor.wakeAll()
    }

    /// Returns once something is pending; false when stopped and empty.
    private func waitForWork() -> Bool {
        monitor.lock()
        defer { monitor.unlock() }
        while pending.isEmpty {
            if isStopping { return false }
            isAsleep = true
            monitor.wait()
        }
        isAsleep = false
        return true
    }

    /// Waits in short slices for operations that were announced, until none came in a slice and none is to come, and
    /// for four milliseconds at most.
    private func gather() {
        var count = 0
        for slice in 0..<Self.maxSlices {
            let now = pendingCount
            let isGrowing = slice > 0 && now > count
            guard isGrowing || announced.load(ordering: .relaxed) > 0, now < maxBatch else { return }
            count = now
            usleep(Self.sliceMicroseconds)
        }
    }

    private func take() -> [Operation] {
        monitor.lock()
        defer { monitor.unlock() }
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
