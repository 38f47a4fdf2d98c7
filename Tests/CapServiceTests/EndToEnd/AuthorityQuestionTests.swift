import Multiformats
import Testing
import UCAN

/// POST /questions/…: who may ask what, and what is refused.
@Suite struct AuthorityQuestionTests {
    private let line: Line
    private var scene: Scene { line.scene }

    init() throws { line = try Line() }

    private func ask(
        _ name: String, _ body: JSON, by asker: PrivateKey, proofs: [UnverifiedToken] = []
    ) throws -> RawResponse {
        try scene.wire.post(
            "/questions/\(name)", scene.invocation(asker, scene.space.readAll, proofs: proofs), json: body)
    }

    private var get: JSON {
        ["ability": "tinycloud.kv/get", "resource": .string(scene.space.resource("kv/notes/a"))]
    }

    @Test func aReaderOfTheSpaceIsToldEverybody() throws {
        let answer = try ask("who-can", get, by: scene.session, proofs: [line.root])
        #expect(answer.status == 200, "\(answer.text)")
        let rows = answer.json["rows"]?.array ?? []
        let found = rows.compactMap { $0["principal"]?.string }
        #expect(found.first == scene.owner.did().text && rows.first?["by"]?.string == "owner")
        #expect(Set([scene.session.did.text, line.agent.did.text, line.helper.did.text]).isSubset(of: found))
        #expect(Set(found).count == found.count && answer.json["complete"] == true)
        let helper = try #require(rows.first { $0["principal"]?.string == line.helper.did.text })
        let route = (helper["route"]?.array ?? []).compactMap { $0.string }
        #expect(route == [line.second, line.first, line.root].map(\.cid.text))
        #expect(answer.json["revision"]?.number?.int64 == Int64(try scene.revision()))
    }

    @Test func othersAreNotToldAndNobodyIsToldNothing() throws {
        let space = JSON.string(scene.space.resource("").dropLast().description)
        for (name, body) in [
            ("who-can", get), ("what-can", ["principal": .string(scene.session.did.text), "space": space]),
            ("path", ["from": .string(scene.session.did.text), "to": .string(scene.session.did.text), "space": space]),
        ] as [(String, JSON)] {
            let refused = try ask(name, body, by: line.helper)
            #expect(refused.status == 403 && refused.json["error"]?.string == "notAuthorizedToAsk", "\(name)")
            let anonymous = try scene.wire.post("/questions/\(name)", nil, json: body)
            #expect(anonymous.status == 401 && anonymous.json["error"]?.string == "missingAuthorization", "\(name)")
        }
    }

    @Test func everybodyMayAskAboutItself() throws {
        let can = try ask("what-can", [:], by: line.helper)
        #expect(can.status == 200, "\(can.text)")
        let row = try #require(can.json["rows"]?.array?.first { $0["ability"]?.string == "tinycloud.kv/get" })
        #expect(row["route"]?.array?.first?.string == line.second.cid.text)
        let way = try ask("path", ["from": .string(scene.session.did.text)], by: line.helper)
        #expect(way.json["paths"] == [[.string(line.first.cid.text), .string(line.second.cid.text)]], "\(way.text)")
    }

    /// Every space has an edge to anyone, so what everybody may is said of one space, to who may know of it.
    @Test func whatEverybodyMayIsSaidOfOneSpace() throws {
        let stranger = try Cast.key(0x77)
        let wide = try ask("what-can", ["public": true], by: stranger)
        #expect(wide.status == 400 && wide.json["error"]?.string == "malformedQuestion", "\(wide.text)")
        let space = JSON.string(scene.space.resource("").dropLast().description)
        let one = try ask("what-can", ["public": true, "space": space], by: stranger)
        #expect(one.status == 200 && one.json["rows"] == [], "\(one.text)")
    }

    @Test func whoIsToldOnlyOfItselfIsNamedNoStranger() throws {
        let body: JSON = [
            "principal": .string(line.helper.did.text), "ability": "tinycloud.kv/put",
            "resource": .string(scene.space.resource("kv/elsewhere")), "explain": true,
        ]
        let answer = try scene.wire.post(
            "/authorize", scene.invocation(line.helper, scene.space.readAll, proofs: []), json: body)
        #expect(answer.json["decision"]?.string == "deny", "\(answer.text)")
        #expect(answer.json["misses"]?.array?.first?["edge"]?.string == line.second.cid.text)
        let fix = try #require(answer.json["fixes"]?.array?.first)
        let known = [scene.owner.did(), scene.session.did, line.agent.did].map(\.text)
        let signer = fix["by"]?.string ?? "nobody"
        #expect(known.contains(signer), "\(answer.text)")
        let stranger = try Cast.key(0x77)
        var other = body.object ?? JSONObject()
        other["principal"] = .string(stranger.did.text)
        let nothing = try scene.wire.post(
            "/authorize", scene.invocation(stranger, scene.space.readAll, proofs: []), json: .object(other))
        #expect(nothing.json["misses"] == [])
        let only = try #require(nothing.json["fixes"]?.array?.first)
        #expect(only["by"]?.string == scene.owner.did().text && only["alsoBy"] == [])
        #expect(only["moreSigners"]?.number?.int64 == 0)
    }

