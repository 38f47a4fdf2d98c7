import ATProto
import CapTesting
import Glibc
import Multiformats
import Testing
import UCAN

@testable import Spaces
@testable import Storage

/// What a service holds is damaged behind its back; nothing of it is read as something else.
@Suite struct RepoVerificationTests {
    /// Two repos with records, an old operation, a deleted repo and blobs, on which every check has something to look at.
    private func filled() throws -> (RepoRig, BlobRef) {
        let rig = try RepoRig()
        let blob = try rig.repos.uploadBlob(
            [UInt8](repeating: 7, count: 5000), mimeType: "image/png", account: RepoRig.alice, at: rig.time)
        _ = try rig.repos.uploadBlob([1, 2, 3], mimeType: "image/png", account: RepoRig.bob, at: rig.time)
        let json: JSON = ["image": RecordData.json(blob.cbor)]
        let record = try PreparedRecord(json: json, collection: "com.example.post")
        try rig.write([
            RepoRig.put("a", "one"), RepoRig.put("b", "two"),
            .put(collection: NSID("com.example.post"), rkey: RecordKey("c"), record, .anything),
        ])
        try rig.write([RepoRig.put("a", "three"), RepoRig.delete("b")])
        try rig.write([RepoRig.put("x", "other")], by: RepoRig.bob)
        let elsewhere = try SpaceURI("at://did:web:authority.example/space/com.example.forum/gone")
        try rig.write([RepoRig.put("y", "gone")], by: RepoRig.bob, to: elsewhere)
        _ = try rig.repos.deleteRepo(space: elsewhere, author: RepoRig.bob, at: rig.time)
        return (rig, blob)
    }

    /// Runs a statement as a change of the store, which seals it: only what the rows say of each other is left to tell.
    private func change(_ sql: String, _ rig: RepoRig) throws {
        try rig.store.transact(at: rig.time) { try $0.run(sql) }
    }

    private func fault(_ rig: RepoRig) -> StorageError? {
        do {
            let found = try rig.store.read { try RepoVerification($0) }
            #expect(found.recordCount == 4 && found.blobCount == 2 && found.repoCount == 3)
            return nil
        } catch { return error as? StorageError }
    }

    @Test(
        arguments: [
            (
                "UPDATE record SET value = CAST(value || x'00' AS BLOB) WHERE rkey = 'a'",
                "did:web:alice.example/com.example.post/a"
            ),
            (
                "UPDATE record SET value = CAST(substr(value, 1, length(value) - 1) || 'x' AS BLOB) WHERE rkey = 'y'",
                "com.example.post/y"
            ),
            (
                "UPDATE record SET cid = (SELECT cid FROM record WHERE rkey = 'c') WHERE rkey = 'a'",
                "com.example.post/a"
            ),
            ("UPDATE record SET rkey = 'd' WHERE rkey = 'a'", "set hash"),
            ("UPDATE record SET space = space + 7 WHERE rkey = 'a'", "com.example.post/a"),
            ("DELETE FROM record WHERE rkey = 'a'", "set hash"),
            (
                "UPDATE repo SET state = zeroblob(2048) WHERE author = 'did:web:bob.example' AND status = 0",
                "did:web:bob.example"
            ),
            ("UPDATE repo SET state = zeroblob(2048) WHERE space < 0", "set hash"),
            ("UPDATE repo SET digest = zeroblob(32) WHERE author = 'did:web:alice.example'", "did:web:alice.example"),
            (
                "UPDATE repo SET record_count = record_count + 1 WHERE author = 'did:web:alice.example'",
                "number of records"
            ),
            (
                "UPDATE repo SET operation_count = operation_count - 1 WHERE author = 'did:web:alice.example'",
                "number of records"
            ),
            ("DELETE FROM operation WHERE idx = 1", "number of records"),
            ("UPDATE blob SET bytes = CAST(bytes || 'x' AS BLOB) WHERE size = 3", "the blob"),
            ("UPDATE blob SET size = 4 WHERE size = 3", "the size of the blob"),
            ("UPDATE blob SET reference_count = 2 WHERE size = 5000", "references"),
            ("UPDATE blob SET reference_count = 0, expires_at = 1 WHERE size = 5000", "references"),
            ("UPDATE blob SET expires_at = NULL WHERE size = 3", "references"),
            ("DELETE FROM blob WHERE size = 5000", "no blob"),
            ("UPDATE blob_reference SET record = 99", "no record"),
            ("UPDATE operation SET repo = 99 WHERE rkey = 'y'", "no repo"),
            ("UPDATE record SET repo = 99 WHERE rkey = 'y'", "no repo"),
        ]) func whatRowsSayOfEachOtherIsChecked(_ sql: String, _ words: String) throws
    {
        let (rig, _) = try filled()
        #expect(fault(rig) == nil)
        try change(sql, rig)
        let found = try #require(fault(rig), "\(sql) is not seen")
        #expect(found.code == .corrupt && found.message.contains(words), "\(sql): \(found.message)")
    }

