import Multiformats
import Synchronization

/// Keeps a store in memory, for as long as it lives: small and plain, for tests and for tables that are made to be compared.
package final class MemoryEngine: StoreEngine {
    private struct State {
        var entries: [LogEntry] = []
        var marks: [ReplayMark] = []
        var meta: [String: [UInt8]] = [:]
        var tables = MemoryTables()
        var isClosed = false
    }

    private let state = Mutex(State())

    package init() {}

    package var lastRevision: UInt64 { state.withLock { $0.entries.last?.revision ?? 0 } }
    package var tokens: any TokenSource { MemoryTokens(self) }

    package func commit(_ batch: LogBatch) throws(StorageError) {
        try change { (state) throws(StorageError) in try Self.append(batch, to: &state) }
    }

    package func transaction(_ body: (any TableSession) -> LogBatch?) throws(StorageError) {
        // One thread writes, so that nothing else changes between the two locks.
        let session = MemorySession(try opened { $0.tables })
        guard let batch = body(session) else { return }
        if let failure = session.failure { throw failure }
        try change { (state) throws(StorageError) in
            try Self.append(batch, to: &state)
            state.tables = session.tables
        }
    }

    private static func append(_ batch: LogBatch, to state: inout State) throws(StorageError) {
        var last = state.entries.last?.revision ?? 0
        for entry in batch.entries {
            try entry.check(after: last)
            last = entry.revision
        }
        state.entries += batch.entries
        state.marks += batch.marks
        if let time = batch.forgetMarksBefore { state.marks.removeAll { $0.expiresAt < time } }
    }

    package func forEachEntry(
        after revision: UInt64, _ body: (UInt64, UInt8, Int64, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        for entry in try opened({ $0.entries }) where entry.revision > revision {
            try entry.record.withUnsafeBytes { try body(entry.revision, entry.kind, entry.recordedAt, $0) }
        }
    }

    package func marks(notBefore time: Int64) throws(StorageError) -> [ReplayMark] {
        try opened { $0.marks }.filter { $0.expiresAt >= time }
    }

    package func meta(_ key: String) throws(StorageError) -> [UInt8]? { try opened { $0.meta[key] } }

    package func setMeta(_ key: String, _ value: [UInt8]) throws(StorageError) {
        try change { (state) throws(StorageError) in state.meta[key] = value }
    }

    package func openReadSession() throws(StorageError) -> any ReadSession {
        MemoryReadSession(try opened { $0.tables })
    }

    package func backup(to path: String) throws -> UInt64 {
        throw StorageError(.readOnly, "a store in memory has no file to copy", hint: "use a database file")
    }

    package func close() { state.withLock { $0.isClosed = true } }

    fileprivate func entries() throws(StorageError) -> [LogEntry] { try opened { $0.entries } }

    private func opened<Value: Sendable>(_ body: (State) -> Value) throws(StorageError) -> Value {
        try change { (state) throws(StorageError) in body(state) }
    }

    private func change<Value: Sendable>(
        _ body: (inout State) throws(StorageError) -> Value
    ) throws(StorageError) -> Value {
        try state.withLock { (state) throws(StorageError) in
            guard !state.isClosed else { throw StorageError(.closed, "the store is closed") }
            return try body(&state)
        }
    }
}

/// A state of the tables, which later changes leave as it is.
private final class MemoryReadSession: ReadSession {
    private let tables: Mutex<MemoryTables?>

    init(_ tables: MemoryTables) { self.tables = Mutex(tables) }

    func each(_ selection: Selection, _ body: (Row) throws -> Bool) throws { try opened().each(selection, body) }
    func count(_ selection: Selection) throws -> Int64 { Int64(try opened().rows(selection).count) }
    func sum(_ column: ColumnDefinition, _ selection: Selection) throws -> Int64 {
        try opened().sum(column, selection)
    }
    func close() { tables.withLock { $0 = nil } }

    private func opened() throws(StorageError) -> MemoryTables {
        guard let state = tables.withLock({ $0 }) else {
            throw StorageError(.closed, "the read session is closed")
        }
        return state
    }
}

private final class MemoryTokens: TokenSource {
    private let engine: MemoryEngine

    init(_ engine: MemoryEngine) { self.engine = engine }

    func tokens(revisions: [UInt64]) throws(StorageError) -> [[UInt8]?] {
        let entries = try engine.entries()
        return revisions.map { revision in entries.first { $0.revision == revision }?.token }
    }

    func tokens(_ names: [TokenName]) throws(StorageError) -> [[UInt8]] {
        let found = try tokens(revisions: names.map(\.revision))
        var tokens: [[UInt8]] = []
        for (name, token) in zip(names, found) {
            guard let token, BLAKE3.hash(token) == name.id else {
                throw .damaged("the token of entry \(name.revision)")
            }
            tokens.append(token)
        }
        return tokens
    }

    func close() {}
}