    @Test func aPlainQuestionIsNotSearched() throws {
        let body: JSON = [
            "principal": .string(line.helper.did.text), "ability": "tinycloud.kv/put",
            "resource": .string(scene.space.resource("kv/x")),
        ]
        let answer = try scene.wire.post(
            "/authorize", scene.invocation(line.helper, scene.space.readAll, proofs: []), json: body)
        for name in ["misses", "fixes", "toStop", "hidden", "at"] { #expect(answer.json[name] == nil) }
    }

    @Test(arguments: [
        #"{"ability":"tinycloud.kv/get"}"#, #"{"resource":"urn:a:b"}"#, #"{"ability":"x","resource":"urn:a:b"}"#,
        #"{"ability":"tinycloud.kv/get","resource":"urn:a:b","more":1}"#,
        #"{"ability":"tinycloud.kv/get","resource":"urn:a:b","limit":0}"#,
        #"{"ability":"tinycloud.kv/get","resource":"urn:a:b","limit":1001}"#,
        #"{"ability":"tinycloud.kv/get","resource":"urn:a:b","cursor":"x"}"#,
        #"{"ability":"tinycloud.kv/get","resource":"urn:a:b","kinds":[]}"#,
        #"{"ability":"tinycloud.kv/get","resource":"urn:a:b","kinds":["nobody"]}"#,
        #"{"ability":"tinycloud.kv/get","ability":"tinycloud.kv/put","resource":"urn:a:b"}"#, "[]", "",
    ])
    func malformedQuestionsAreRefused(_ body: String) throws {
        let token = try scene.invocation(scene.session, scene.space.readAll, proofs: [line.root])
        let answer = try scene.wire.post(
            "/questions/who-can", authorization: token.authorization(), body: Array(body.utf8))
        #expect(answer.status == 400 && answer.json["error"]?.string == "malformedQuestion", "\(answer.text)")
    }

    /// What is simulated is what happens: the same edge is revoked, and who was said to lose is refused.
    @Test func whatIsSupposedIsNotDoneAndFollowsWhenItIs() throws {
        let space = JSON.string(scene.space.resource("").dropLast().description)
        let changes: JSON = [["revoke": .string(line.first.cid.text)]]
        let body: JSON = ["changes": changes, "space": space]
        let revision = try scene.revision()
        let answer = try ask("whatif", body, by: scene.session, proofs: [line.root])
        #expect(answer.status == 200 && answer.json["schema"]?.string == "capq/whatif/1", "\(answer.text)")
        #expect(try scene.revision() == revision)
        #expect(answer.json["ended"]?.array?.compactMap { $0["cid"]?.string } == [line.first.cid.text])
        let losers = Set((answer.json["lost"]?.array ?? []).compactMap { $0["principal"]?.string })
        #expect(losers == [line.agent.did.text, line.helper.did.text], "\(answer.text)")
        #expect(answer.json["complete"] == true && answer.json["unknown"] == [])
        // A helper is no reader and has no part in that edge: it is told that nothing it may name would end.
        let helper = try ask("whatif", body, by: line.helper)
        #expect(helper.json["unknown"] == [0] && helper.json["ended"] == [] && helper.json["lost"] == [])
        #expect(helper.json["counts"]?["lost"]?.number?.int64 == 0, "\(helper.text)")
        let unknown: JSON = ["changes": [["revoke": .string(CID.ofNothing)]], "space": space]
        let none = try ask("whatif", unknown, by: line.helper)
        #expect(none.json == helper.json || none.text.count == helper.text.count, "\(none.text)\n\(helper.text)")
        // The agent issued what the helper holds, and is told of that.
        let own = try ask("whatif", ["changes": [["revoke": .string(line.second.cid.text)]]], by: line.agent)
        #expect(own.json["lost"]?.array?.first?["principal"]?.string == line.helper.did.text, "\(own.text)")
        let anonymous = try scene.wire.post("/questions/whatif", nil, json: body)
        #expect(anonymous.status == 401, "\(anonymous.text)")
        for malformed in [
            [:], ["changes": []], ["changes": [["revoke": "no"]]], ["changes": [["received": "did:web:a.b", "x": 1]]],
            ["changes": [[:]]],
        ] as [JSON] {
            let refused = try ask("whatif", malformed, by: scene.session, proofs: [line.root])
            #expect(refused.status == 400 && refused.json["error"]?.string == "malformedQuestion", "\(refused.text)")
        }
    }
}

extension CID {
    fileprivate static var ofNothing: String {
        CID(codec: CID.rawCodec, hash: Multihash(code: .blake3_256, digest: BLAKE3.hash([1, 2, 3]))).text
    }
}