    @Test func clearingAndCollectingKeepEverythingSound() throws {
        let (rig, _) = try filled()
        #expect(fault(rig) == nil)
        rig.now += 1 << 50
        try rig.repos.sweep(at: rig.time)
        let repos = rig.repos
        try rig.store.transact(at: rig.time) { try repos.writer($0).deleteAccount(RepoRig.alice) }
        _ = try rig.store.read { try RepoVerification($0) }
        try rig.repos.sweep(at: rig.time)
        _ = try rig.store.read { try RepoVerification($0) }
        rig.now += 1 << 50
        try rig.repos.sweep(at: rig.time)
        let found = try rig.store.read { try RepoVerification($0) }
        #expect(found.recordCount == 1 && found.blobCount == 0)
    }

    private func isRefused(_ sql: String, _ body: () throws -> Void) {
        #expect(throws: StorageError(.corrupt, ""), "\(sql)") { try body() }
    }

    @Test func damagedBytesAreNeverGivenOut() throws {
        let (rig, blob) = try filled()
        let key = try PrivateKey.generate(.p256)
        let head = try #require(try rig.head())
        let sql = "UPDATE record SET value = CAST(substr(value, 1, length(value) - 1) || 'x' AS BLOB)"
        try change(sql, rig)
        isRefused(sql) {
            _ = try rig.repos.read { try $0.record(NSID("com.example.post"), RecordKey("a"), of: head) }
        }
        isRefused(sql) { _ = try rig.repos.read { try $0.records(of: head, RecordListing(), limits: rig.limits) } }
        isRefused(sql) { _ = try rig.repos.read { try $0.recordsByAge(of: head, RecordListing(), limits: rig.limits) } }
        isRefused(sql) {
            _ = try rig.repos.read { try $0.records(of: RepoRig.space, RecordListing(), limits: rig.limits) }
        }
        isRefused(sql) { _ = try rig.operations() }
        isRefused(sql) { _ = try rig.archive(RepoRig.alice, key: key) }
        // What shows no values goes on.
        #expect(try !rig.archive(RepoRig.alice, key: key, excludeValues: true).isEmpty)
        try change("UPDATE blob SET bytes = CAST(substr(bytes, 1, length(bytes) - 1) || 'x' AS BLOB)", rig)
        isRefused("blob") { _ = try rig.repos.read { try $0.blob(blob.cid, of: head) } }
        // A write would sign what comes of a damaged set hash.
        try change("UPDATE repo SET state = zeroblob(2048)", rig)
        isRefused("state") { try rig.write([RepoRig.put("z", "more")]) }
    }

    /// Everything that stands in the tables, past the store; nil where it cannot be read.
    private func content(_ path: String) -> [String]? {
        guard let connection = try? SQLiteConnection(path: path, access: .immutable),
            let tables = try? connection.prepare(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
        else { return nil }
        var all: [String] = []
        while let isRow = try? tables.step(), isRow {
            let name = tables.text(0)
            guard let rows = try? connection.prepare("SELECT * FROM \"\(name)\" ORDER BY 1, 2") else { return nil }
            let columns = sqlite3ColumnCount(connection, name)
            while true {
                guard let isRow = try? rows.step() else { return nil }
                guard isRow else { break }
                all.append("\(name) " + (0..<columns).map { "\(rows.bytes($0))" }.joined(separator: "|"))
            }
        }
        return all
    }

    private func sqlite3ColumnCount(_ connection: SQLiteConnection, _ table: String) -> Int32 {
        Int32((try? connection.integer("SELECT count(*) FROM pragma_table_xinfo('\(table)')")) ?? 0)
    }

    private func bytes(_ path: String) -> [UInt8] {
        guard let file = fopen(path, "rb") else { return [] }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 24)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes[..<count])
    }

    @Test func aFlippedBitAnywhereIsSeenOrChangesNothing() throws {
        var random = SeededGenerator.printed("aFlippedBitAnywhereIsSeenOrChangesNothing")
        let (rig, _) = try filled()
        rig.store.close()
        let path = rig.folder.path + "/log.sqlite"
        let good = bytes(path)
        let sound = try #require(content(path))
        let rounds = Environment.value("CAPTEST_ROUNDS").flatMap { Int($0) } ?? 30
        var seen = 0
        for _ in 0..<rounds {
            var bad = good
            let place = random.int(in: 0...bad.count - 1)
            bad[place] ^= 1 << UInt8(random.int(in: 0...7))
            let file = fopen(path, "wb")
            fwrite(bad, 1, bad.count, file)
            fclose(file)
            do {
                _ = try SQLiteLog.open(path: path, mode: .readOnly).verify { _ = try RepoVerification($0) }
                let changed = (content(path) ?? []).filter { !sound.contains($0) }.map { $0.prefix(200) }
                #expect(content(path)?.count == sound.count && changed.isEmpty, "byte \(place): \(changed)")
            } catch {
                seen += 1
            }
        }
        // The other bits are in pages and ends of pages that nothing stands in: nine in ten, give or take.
        #expect(seen > 0 || rounds < 100)
    }
}
