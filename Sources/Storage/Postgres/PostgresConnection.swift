import CPostgres
import Glibc

/// Owns one connection to a server; whoever owns it uses it from one thread at a time.
///
/// Never blocks without a bound: a server that says nothing for `silence` is taken for gone, and the socket is closed. What
/// was asked of it is never cancelled, which could make a commit look done that is not (postgres.md 6.4).
final class PostgresConnection {
    /// The address without the password, for messages.
    let server: String
    /// Nil once the connection is gone.
    private(set) var handle: OpaquePointer?
    private var prepared: [String: String] = [:]
    private var preparedCount = 0
    let notices = Notices()

    /// Milliseconds for which the server may say nothing.
    var silence: Int32 = 30_000
    /// The most bytes that the rows of one statement may take.
    static let maxResultBytes = 256 << 20
    /// The longest value that is sent, in bytes.
    private static let maxValueBytes = 256 << 20
    private static let maxPrepared = 1024

    /// Whether the server warned of something since it was asked last.
    final class Notices { var warned = false }

    /// Connects to the server that takes writes; `patience` is in milliseconds.
    init(_ address: String, patience: Int32 = 10_000) throws(PostgresFailure) {
        server = PostgresConnection.named(address)
        // What the library says of an address that it cannot read may hold the password.
        guard let known = PQconninfoParse(address, nil) else {
            throw PostgresFailure(
                StorageError(
                    .notFound, "the address of the database cannot be read",
                    hint: "write it as `postgres://USER@HOST/DATABASE`, with `%` before the codes of other signs"))
        }
        PQconninfoFree(known)
        let words = ["dbname", "target_session_attrs", "client_encoding", "application_name"]
        let values = [address, "read-write", "UTF8", "capservice"]
        handle = words.withPointers { words in
            values.withPointers { values in PQconnectStartParams(words, values, 1) }
        }
        do throws(PostgresFailure) {
            try connect(by: MonotonicDeadline(milliseconds: patience))
        } catch {
            close()
            throw error
        }
        PQsetNoticeReceiver(
            handle,
            { notices, result in
                guard let notices, let result, let severity = capPostgresSeverity(result) else { return }
                if String(cString: severity) == "WARNING" {
                    Unmanaged<Notices>.fromOpaque(notices).takeUnretainedValue().warned = true
                }
            }, Unmanaged.passUnretained(notices).toOpaque())
    }

    deinit { close() }

    /// Lets the socket go; later calls fail as those of a lost connection.
    func close() {
        PQfinish(handle)
        handle = nil
    }

    var isLost: Bool { handle == nil }

    private func connect(by deadline: MonotonicDeadline) throws(PostgresFailure) {
        guard let handle, PQstatus(handle) != CONNECTION_BAD else { throw lost() }
        var waits = Int16(POLLOUT)
        while true {
            guard PostgresConnection.wait(PQsocket(handle), waits, deadline.remaining) else {
                throw .lost(server, "no answer in time")
            }
            switch PQconnectPoll(handle) {
            case PGRES_POLLING_READING: waits = Int16(POLLIN)
            case PGRES_POLLING_WRITING: waits = Int16(POLLOUT)
            case PGRES_POLLING_OK:
                guard PQsetnonblocking(handle, 1) == 0 else { throw lost() }
                return
            default: throw lost()
            }
        }
    }

    private static func wait(_ socket: Int32, _ events: Int16, _ milliseconds: Int32) -> Bool {
        var wait = pollfd(fd: socket, events: events, revents: 0)
        var found: Int32
        repeat { found = poll(&wait, 1, milliseconds) } while found < 0 && errno == EINTR
        return found > 0
    }

    /// Says why the connection is gone, in the library's first line.
    private func lost() -> PostgresFailure {
        let words = handle.flatMap { PQerrorMessage($0) }.map { String(cString: $0) } ?? "the connection is closed"
        close()
        return .lost(server, words.split(whereSeparator: \.isNewline).first.map(String.init) ?? "it hung up")
    }

    // MARK: asking

    /// Runs statements that take no values; `told` is given what the library says of each, if that matters.
    func execute(_ sql: String, _ told: (OpaquePointer) -> Void = { _ in }) throws(PostgresFailure) {
        guard let handle else { throw lost() }
        notices.warned = false
        guard PQsendQuery(handle, sql) == 1 else { throw lost() }
        _ = try results(told)
    }

    /// Runs one statement, prepared where it was not yet, and gives its rows. Parameters are `$1`, `$2` and so on.
    @discardableResult
    func query(_ sql: String, _ values: [PostgresValue] = []) throws(PostgresFailure) -> PostgresResult {
        let name = try prepare(sql, values)
        guard let handle else { throw lost() }
        notices.warned = false
        let encoded = try encoded(values)
        let sent = encoded.withPointers { pointers, lengths, formats in
            PQsendQueryPrepared(handle, name, Int32(values.count), pointers, lengths, formats, 1)
        }
        guard sent == 1, PQsetSingleRowMode(handle) == 1 else { throw lost() }
        return try results().last ?? PostgresResult()
    }

