import Synchronization
import Threading

/// Runs one closure on each of several threads, and waits for all of them.
final class Threads: Sendable {
    private let running = Mutex<[SystemThread]>([])

    func start(_ body: @escaping @Sendable () -> Void) throws {
        guard let thread = SystemThread(body) else { throw DrillFailure("the system gives no thread") }
        running.withLock { $0.append(thread) }
    }

    func join() {
        let started = running.withLock { list in
            defer { list = [] }
            return list
        }
        for thread in started { thread.join() }
    }
}
