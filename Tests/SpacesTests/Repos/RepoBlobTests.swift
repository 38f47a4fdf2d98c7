import ATProto
import CapTesting
import Multiformats
import Storage
import Testing
import UCAN

@testable import Spaces

@Suite struct RepoBlobTests {
    private func upload(_ rig: RepoRig, _ bytes: [UInt8], by account: String = RepoRig.alice) throws -> BlobRef {
        try rig.repos.uploadBlob(bytes, mimeType: "image/png", account: account, at: rig.time)
    }

    private func put(_ rkey: String, _ blobs: [BlobRef]) throws -> RecordWrite {
        let json: JSON = ["images": .array(blobs.map { RecordData.json($0.cbor) })]
        let record = try PreparedRecord(json: json, collection: "com.example.post")
        return .put(collection: try NSID("com.example.post"), rkey: try RecordKey(rkey), record, .anything)
    }

    private func get(
        _ rig: RepoRig, _ blob: BlobRef, _ author: String = RepoRig.alice, _ space: SpaceURI = RepoRig.space
    )
        throws -> UploadedBlob
    {
        try rig.repos.read { try $0.blob(blob.cid, of: try $0.head(space: space, author: author, for: .reader)) }
    }

    private func count(_ rig: RepoRig) throws -> Int64 {
        try rig.store.read { try $0.first("SELECT count(*) FROM blob") { $0.integer(0) } ?? -1 }
    }

    /// Media types that RFC 9110 8.3.1 and 5.6.6 have no form for, or that file pickers, `curl` and libmagic report.
    @Test(arguments: [
        "", "image", "image/", "/png", "image/png/x", "image /png", "a/b\r\nX: y", "é/é", "image/png;charset",
        "image/png; a=\"b", "text/html; charset=utf-8, text/plain", "cannot open file (No such file or directory)",
        "undefined", String(repeating: "a/", count: 65),
    ])
    func malformedMediaTypesBecomeBytes(type: String) throws {
        let rig = try RepoRig()
        let blob = try rig.repos.uploadBlob([1], mimeType: type, account: RepoRig.alice, at: rig.time)
        #expect(blob.mimeType == "application/octet-stream")
        try rig.write([put("x", [blob])])
    }

