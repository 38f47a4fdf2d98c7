import Multiformats

extension LogStore {
    /// Walks the entries above `revision` up to the last known one, refusing the first that is not as written.
    func forEachEntry(
        after revision: UInt64,
        _ body: (UInt64, UInt8, Int64, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let query = try connection.prepare(
            """
            SELECT revision, kind, recorded_at, checksum, record FROM log \
            WHERE revision > ?1 AND revision <= ?2 ORDER BY revision
            """
        )
        var previous = try checksum(upTo: revision)
        query.bind(1, Int64(clamping: revision))
        query.bind(2, Int64(clamping: lastRevision))
        var reached = revision
        while try query.step() {
            let at = UInt64(bitPattern: query.integer(0))
            let record = query.blob(4)
            guard let kind = UInt8(exactly: query.integer(1)) else { throw damaged("entry \(at)") }
            let recordedAt = query.integer(2)
            previous = Checksum.entry(
                after: previous,
                revision: at,
                kind: kind,
                recordedAt: recordedAt,
                record: record
            )
            guard previous == UInt64(bitPattern: query.integer(3)) else { throw damaged("entry \(at)") }
            try body(at, kind, recordedAt, record)
            reached = at
        }
        // The end of the chain is known apart from the walk, so a log cut short is seen as well.
        guard reached == max(lastRevision, revision), reached > lastRevision || previous == seal.chain else {
            throw damaged("the log after entry \(reached)")
        }
    }

    func marks(notBefore time: Int64) throws(StorageError) -> [ReplayMark] {
        try onOneState { (seal) throws(StorageError) in
            let query = try connection.prepare("SELECT id, marks FROM mark ORDER BY id")
            var marks: [ReplayMark] = []
            var sum: UInt64 = 0
            while try query.step() {
                let bytes = query.blob(1)
                sum &+= Checksum.row(UInt64(bitPattern: query.integer(0)), bytes)
                guard bytes.count % ReplayMark.byteCount == 0 else { throw damaged("a row of replay marks") }
                for offset in stride(from: 0, to: bytes.count, by: ReplayMark.byteCount) {
                    let mark = ReplayMark(bytes, at: offset)
                    if mark.expiresAt >= time { marks.append(mark) }
                }
            }
            guard sum == seal.marks else { throw damaged("the replay marks") }
            return marks
        }
    }

    /// Reads all keys to find one: they are few, and only their sum shows that none is missing.
    func meta(_ key: String) throws(StorageError) -> [UInt8]? {
        try onOneState { (seal) throws(StorageError) in
            let query = try connection.prepare("SELECT key, value FROM meta")
            var found: [UInt8]?
            var sum: UInt64 = 0
            while try query.step() {
                let stored = query.text(0)
                sum &+= Checksum.named(stored, query.blob(1))
                if stored.utf8.elementsEqual(key.utf8) { found = query.bytes(1) }
            }
            guard sum == seal.meta else { throw damaged("the kept values") }
            return found
        }
    }

    private func checksum(upTo revision: UInt64) throws(StorageError) -> UInt64 {
        let query = try connection.prepare(
            "SELECT checksum FROM log WHERE revision <= ?1 ORDER BY revision DESC LIMIT 1"
        )
        query.bind(1, Int64(clamping: revision))
        return try query.step() ? UInt64(bitPattern: query.integer(0)) : 0
    }

    func damaged(_ what: String) -> StorageError {
        .damaged(what, in: file.path)
    }
}

extension StorageError {
    /// Says of something stored that it is not what was written.
    static func damaged(_ what: String, in path: String) -> StorageError { damaged("\(what) in `\(path)`") }

    package static func damaged(_ what: String) -> StorageError {
        StorageError(.corrupt, "\(what) is damaged", hint: "restore it from a backup")
    }
}
