import Synchronization
import Threading
package import UCAN

extension GraphStore {
    /// Changes tables and graph in one transaction with whatever else is being committed, and waits for it.
    ///
    /// Durable and visible when it returns. Throws what `body` throws, and then nothing of the body was kept, or a
    /// `StoreFailure` when the change could be neither made nor refused. Not to be called from the writer thread.
    package func transact<Value: Sendable>(
        at now: Timestamp, _ body: @escaping @Sendable (StoreTransaction) throws -> Value
    ) throws -> Value {
        let handover = Handover<Value>()
        transact(at: now, body) { result in
            handover.value = try? result.get()
            handover.finish(result.map { _ in })
        }
        return try handover.wait()
    }

    /// Changes tables alone, in the light of a graph that the change leaves as it is; else as `transact`.
    ///
    /// Which of the two a route uses decides whom it has to wait for: an engine may run these beside each other.
    package func change<Value: Sendable>(
        at now: Timestamp, _ body: @escaping @Sendable (TableChange) throws -> Value
    ) throws -> Value {
        try transact(at: now) { try body($0) }
    }

    /// Makes a `transact` without waiting: `reply` is called on the writer thread, once, and must be short.
    package func transact<Value: Sendable>(
        at now: Timestamp, _ body: @escaping @Sendable (StoreTransaction) throws -> Value,
        then reply: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        let made = Mutex<Value?>(nil)
        submit(
            .tables(
                TableOperation(now: now) { transaction in
                    let value = try body(transaction)
                    made.withLock { $0 = value }
                } reply: { result in
                    reply(
                        result.flatMap {
                            made.withLock { $0 }.map { .success($0) } ?? .failure(StoreFailure.busy)
                        })
                }))
    }

    /// Marks a statement as used, together with whatever else is being committed, and waits for it; false when it was
    /// used before. A full disk does not stop it: the mark then waits in memory. Not to be called from the writer thread.
    package func use(_ mark: ReplayMark, at now: Timestamp) throws -> Bool {
        let handover = Handover<Bool>()
        submit(
            .use(mark, hosting: nil, now: now) { result in
                switch result {
                case .success(.marked): handover.value = true
                case .success(.duplicate): handover.value = false
                case .failure(let failure): return handover.finish(.failure(failure))
                }
                handover.finish(.success(()))
            })
        return try handover.wait()
    }

    /// Reads tables on a connection of its own, in one consistent state. What the body has to know from tables it reads from
    /// those that it is given: a second connection, held with the first, is waited for by everybody who holds one.
    package func read<Value>(_ body: (any TableReader) throws -> Value) throws -> Value {
        let session = try openReadSession()
        defer { session.close() }
        return try ReadNesting.inside { try body(session) }
    }

    /// Opens one consistent state of the tables that lasts until it is closed, for an answer that is streamed. Not to be
    /// called inside a read or a change.
    package func openReadSession() throws(StorageError) -> any ReadSession {
        assert(!ReadNesting.isInside, "a read inside a read or a change")
        return try engine.openReadSession()
    }
}

/// Hands the result of a change from the writer thread to the one that waits for it.
///
/// Unchecked because `value` is written before `finish` and read after `wait`, with the monitor between them.
private final class Handover<Value: Sendable>: @unchecked Sendable {
    private let monitor = Monitor()
    var value: Value?
    private var result: Result<Void, any Error>?

    func finish(_ result: Result<Void, any Error>) {
        monitor.lock()
        self.result = result
        monitor.unlock()
        monitor.wakeOne()
    }

    func wait() throws -> Value {
        monitor.lock()
        while result == nil { monitor.wait() }
        monitor.unlock()
        try result?.get()
        guard let value else { throw StoreFailure.busy }
        return value
    }
}