    @Test(arguments: [
        "image/png", "text/plain; charset=utf-8", "a/b;c=\"d\\\"e\"", "application/vnd.a+json;", "video/mp4 ; x=y",
    ])
    func otherMediaTypesAreKept(type: String) throws {
        let rig = try RepoRig()
        #expect(
            try rig.repos.uploadBlob([1], mimeType: type, account: RepoRig.alice, at: rig.time).mimeType == type)
    }

    /// The same image pasted as `image/jpg`, `image/jpeg` and as a file.
    @Test func everyAnswerToTheSameBytesCanBeUsed() throws {
        let rig = try RepoRig()
        var answers: [BlobRef] = []
        for type in ["image/jpg", "image/jpeg", "", "application/octet-stream"] {
            answers.append(try rig.repos.uploadBlob([1, 2], mimeType: type, account: RepoRig.alice, at: rig.time))
        }
        for (number, blob) in answers.enumerated() {
            try rig.write([put("early \(number)".filter { $0 != " " }, [blob])])
        }
        // A record refers to it now, and it is uploaded as something else once more.
        let again = try rig.repos.uploadBlob([1, 2], mimeType: "image/webp", account: RepoRig.alice, at: rig.time)
        try rig.write([put("late", [again])])
        #expect(try get(rig, again).bytes == [1, 2])
        // Another account's upload is its own.
        let other = try rig.repos.uploadBlob([1, 2], mimeType: "image/webp", account: RepoRig.bob, at: rig.time)
        #expect(other.mimeType == "image/webp")
    }

    @Test func aBlobIsServedExactlyWhileARecordOfTheRepoRefersToIt() throws {
        let rig = try RepoRig()
        let bytes = [UInt8](repeating: 7, count: 10_000)
        let blob = try upload(rig, bytes)
        #expect(blob.cid == CID.ofBlob(bytes) && blob.size == 10_000)
        #expect(try rig.refusal { _ = try get(rig, blob) } == "RepoNotFound")
        try rig.write([RepoRig.put("x", "text")])
        #expect(try rig.refusal { _ = try get(rig, blob) } == "BlobNotFound")
        try rig.write([put("a", [blob])])
        #expect(try get(rig, blob).bytes == bytes && get(rig, blob).ref == blob)
        // A record of another space or another author's repo does not show it.
        let other = try SpaceURI("at://did:web:authority.example/space/com.example.forum/other")
        try rig.write([RepoRig.put("x", "text")], to: other)
        try rig.write([RepoRig.put("x", "text")], by: RepoRig.bob)
        #expect(try rig.refusal { _ = try get(rig, blob, RepoRig.alice, other) } == "BlobNotFound")
        #expect(try rig.refusal { _ = try get(rig, blob, RepoRig.bob) } == "BlobNotFound")
        try rig.write([put("b", [blob]), RepoRig.delete("a")])
        #expect(try get(rig, blob).bytes == bytes)
        try rig.write([put("b", [])])
        #expect(try rig.refusal { _ = try get(rig, blob) } == "BlobNotFound")
    }

    @Test func onlyTheUploaderRefersToABlobAndOnlyAsItWasUploaded() throws {
        let rig = try RepoRig()
        let blob = try upload(rig, [1, 2, 3])
        #expect(try rig.refusal { try rig.write([put("a", [blob])], by: RepoRig.bob) } == "BlobNotFound")
        let never = BlobRef(cid: CID.ofBlob([9]), mimeType: "image/png", size: 1)
        #expect(try rig.refusal { try rig.write([put("a", [blob, never])]) } == "BlobNotFound")
        for wrong in [
            BlobRef(cid: blob.cid, mimeType: "image/png", size: 4),
            BlobRef(cid: blob.cid, mimeType: "image/jpeg", size: 3),
        ] { #expect(try rig.refusal { try rig.write([put("a", [wrong])]) } == "InvalidRequest") }
        #expect(try rig.head() == nil)
        // Two accounts may hold the same bytes; neither sees that the other does.
        let same = try upload(rig, [1, 2, 3], by: RepoRig.bob)
        #expect(same == blob)
        try rig.write([put("a", [same])], by: RepoRig.bob)
        #expect(try get(rig, same, RepoRig.bob).bytes == [1, 2, 3])
        #expect(try count(rig) == 2)
    }

    @Test func whatNothingRefersToIsCollectedAfterItsTime() throws {
        let rig = try RepoRig()
        let kept = try upload(rig, [1])
        let dropped = try upload(rig, [2])
        _ = try upload(rig, [3])
        try rig.write([put("a", [kept]), put("b", [kept, dropped])])
        rig.now += rig.limits.temporaryBlobLifetime - 1
        try rig.repos.sweep(at: rig.time)
        #expect(try count(rig) == 3)
        rig.now += 1
        try rig.repos.sweep(at: rig.time)
        #expect(try count(rig) == 2)
        try rig.write([RepoRig.delete("b")])
        #expect(try get(rig, kept).bytes == [1])
        rig.now += rig.limits.temporaryBlobLifetime
        try rig.repos.sweep(at: rig.time)
        #expect(try count(rig) == 1)
        #expect(try get(rig, kept).bytes == [1])
        // Deleting the repo lets go of the last one; until its time is over it may be referred to again.
        _ = try rig.repos.deleteRepo(space: RepoRig.space, author: RepoRig.alice, at: rig.time)
        try rig.repos.sweep(at: rig.time)
        try rig.write([put("c", [kept])])
        rig.now += 2 * rig.limits.temporaryBlobLifetime
        try rig.repos.sweep(at: rig.time)
        #expect(try get(rig, kept).bytes == [1])
    }

    @Test func aReferenceOfAnotherSpaceKeepsABlob() throws {
        let rig = try RepoRig()
        let other = try SpaceURI("at://did:web:authority.example/space/com.example.forum/other")
        let blob = try upload(rig, [1])
        try rig.write([put("a", [blob])])
        try rig.write([put("a", [blob])], to: other)
        try rig.write([RepoRig.delete("a")])
        rig.now += 2 * rig.limits.temporaryBlobLifetime
        try rig.repos.sweep(at: rig.time)
        #expect(try rig.refusal { _ = try get(rig, blob) } == "BlobNotFound")
        #expect(try get(rig, blob, RepoRig.alice, other).bytes == [1])
    }

    @Test func blobsAreListedOncePerRepoAndByRevision() throws {
        let rig = try RepoRig()
        let blobs = try (0..<9).map { try upload(rig, [UInt8($0)]) }
        let first = try #require(try rig.write([put("a", Array(blobs[..<5])), put("b", Array(blobs[2..<6]))]).commit)
            .rev
        rig.now += 1
        try rig.write([put("c", Array(blobs[6...]))])
        let head = try #require(try rig.head())
        func list(_ since: TID?, _ limit: Int) throws -> [CID] {
            var found: [CID] = []
            var cursor: String?
            repeat {
                let page = try rig.repos.read { try $0.blobs(of: head, since: since, cursor: cursor, limit: limit) }
                found += page.cids
                cursor = page.cursor
            } while cursor != nil
            return found
        }
        let sorted = blobs.map(\.cid).sorted { $0.hash.digest < $1.hash.digest }
        for limit in [1, 2, 9, 20] {
            #expect(try list(nil, limit) == sorted)
            #expect(try list(first, limit) == sorted.filter { Set(blobs[6...].map(\.cid)).contains($0) })
        }
    }

    @Test func uploadsAreBounded() throws {
        let rig = try RepoRig()
        rig.limits.maxBlobBytes = 100
        rig.limits.maxTemporaryBlobBytes = 250
        #expect(try rig.refusal { _ = try upload(rig, [UInt8](repeating: 1, count: 101)) } == "PayloadTooLarge")
        #expect(try rig.refusal { _ = try upload(rig, []) } == "InvalidRequest")
        let one = try upload(rig, [UInt8](repeating: 1, count: 100))
        _ = try upload(rig, [UInt8](repeating: 2, count: 100))
        _ = try upload(rig, [UInt8](repeating: 2, count: 100))
        #expect(try rig.refusal { _ = try upload(rig, [UInt8](repeating: 3, count: 100)) } == "RateLimitExceeded")
        // What a record refers to no longer counts.
        try rig.write([put("a", [one])])
        _ = try upload(rig, [UInt8](repeating: 3, count: 100))
        _ = try upload(rig, [UInt8](repeating: 4, count: 50), by: RepoRig.bob)
    }
}
