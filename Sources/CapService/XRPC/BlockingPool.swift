import Glibc
import Synchronization
import Threading

/// Runs jobs that may wait (for disk syncs, other hosts, slow hashes) on a bounded number of threads.
///
/// Threads are made when all others are busy and end after a while without work. Jobs that find the queue full are
/// refused at once, so that a slow peer costs a bounded memory.
///
/// Unchecked because the fields below `monitor` are touched only while its lock is held.
final class BlockingPool: @unchecked Sendable {
    typealias Job = @Sendable () -> Void

    private let maxThreads: Int
    private let maxWaiting: Int
    private let monitor = Monitor()
    private var jobs: [Job] = []
    /// The next job in `jobs`; what stands before it has been taken.
    private var head = 0
    private var threads = 0
    private var idle = 0
    private var isStopped = false

    init(threads: Int, waiting: Int) {
        maxThreads = max(1, threads)
        maxWaiting = max(1, waiting)
    }

    /// Takes a job; false when too many wait already, or the pool has stopped.
    func run(_ job: @escaping Job) -> Bool {
        monitor.lock()
        defer { monitor.unlock() }
        let waiting = jobs.count - head
        guard !isStopped, waiting < maxWaiting + idle else { return false }
        if waiting >= idle, threads < maxThreads, SystemThread.detached({ self.work() }) != nil { threads += 1 }
        guard threads > 0 else { return false }
        jobs.append(job)
        monitor.wakeOne()
        return true
    }

    /// Runs a job and waits for what it gives; nil when too many wait already, or the pool has stopped.
    func result<Value: Sendable>(of job: @escaping @Sendable () throws -> Value) throws -> Value? {
        let done = Monitor()
        let made = Mutex<Result<Value, any Error>?>(nil)
        let isTaken = run {
            let result = Result { try job() }
            done.lock()
            made.withLock { $0 = result }
            done.unlock()
            done.wakeOne()
        }
        guard isTaken else { return nil }
        done.lock()
        defer { done.unlock() }
        while true {
            if let result = made.withLock({ $0 }) { return try result.get() }
            // A job that was dropped when the pool stopped gives nothing.
            if !done.wait(milliseconds: 1000), hasStopped { return nil }
        }
    }

    private var hasStopped: Bool {
        monitor.lock()
        defer { monitor.unlock() }
        return isStopped
    }

    /// Refuses further jobs, drops those that wait, and waits until the running ones ended or `deadline` has passed.
    func stop(deadline: Duration) {
        monitor.lock()
        defer { monitor.unlock() }
        isStopped = true
        jobs = []
        head = 0
        monitor.wakeAll()
        let end = MonotonicClock.milliseconds() + deadline.milliseconds
        while threads > 0 {
            let left = end - MonotonicClock.milliseconds()
            guard left > 0 else { return }
            _ = monitor.wait(milliseconds: left)
        }
    }

    private func work() {
        while let job = next() { job() }
    }

    /// Waits for a job; nil when the thread is to end.
    private func next() -> Job? {
        monitor.lock()
        defer { monitor.unlock() }
        while true {
            if head < jobs.count { return take() }
            idle += 1
            let isWoken = isStopped || monitor.wait(milliseconds: 10_000)
            idle -= 1
            guard isStopped || (!isWoken && head == jobs.count) else { continue }
            threads -= 1
            monitor.wakeAll()
            return nil
        }
    }

    private func take() -> Job {
        let job = jobs[head]
        jobs[head] = {}
        head += 1
        if head == jobs.count || head >= 1024 {
            jobs.removeFirst(head)
            head = 0
        }
        return job
    }
}
