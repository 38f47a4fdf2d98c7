/// Lends token queries to threads, making them on demand up to a limit and then having callers wait.
///
/// Unchecked because the stored variables are touched only under `monitor`, and a query lent out is out of `idle`
/// until its borrower is done.
final class ConnectionPool: @unchecked Sendable {
    private let file: DatabaseFile
    private let limit: Int
    private let monitor = Monitor()
    private var idle: [TokenQuery] = []
    private var openCount = 0
    private var isClosed = false

    init(file: DatabaseFile, limit: Int) {
        self.file = file
        self.limit = limit
    }

    func use<Value>(_ body: (TokenQuery) throws(StorageError) -> Value) throws(StorageError) -> Value {
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

    private func take() throws(StorageError) -> TokenQuery {
        monitor.lock()
        while !isClosed, idle.isEmpty, openCount == limit { monitor.wait() }
        if isClosed {
            monitor.unlock()
            throw StorageError(.closed, "the token reader is closed")
        }
        if let query = idle.popLast() {
            monitor.unlock()
            return query
        }
        openCount += 1
        monitor.unlock()
        do throws(StorageError) {
            return try TokenQuery(file)
        } catch {
            giveBack(nil)
            throw error
        }
    }

    private func giveBack(_ query: TokenQuery?) {
        monitor.lock()
        if let query, !isClosed { idle.append(query) } else { openCount -= 1 }
        monitor.unlock()
        monitor.wakeOne()
    }
}
