import Threading

/// Lends connections to threads, making them on demand up to a limit and then having callers wait, for a time.
///
/// Unchecked because the stored variables are touched only under `monitor`, and a connection lent out is out of `idle`
/// until its borrower is done.
final class ConnectionPool<Connection>: @unchecked Sendable {
    private let limit: Int
    private let patience: Int64
    private let make: @Sendable () throws(StorageError) -> sending Connection
    private let monitor = Monitor()
    private var idle: [Connection] = []
    private var openCount = 0
    private var isClosed = false

    /// `patience` is how many milliseconds one waits for a connection that others have.
    init(
        limit: Int, patience: Int64 = 5000, make: @escaping @Sendable () throws(StorageError) -> sending Connection
    ) {
        self.limit = limit
        self.patience = patience
        self.make = make
    }

    func use<Value>(_ body: (Connection) throws(StorageError) -> Value) throws(StorageError) -> Value {
        let query = try take()
        do throws(StorageError) {
            let value = try body(query)
            giveBack(query)
            return value
        } catch {
            // A connection that failed may hold on to the cause, so the next caller gets a new one.
            giveBack(nil)
            throw error
        }
    }

    func close() {
        monitor.lock()
        isClosed = true
        let closing = idle
        idle = []
        openCount -= closing.count
        monitor.unlock()
        monitor.wakeAll()
    }

    /// Takes a connection; throws `unavailable` where none came back in time.
    func take() throws(StorageError) -> Connection {
        monitor.lock()
        let deadline = MonotonicDeadline(milliseconds: Int32(clamping: patience))
        while !isClosed, idle.isEmpty, openCount == limit {
            if monitor.wait(milliseconds: Int64(deadline.remaining)) || deadline.remaining > 0 { continue }
            guard !isClosed, idle.isEmpty, openCount == limit else { break }
            monitor.unlock()
            throw StorageError(
                .unavailable, "all \(limit) connections that read are in use", hint: "ask again in a moment")
        }
        if isClosed {
            monitor.unlock()
            throw StorageError(.closed, "the reader is closed")
        }
        if let query = idle.popLast() {
            monitor.unlock()
            return query
        }
        openCount += 1
        monitor.unlock()
        do throws(StorageError) {
            return try make()
        } catch {
            giveBack(nil)
            throw error
        }
    }

    /// Takes a connection back, or lets one go that failed; `rest` is called with one that is idle now.
    func giveBack(_ query: Connection?, _ rest: (Connection) -> Void = { _ in }) {
        monitor.lock()
        if let query, !isClosed {
            rest(query)
            idle.append(query)
        } else {
            openCount -= 1
        }
        monitor.unlock()
        monitor.wakeOne()
    }

    /// Calls `body`, which must be short, with each connection that nobody has.
    func eachIdle(_ body: (Connection) -> Void) {
        monitor.lock()
        defer { monitor.unlock() }
        idle.forEach(body)
    }
}