    /// Does the same with a text that is not asked again.
    @discardableResult
    func once(_ sql: String, _ values: [PostgresValue] = []) throws(PostgresFailure) -> PostgresResult {
        guard let handle else { throw lost() }
        notices.warned = false
        let encoded = try encoded(values)
        let sent = encoded.withPointers { pointers, lengths, formats in
            PQsendQueryParams(
                handle, sql, Int32(values.count), values.map(\.type), pointers, lengths, formats, 1)
        }
        guard sent == 1, PQsetSingleRowMode(handle) == 1 else { throw lost() }
        return try results().last ?? PostgresResult()
    }

    private func encoded(_ values: [PostgresValue]) throws(PostgresFailure) -> [[UInt8]?] {
        let encoded = values.map(\.encoded)
        guard encoded.allSatisfy({ ($0?.count ?? 0) <= PostgresConnection.maxValueBytes }) else {
            throw PostgresFailure(StorageError(.constraint, "a value is too long to be stored"))
        }
        return encoded
    }

    private func prepare(_ sql: String, _ values: [PostgresValue]) throws(PostgresFailure) -> String {
        if let name = prepared[sql] { return name }
        if prepared.count >= PostgresConnection.maxPrepared {
            prepared = [:]
            try execute("DEALLOCATE ALL")
        }
        guard let handle else { throw lost() }
        preparedCount += 1
        let name = "s\(preparedCount)"
        guard PQsendPrepare(handle, name, sql, Int32(values.count), values.map(\.type)) == 1 else { throw lost() }
        _ = try results()
        prepared[sql] = name
        return name
    }

    // MARK: answers

    /// Takes all that the server answers; throws its first failure once everything was taken.
    func results(_ told: (OpaquePointer) -> Void = { _ in }) throws(PostgresFailure) -> [PostgresResult] {
        var all: [PostgresResult] = []
        var rows = PostgresResult()
        var failure: PostgresFailure?
        while let result = try next() {
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_SINGLE_TUPLE:
                if rows.rowCount == 0 { try checkTypes(result) }
                rows.append(Int(PQnfields(result))) { column in
                    guard PQgetisnull(result, 0, Int32(column)) == 0 else { return nil }
                    return UnsafeRawBufferPointer(
                        start: PQgetvalue(result, 0, Int32(column)),
                        count: Int(PQgetlength(result, 0, Int32(column))))
                }
                guard rows.size <= PostgresConnection.maxResultBytes else {
                    close()
                    throw PostgresFailure(
                        StorageError(.internal, "an answer of `\(server)` is too large"), isConnectionLost: true)
                }
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK:
                rows.changeCount = PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
                told(result)
                all.append(rows)
                rows = PostgresResult()
            case PGRES_EMPTY_QUERY: break
            case PGRES_FATAL_ERROR: failure = failure ?? self.failure(result)
            default:
                close()
                throw PostgresFailure(
                    StorageError(.internal, "`\(server)` answers in a way that is not known"), isConnectionLost: true)
            }
        }
        if let failure {
            if failure.isConnectionLost { close() }
            throw failure
        }
        return all
    }

    /// Waits for the next result; nil after the last.
    private func next() throws(PostgresFailure) -> OpaquePointer? {
        guard let handle else { throw lost() }
        while true {
            let unsent = PQflush(handle)
            guard unsent >= 0 else { throw lost() }
            if unsent == 0, PQisBusy(handle) == 0 { return PQgetResult(handle) }
            let events = Int16(POLLIN) | (unsent > 0 ? Int16(POLLOUT) : 0)
            guard PostgresConnection.wait(PQsocket(handle), events, silence) else {
                close()
                throw .lost(server, "it said nothing for \(silence) ms")
            }
            guard PQconsumeInput(handle) == 1 else { throw lost() }
        }
    }

    private func failure(_ result: OpaquePointer) -> PostgresFailure {
        guard let state = capPostgresState(result) else {
            let words = PQresultErrorMessage(result).map { String(cString: $0) } ?? ""
            return .lost(server, words.split(whereSeparator: \.isNewline).first.map(String.init) ?? "it hung up")
        }
        let message = capPostgresMessage(result).map { String(cString: $0) } ?? ""
        return PostgresFailure(state: String(cString: state), message: message, server: server)
    }

    private func checkTypes(_ result: OpaquePointer) throws(PostgresFailure) {
        for column in 0..<PQnfields(result) {
            guard PQfformat(result, column) == 1, PostgresType.isRead(PQftype(result, column)) else {
                close()
                throw PostgresFailure(
                    StorageError(.internal, "`\(server)` gives values of a type that is not known"),
                    isConnectionLost: true)
            }
        }
    }
}
