import ATProto
import CapTesting
import Multiformats
import Testing

/// Blobs over HTTP: private, referred to or gone (atproto-spaces.md 7.4).
@Suite struct BlobRouteTests {
    private let scene: SpaceScene
    private let alice: SpaceScene.Person
    private let bob: SpaceScene.Person
    private let forum: String

    init() throws {
        scene = try SpaceScene()
        alice = try scene.person("alice")
        bob = try scene.person("bob")
        forum = try scene.create("main", by: alice)
        try scene.add(bob, to: forum, by: alice)
    }

    private func upload(
        _ bytes: [UInt8], by person: SpaceScene.Person?, type: String? = "image/png"
    ) throws -> RawResponse {
        let headers = ["Content-Type: \(type ?? "application/octet-stream")"]
        return try scene.accounts.wire.post(
            "/xrpc/com.atproto.repo.uploadBlob", authorization: person.map { "Bearer \($0.token)" }, body: bytes,
            headers: headers)
    }

    private func attach(_ blob: JSON, _ rkey: String, by person: SpaceScene.Person, to space: String? = nil) throws
        -> RawResponse
    {
        try scene.post(
            "com.atproto.space.putRecord",
            [
                "space": .string(space ?? forum), "collection": .string(SpaceScene.post), "rkey": .string(rkey),
                "record": ["$type": .string(SpaceScene.post), "embed": ["images": [blob]]],
            ], by: person)
    }

    private func get(_ cid: String, by person: SpaceScene.Person?, in space: String? = nil) throws -> RawResponse {
        try scene.repo("getBlob", of: bob, in: space ?? forum, [("cid", cid)], by: person)
    }

    @Test func aBlobIsServedWhileARecordOfTheRepoRefersToIt() throws {
        let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let uploaded = try upload(bytes, by: bob)
        let blob = try #require(uploaded.json["blob"], "\(uploaded.text)")
        let cid = try #require(blob["ref"]?["$link"]?.string)
        #expect(cid == CID.ofBlob(bytes).text && blob["size"] == 5000 && blob["mimeType"] == "image/png")
        try scene.write("other", to: forum, by: bob)
        #expect(try get(cid, by: bob).outcome == "400 BlobNotFound")
        #expect(try attach(blob, "a", by: bob).status == 200)
        for reader in [alice, bob] {
            let served = try get(cid, by: reader)
            #expect(served.body == bytes && served.header("content-type") == "image/png")
            #expect(served.header("content-length") == "5000" && served.header("x-content-type-options") == "nosniff")
            #expect(served.header("content-disposition") == "attachment; filename=\"\(cid)\"")
            #expect(served.header("content-security-policy") == "default-src 'none'; sandbox")
        }
        #expect(try scene.repo("listBlobs", of: bob, in: forum, by: alice).json["cids"]?.strings == [cid])
        #expect(try get(cid, by: nil).outcome == "401 AuthMissing")
        #expect(try get(cid, by: scene.person("carol")).outcome == "400 RepoNotFound")
        let dan = try scene.person("dan")
        for (prefix, status) in [(SpaceScene.space, 400), (SpaceScene.older, 404)] {
            func find(_ person: SpaceScene.Person?) throws -> RawResponse {
                try scene.get(prefix + "getBlob", [("space", forum), ("cid", cid)], by: person)
            }
            // Whoever reads the space finds it without its author.
            #expect(try find(alice).body == find(bob).body && find(alice).status == 200)
            #expect(try find(dan).outcome == "\(status) SpaceNotFound")
            #expect(try find(nil).outcome == "401 AuthMissing")
        }
        #expect(try get("bafy", by: bob).outcome == "400 InvalidRequest")
        try scene.write("a", "no more", to: forum, by: bob)
        #expect(try get(cid, by: bob).outcome == "400 BlobNotFound")
        #expect(try scene.repo("listBlobs", of: bob, in: forum, by: alice).json["cids"] == [])
    }

    @Test func oneSpacesBlobIsNotAnothers() throws {
        let other = try scene.create("other", by: bob)
        let blob = try #require(try upload(Array("secret".utf8), by: bob).json["blob"])
        let cid = try #require(blob["ref"]?["$link"]?.string)
        #expect(try attach(blob, "a", by: bob).status == 200)
        try scene.write("a", to: other, by: bob)
        let present = try get(cid, by: bob, in: other)
        #expect(present.outcome == "400 BlobNotFound")
        #expect(try get(CID.ofBlob([1]).text, by: bob, in: other).shape == present.shape)
        // A blob is its uploader's to refer to.
        #expect(try attach(blob, "a", by: alice).outcome == "400 BlobNotFound")
    }

    @Test func nothingOfABlobIsOnAPublicRoute() throws {
        let blob = try #require(try upload(Array("private".utf8), by: bob).json["blob"])
        #expect(try attach(blob, "a", by: bob).status == 200)
        let cid = try #require(blob["ref"]?["$link"]?.string)
        for (method, query) in [
            ("com.atproto.sync.getBlob", [("did", bob.did), ("cid", cid)]),
            ("com.atproto.sync.listBlobs", [("did", bob.did)]), ("com.atproto.sync.getRepo", [("did", bob.did)]),
            ("com.atproto.repo.listRecords", [("repo", bob.did), ("collection", SpaceScene.post)]),
        ] {
            for reader in [nil, bob] {
                let answer = try scene.get(method, query, by: reader)
                #expect(answer.outcome == "501 MethodNotImplemented" && !answer.text.contains(cid), "\(method)")
            }
        }
    }

    @Test func uploadsAreBounded() throws {
        #expect(try upload([1], by: nil).outcome == "401 AuthMissing")
        #expect(try upload([], by: bob).outcome == "400 InvalidRequest")
        #expect(try upload([1], by: bob, type: "nonsense").json["blob"]?["mimeType"] == "application/octet-stream")
        let most = [UInt8](repeating: 7, count: 5 << 20)
        #expect(try upload(most, by: bob).json["blob"]?["size"] == 5_242_880)
        #expect(try upload(most + [7], by: bob).outcome == "413 PayloadTooLarge")
    }
}
