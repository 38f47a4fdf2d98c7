import CapTesting
import Multiformats
import Testing

/// The shortest way to a record: a member writes it and everybody who may reads it, over HTTP with session tokens.
@Suite struct RecordFlowTests {
    @Test func aMemberWritesARecordAndMembersReadIt() throws {
        let scene = try SpaceScene()
        let alice = try scene.person("alice")
        let bob = try scene.person("bob")
        let carol = try scene.person("carol")
        let forum = try scene.create("main", by: alice)
        try scene.add(bob, to: forum, by: alice)
        let written = try scene.post(
            "com.atproto.space.createRecord",
            [
                "space": .string(forum), "repo": .string(bob.did), "collection": "com.example.post", "rkey": "one",
                "record": ["$type": "com.example.post", "text": "hello"],
            ], by: bob)
        try #require(written.status == 200, "\(written.text)")
        #expect(written.json["uri"] == .string("\(forum)/\(bob.did)/com.example.post/one"))
        #expect(written.json["validationStatus"] == "unknown")
        let query = [("space", forum), ("repo", bob.did), ("collection", "com.example.post"), ("rkey", "one")]
        for reader in [alice, bob] {
            let read = try scene.get("com.atproto.space.getRecord", query, by: reader)
            #expect(read.json["value"] == ["$type": "com.example.post", "text": "hello"], "\(read.text)")
            #expect(read.json["cid"] == written.json["cid"] && read.json["uri"] == written.json["uri"])
        }
        #expect(try scene.get("com.atproto.space.getRecord", query, by: carol).outcome == "400 RepoNotFound")
        #expect(try scene.get("com.atproto.space.getRecord", query).outcome == "401 AuthMissing")
        let listed = try scene.get("com.atproto.space.listRecords", [("space", forum), ("repo", bob.did)], by: alice)
        #expect(listed.json["records"]?.array?.count == 1)
    }
}
