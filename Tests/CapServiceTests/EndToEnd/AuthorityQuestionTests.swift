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

    /// Nothing is done, and who loses is who rests on the edge.
    @Test func whatIsSupposedIsNotDone() throws {
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
        // Whether the revocation would be refused is told, and so.
        #expect(answer.json["refused"] == [])
        let other: JSON = ["changes": [["revoke": .string(line.second.cid.text)]], "space": space]
        let refused = try ask("whatif", other, by: scene.session, proofs: [line.root])
        let real = try scene.revoke(line.second, by: scene.session, proofs: [line.root])
        #expect((refused.json["refused"] == [0]) == (real.status != 200), "\(refused.text) \(real.text)")
        let anonymous = try scene.wire.post("/questions/whatif", nil, json: body)
        #expect(anonymous.status == 401, "\(anonymous.text)")
        for malformed in [
            [:], ["changes": []], ["changes": [["revoke": "no"]]], ["changes": [["received": "did:web:a.b", "x": 1]]],
            ["changes": [[:]]], ["changes": changes],
        ] as [JSON] {
            var malformed = malformed.object ?? JSONObject()
            if malformed["changes"] != changes { malformed["space"] = space }
            let refused = try ask("whatif", .object(malformed), by: scene.session, proofs: [line.root])
            #expect(refused.status == 400 && refused.json["error"]?.string == "malformedQuestion", "\(refused.text)")
        }
    }
    /// Who is no reader, issuer or not, is refused alike whatever it supposes, of a space that is there and of one that is not.
    @Test func whoIsNoReaderIsRefusedAlike() throws {
        let space = scene.space.resource("").dropLast().description
        let stranger = try Cast.key(0x77)
        let changes: [JSON] = [
            ["revoke": .string(line.second.cid.text)], ["revoke": .string(line.first.cid.text)],
            ["received": .string(line.helper.did.text)], ["received": .string(line.helper.did.text), "kind": "ucan"],
            ["received": .string(line.helper.did.text), "space": .string(space)],
            ["compromised": .string(scene.owner.did().text)], ["compromised": .string(line.agent.did.text)],
        ]
        for asker in [line.helper, line.agent, stranger] {
            for change in changes {
                var told: [String] = []
                for place in [space, space + "x"] {
                    let body: JSON = ["changes": [change], "space": .string(place)]
                    let answer = try ask("whatif", body, by: asker)
                    told.append(Self.unnumbered(answer))
                    #expect(
                        answer.status == 403 && answer.json["error"]?.string == "notAuthorizedToAsk", "\(answer.text)")
                }
                var who = get.object ?? JSONObject()
                who["resource"] = .string(space + "/kv/a")
                let asWhoCan = try ask("who-can", .object(who), by: asker)
                told.append(Self.unnumbered(asWhoCan))
                #expect(Set(told).count == 1, "\(told)")
            }
        }
    }

    /// An answer without the number of its decision.
    private static func unnumbered(_ answer: RawResponse) -> String {
        var object = answer.json.object ?? JSONObject()
        object["decisionId"] = nil
        return "\(answer.status) \(String(decoding: JSON.object(object).serialized(), as: UTF8.self))"
    }
}
