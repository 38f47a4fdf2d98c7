import ATProto
import Multiformats
package import Storage
import UCAN

/// Reads all repos and blobs of one state of the tables and checks what they say against what they hold.
///
/// What no row can show of itself, such as a missing one, is the seal's to show (`SQLiteLog.verify`).
package struct RepoVerification {
    /// What was read.
    package private(set) var repoCount = 0
    package private(set) var recordCount = 0
    package private(set) var blobCount = 0

    private let tables: any TableReader

    /// Throws `corrupt` at the first fault, naming the row.
    package init(_ tables: any TableReader) throws {
        self.tables = tables
        try checkRepos()
        try checkBlobs()
        try checkNothingIsLoose()
    }

    /// The row of a repo, and the space's name where it still has its place there.
    private struct Repo {
        let id: Int64
        let space: Int64
        let name: String
        let recordCount: Int64
        let operationCount: Int64
        let digest: [UInt8]
        let state: [UInt8]
    }

    private mutating func checkRepos() throws {
        var repos: [Repo] = []
        var last: Int64 = .min
        repeat {
            repos = try tables.rows(
                """
                SELECT r.id, r.space, coalesce(s.uri, ''), r.author, r.record_count, r.operation_count, r.digest, r.state \
                FROM repo r LEFT JOIN space_revision s ON s.id = r.space WHERE r.id > ?1 ORDER BY r.id LIMIT 64
                """,
                [.integer(last)]
            ) {
                Repo(
                    id: $0.integer(0), space: $0.integer(1), name: "\($0.text(2))/\($0.text(3))",
                    recordCount: $0.integer(4), operationCount: $0.integer(5), digest: $0.bytes(6), state: $0.bytes(7))
            }
            for repo in repos { try check(repo) }
            last = repos.last?.id ?? last
        } while !repos.isEmpty
    }

    /// Checks a repo's records and what its row says of them; the row of one that is being cleared away says what it was.
    private mutating func check(_ repo: Repo) throws {
        var hash = LtHash()
        var count: Int64 = 0
        try tables.each(
            "SELECT collection, rkey, cid, value, space FROM record WHERE repo = ?1", [.integer(repo.id)]
        ) { row in
            let path = "\(row.text(0))/\(row.text(1))"
            let cid = try CID(record: row.bytes(2))
            let value = row.bytes(3)
            try cid.check(value, "the record `\(repo.name)/\(path)`")
            guard (try? CBOR.decode(value)) != nil else {
                throw StorageError.damaged("the record `\(repo.name)/\(path)`")
            }
            hash.add(path: path, cid: cid)
            count += 1
            guard repo.space < 0 || row.integer(4) == repo.space else {
                throw StorageError.damaged("the space of the record `\(repo.name)/\(path)`")
            }
            return true
        }
        recordCount += Int(count)
        guard SHA256.hash(repo.state).bytes == repo.digest else {
            throw StorageError.damaged("the set hash of the repo `\(repo.name)`")
        }
        guard repo.space >= 0 else { return }
        repoCount += 1
        guard hash.state == repo.state else {
            throw StorageError.damaged("the set hash of the repo `\(repo.name)`")
        }
        let operations = try tables.first("SELECT count(*) FROM operation WHERE repo = ?1", [.integer(repo.id)]) {
            $0.integer(0)
        }
        guard repo.recordCount == count, repo.operationCount == operations else {
            throw StorageError.damaged("the number of records or operations of the repo `\(repo.name)`")
        }
    }

    private mutating func checkBlobs() throws {
        var count = 0
        try tables.each("SELECT account, cid, size, reference_count, expires_at, bytes FROM blob", []) { row in
            let cid = try CID(blob: row.bytes(1))
            let name = "the blob `\(cid.text)` of `\(row.text(0))`"
            let bytes = row.bytes(5)
            try cid.check(bytes, name)
            guard row.integer(2) == bytes.count else { throw StorageError.damaged("the size of \(name)") }
            // References of repos that are being cleared away may be counted still.
            let references = try tables.first(
                """
                SELECT count(*), coalesce(sum(p.space >= 0), 0) FROM blob_reference f JOIN repo p ON p.id = f.repo \
                WHERE f.cid = ?2 AND p.author = ?1
                """,
                [.text(row.text(0)), cid.digestColumn]
            ) { (all: $0.integer(0), live: $0.integer(1)) }
            let counted = row.integer(3)
            guard let references, (references.live...references.all).contains(counted),
                row.isNull(4) == (counted > 0)
            else { throw StorageError.damaged("the number of references to \(name)") }
            count += 1
            return true
        }
        blobCount = count
    }

    /// Checks that every row belongs to one that is there.
    private func checkNothingIsLoose() throws {
        for (what, query) in [
            ("a record of no repo", "SELECT 1 FROM record WHERE repo NOT IN (SELECT id FROM repo)"),
            ("an operation of no repo", "SELECT 1 FROM operation WHERE repo NOT IN (SELECT id FROM repo)"),
            ("a reference of no record", "SELECT 1 FROM blob_reference WHERE record NOT IN (SELECT id FROM record)"),
            (
                "a reference to no blob",
                """
                SELECT 1 FROM blob_reference f JOIN repo p ON p.id = f.repo WHERE p.space >= 0 \
                AND NOT EXISTS(SELECT 1 FROM blob b WHERE b.account = p.author AND b.cid = f.cid)
                """
            ),
            (
                "a repo of no space",
                "SELECT 1 FROM repo WHERE space >= 0 AND space NOT IN (SELECT id FROM space_revision)"
            ),
        ] where try tables.exists(query) { throw StorageError.damaged(what) }
    }
}
