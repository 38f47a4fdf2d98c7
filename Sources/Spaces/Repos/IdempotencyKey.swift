import ATProto
import Multiformats
import Storage
import UCAN

/// Remembers what was answered under an idempotency key, so that a batch sent again is not made again.
struct IdempotencyKey {
    let account: String
    let key: String
    /// BLAKE3 over what the batch asks for.
    let request: Digest

    /// Nil for a batch without a key; throws `InvalidRequest` for one that is empty or too long.
    init?(_ batch: WriteBatch, limits: RepoLimits) throws(ATProtoError) {
        guard let key = batch.idempotencyKey else { return nil }
        guard (1...limits.maxWriteKeyBytes).contains(key.utf8.count) else {
            throw ATProtoError("InvalidRequest", "an idempotency key has 1 to \(limits.maxWriteKeyBytes) bytes")
        }
        account = batch.author
        self.key = key
        request = BLAKE3.hash(Self.request(batch))
    }

    /// Gives what the key answered before.
    ///
    /// - Throws: `InvalidRequest` when it answered something else than this batch.
    func outcome(of batch: WriteBatch, in change: TableChange) throws -> WriteOutcome? {
        let row = try change.first(
            WriteKeyTable.self,
            where: [
                WriteKeyTable.account.is(account), WriteKeyTable.key.is(key),
                WriteKeyTable.expiresAt.isAbove(change.now.microseconds),
            ]
        ) { (request: $0[WriteKeyTable.request], outcome: $0[WriteKeyTable.outcome]) }
        guard let row else { return nil }
        guard row.request == request.bytes else {
            throw ATProtoError("InvalidRequest", "the idempotency key was used for other writes")
        }
        guard let outcome = Self.decode(row.outcome, batch) else {
            throw StorageError(.corrupt, "a stored outcome cannot be read", hint: "restore the file from a backup")
        }
        return outcome
    }

    /// Keeps an outcome, and lets go of a few that nobody can ask for any more.
    func keep(_ outcome: WriteOutcome, in change: TableChange, limits: RepoLimits) throws {
        let now = change.now.microseconds
        let isOver = WriteKeyTable.expiresAt.isAtMost(now)
        let expired = try change.rows(
            WriteKeyTable.self, [WriteKeyTable.account, WriteKeyTable.key], where: [isOver],
            order: [WriteKeyTable.expiresAt.ascending], limit: 64
        ) { [WriteKeyTable.account.is($0[WriteKeyTable.account]), WriteKeyTable.key.is($0[WriteKeyTable.key])] }
        for place in expired { try change.delete(WriteKeyTable.self, where: place + [isOver]) }
        try change.put(
            WriteKeyTable.self,
            [
                WriteKeyTable.account.to(account), WriteKeyTable.key.to(key),
                WriteKeyTable.request.to(request.bytes), WriteKeyTable.outcome.to(Self.encode(outcome)),
                WriteKeyTable.expiresAt.to(now + limits.writeKeyLifetime),
            ])
    }

    private static func request(_ batch: WriteBatch) -> [UInt8] {
        let writes = batch.writes.map { write -> CBOR in
            switch write {
            case .create(let collection, let rkey, let record):
                .array([.unsigned(0), .text(collection.text), .text(rkey?.text ?? ""), .link(record.cid)])
            case .update(let collection, let rkey, let record, let swap):
                .array([.unsigned(1), .text(collection.text), .text(rkey.text), .link(record.cid), Self.cbor(swap)])
            case .put(let collection, let rkey, let record, let swap):
                .array([.unsigned(2), .text(collection.text), .text(rkey.text), .link(record.cid), Self.cbor(swap)])
            case .delete(let collection, let rkey, let swap, let ifPresent):
                .array([.unsigned(3), .text(collection.text), .text(rkey.text), Self.cbor(swap), .bool(ifPresent)])
            }
        }
        let swap: CBOR = batch.swapCommit.map { .text($0) } ?? .null
        return CBOR.array([.text(batch.space.text), swap, .array(writes)]).encoded()
    }

    private static func cbor(_ swap: RecordSwap) -> CBOR {
        switch swap {
        case .anything: .null
        case .absent: .bool(false)
        case .cid(let text): .text(text)
        }
    }

    private static func encode(_ outcome: WriteOutcome) -> [UInt8] {
        let results = outcome.results.map { result -> CBOR in
            .array([
                result.action.map { .int($0.rawValue) } ?? .null, .text(result.collection), .text(result.rkey),
                result.cid.map { .link($0) } ?? .null,
            ])
        }
        let commit = outcome.commit.map { commit -> CBOR in
            .array([
                .unsigned(commit.rev.value), .bytes(commit.hash), .unsigned(commit.spaceRev.value),
                commit.previousSpaceRev.map { .unsigned($0.value) } ?? .null,
            ])
        }
        return CBOR.array([.array(results), commit ?? .null]).encoded()
    }

    private static func decode(_ bytes: [UInt8], _ batch: WriteBatch) -> WriteOutcome? {
        guard let parts = try? CBOR.decode(bytes).array, parts.count == 2, let rows = parts[0].array else { return nil }
        var results: [WriteOutcome.Result] = []
        for row in rows {
            guard let row = row.array, row.count == 4, let collection = row[1].text, let rkey = row[2].text else {
                return nil
            }
            results.append(
                WriteOutcome.Result(
                    action: row[0].int64.flatMap(RecordAction.init(rawValue:)), collection: collection, rkey: rkey,
                    cid: row[3].link.flatMap { try? CID(bytes: $0) }))
        }
        guard let commit = parts[1].array else {
            return WriteOutcome(results: results, commit: nil, isRepeated: true)
        }
        guard commit.count == 4, case .unsigned(let rev) = commit[0], let hash = commit[1].bytes,
            case .unsigned(let spaceRev) = commit[2]
        else { return nil }
        var previous: TID?
        if case .unsigned(let value) = commit[3] { previous = TID(value: value) }
        let advance = RepoAdvance(
            space: batch.space, author: batch.author, rev: TID(value: rev), hash: hash,
            spaceRev: TID(value: spaceRev), previousSpaceRev: previous)
        return WriteOutcome(results: results, commit: advance, isRepeated: true)
    }
}
