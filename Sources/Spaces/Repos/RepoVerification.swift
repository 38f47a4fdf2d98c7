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
                RepoTable.self, where: [RepoTable.id.isAbove(last)], order: [RepoTable.id.ascending], limit: 64
            ) { row in
                let space = try RepoReader(tables).space(numbered: row[RepoTable.space])
                return Repo(
                    id: row[RepoTable.id], space: row[RepoTable.space],
                    name: "\(space?.text ?? "")/\(row[RepoTable.author])", recordCount: row[RepoTable.recordCount],
                    operationCount: row[RepoTable.operationCount], digest: row[RepoTable.digest],
                    state: row[RepoTable.state])
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
            RecordTable.self,
            [RecordTable.path, RecordTable.cid, RecordTable.value, RecordTable.space],
            where: [RecordTable.repo.is(repo.id)]
        ) { row in
            let path = row[RecordTable.path]
            let cid = try CID(record: row[RecordTable.cid])
            let value = row[RecordTable.value]
            try cid.check(value, "the record `\(repo.name)/\(path)`")
            guard (try? CBOR.decode(value)) != nil else {
                throw StorageError.damaged("the record `\(repo.name)/\(path)`")
            }
            hash.add(path: path, cid: cid)
            count += 1
            guard repo.space < 0 || row[RecordTable.space] == repo.space else {
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
        let operations = try tables.count(OperationTable.self, where: [OperationTable.repo.is(repo.id)])
        guard repo.recordCount == count, repo.operationCount == operations else {
            throw StorageError.damaged("the number of records or operations of the repo `\(repo.name)`")
        }
    }

    private mutating func checkBlobs() throws {
        var count = 0
        try tables.each(BlobTable.self) { row in
            let digest = row[BlobTable.cid]
            let cid = try CID(blob: digest)
            let name = "the blob `\(cid.text)` of `\(row[BlobTable.account])`"
            let bytes = row[BlobTable.bytes]
            try cid.check(bytes, name)
            guard row[BlobTable.size] == bytes.count else { throw StorageError.damaged("the size of \(name)") }
            // References of repos that are being cleared away may be counted still.
            let references = try references(to: digest, of: row[BlobTable.account])
            let counted = row[BlobTable.referenceCount]
            guard (references.live...references.all).contains(counted),
                row.holds(BlobTable.expiresAt) == (counted == 0)
            else { throw StorageError.damaged("the number of references to \(name)") }
            count += 1
            return true
        }
        blobCount = count
    }

    /// How many records of an account's repos refer to a blob, and how many of them in repos that are not cleared away.
    private func references(to digest: [UInt8], of account: String) throws -> (live: Int64, all: Int64) {
        var (live, all): (Int64, Int64) = (0, 0)
        try tables.each(
            BlobReferenceTable.self, [BlobReferenceTable.repo], where: [BlobReferenceTable.cid.is(digest)]
        ) { row in
            let space = try tables.first(
                RepoTable.self, [RepoTable.space],
                where: [RepoTable.id.is(row[BlobReferenceTable.repo]), RepoTable.author.is(account)]
            ) { $0[RepoTable.space] }
            if let space {
                all += 1
                if space >= 0 { live += 1 }
            }
            return true
        }
        return (live, all)
    }

    /// Checks that every row belongs to one that is there.
    private func checkNothingIsLoose() throws {
        func all<T: Table>(
            _ column: Column<Int64>, of table: T.Type, are isThere: (Int64) throws -> Bool, _ what: String
        ) throws {
            var last: Int64?
            try tables.each(table, [column], order: [column.ascending]) { row in
                let number = row[column]
                guard number != last else { return true }
                guard try isThere(number) else { throw StorageError.damaged(what) }
                last = number
                return true
            }
        }
        var repos: [Int64: (space: Int64, author: String)] = [:]
        try tables.each(RepoTable.self, [RepoTable.id, RepoTable.space, RepoTable.author]) { row in
            repos[row[RepoTable.id]] = (row[RepoTable.space], row[RepoTable.author])
            return true
        }
        try all(RecordTable.repo, of: RecordTable.self, are: { repos[$0] != nil }, "a record of no repo")
        try all(OperationTable.repo, of: OperationTable.self, are: { repos[$0] != nil }, "an operation of no repo")
        try all(
            BlobReferenceTable.record, of: BlobReferenceTable.self,
            are: { try tables.exists(RecordTable.self, where: [RecordTable.id.is($0)]) }, "a reference of no record")
        try tables.each(BlobReferenceTable.self, [BlobReferenceTable.repo, BlobReferenceTable.cid]) { row in
            guard let repo = repos[row[BlobReferenceTable.repo]], repo.space >= 0 else { return true }
            let place = [BlobTable.account.is(repo.author), BlobTable.cid.is(row[BlobReferenceTable.cid])]
            guard try tables.exists(BlobTable.self, where: place) else {
                throw StorageError.damaged("a reference to no blob")
            }
            return true
        }
        for repo in repos.values where repo.space >= 0 {
            guard try RepoReader(tables).space(numbered: repo.space) != nil else {
                throw StorageError.damaged("a repo of no space")
            }
        }
    }
}
