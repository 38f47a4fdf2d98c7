import ATProto
import Multiformats
import Storage
import UCAN

/// Remembers what was read of repos, to be read again by who stands on the same state: until something is committed no
/// row is another. What may be shown to whom is decided each time.
///
/// Bounded in number, and each record in bytes: 8 MiB of records at most.
final class RepoMemory: Sendable {
    private struct HeadName: Hashable {
        let space: Int64
        let author: String
    }

    private struct RecordName: Hashable {
        let repo: Int64
        let collection: String
        let rkey: String
    }

    private struct Known<Value: Sendable>: Sendable {
        let state: UInt64
        let value: Value
    }

    /// The numbers of spaces, which stay theirs once they are durable.
    let numbers = BoundedCache<String, Int64>(generation: 4096)
    private let heads = BoundedCache<HeadName, Known<RepoHead>>(generation: 1024)
    private let records = BoundedCache<RecordName, Known<StoredRecord>>(generation: 512)
    static let maximumLength = 8192

    /// The head of an author's repo in a numbered space; `read` gives it where it is not known of this state.
    func head(
        of author: String, in space: Int64, at state: UInt64?, _ read: () throws -> RepoHead?
    ) rethrows -> RepoHead? {
        guard let state else { return try read() }
        let name = HeadName(space: space, author: author)
        // Found by `==`, which other bytes may meet too.
        if let known = heads[name], known.state == state, UTF8Bytes.equal(known.value.author, author) {
            return known.value
        }
        let head = try read()
        if let head { heads.insert(Known(state: state, value: head), for: name) }
        return head
    }

    /// A record of a repo; `read` gives it where it is not known of this state. Both parts of its name are ASCII.
    func record(
        _ collection: NSID, _ rkey: RecordKey, of repo: Int64, at state: UInt64?,
        _ read: () throws -> StoredRecord?
    ) rethrows -> StoredRecord? {
        guard let state else { return try read() }
        let name = RecordName(repo: repo, collection: collection.text, rkey: rkey.text)
        if let known = records[name], known.state == state { return known.value }
        let record = try read()
        if let record, (record.bytes?.count ?? 0) <= Self.maximumLength {
            records.insert(Known(state: state, value: record), for: name)
        }
        return record
    }
}
