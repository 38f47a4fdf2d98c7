import CapTesting
import Multiformats
import Testing
import UCAN

/// Faults of other services as public reports and standards show them, tried on every door of this one that takes the same.
@Suite struct FieldFaultTests {
    /// What somebody mistyped, and a word of the answer. EIP-55 and CAIP-10 for accounts; the did:key method, the multicodec
    /// table and draft-msporny-base58 for keys.
    static let mistyped: [(did: String, named: String)] = [
        ("did:pkh:eip155:1:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAee", "EIP-55 checksum"),
        ("did:pkh:eip155:1:0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "EIP-55 checksum"),
        ("did:pkh:eip155:137:0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FC", "EIP-55 checksum"),
        ("did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooW", "did:key"),
        ("did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mD0oWp", "letter"),
        ("did:key:z6MkeXATEjyXENzBXBxgC5EHk2JE5aqd7qMGGtDpLUH1e2Sj", "no key"), ("did:key:zzz", "key type"),
    ]

    private let line: Line
    private var scene: Scene { line.scene }

    init() throws { line = try Line(options: ["--log-level", "debug"]) }

    @Test(arguments: mistyped)
    func mistypedPrincipalsAreRefusedWhereverOneIsTakenIn(did: String, named: String) throws {
        let good = try scene.ucan(
            line.agent, to: line.helper.did, [scene.space.can("tinycloud.kv/get", "kv/notes/a")], proofs: [line.first],
            lasts: 60)
        let parts = try HandMadeJWT.parts(good)
        for member in ["aud", "iss"] {
            var payload = try #require(parts.payload.object)
            payload[member] = .string(did)
            let token = try HandMadeJWT.signed(parts.header, .object(payload), by: line.agent)
            for path in ["/delegate", "/invoke", "/revoke"] {
                let refused = try scene.wire.post(path, authorization: token)
                #expect(refused.status == 401 && refused.reason == "malformedDID", "\(path) \(member)")
                #expect(refused.header("x-capability-message")?.contains(named) == true, "\(refused.text)")
            }
        }
        let owned = did.dropFirst(4)
        for (principal, resource) in [
            (did, scene.space.resource("kv/a")), (line.helper.did.text, "tinycloud:\(owned):default/kv/a"),
            (line.helper.did.text, "urn:tinycloud:encryption:\(did):default"),
        ] {
            let asked = try scene.wire.post(
                "/authorize", scene.invocation(line.helper, [], proofs: []),
                json: [
                    "principal": .string(principal), "ability": "tinycloud.kv/get", "resource": .string(resource),
                ])
            #expect(asked.status == 400 && asked.reason == "malformedQuestion", "\(asked.text)")
        }
        let subject = try evaluate(["subject": ["type": "did", "id": .string(did)]])
        #expect(subject.status == 400)
    }

    @Test func accountsOfOneCaseAreTaken() throws {
        let account = try Cast.wallet(7).did().text
        for text in [account.lowercased(), "did:pkh:eip155:1:0x" + account.suffix(40).uppercased(), account] {
            let good = try scene.ucan(
                line.agent, to: line.helper.did, [scene.space.can("tinycloud.kv/get", "kv/notes/a")],
                proofs: [line.first], lasts: 60)
            let parts = try HandMadeJWT.parts(good)
            var payload = try #require(parts.payload.object)
            payload["aud"] = .string(text)
            let token = try HandMadeJWT.signed(parts.header, .object(payload), by: line.agent)
            #expect(try scene.wire.post("/delegate", authorization: token).status == 200, "\(text)")
        }
    }

    /// RFC 9110 11.4 (`1*SP` after the scheme) and 11.1 (the scheme in any case).
    @Test(arguments: ["Bearer ", "Bearer  ", "bearer ", "BEARER    ", "bEARER  ", ""])
    func blanksAfterTheSchemeAreAnyNumber(scheme: String) throws {
        let grant = try scene.ucan(
            line.agent, to: line.helper.did, [scene.space.can("tinycloud.kv/get", "kv/notes/a")], proofs: [line.first],
            lasts: 60)
        let use = try scene.invocation(line.helper, scene.space.readAll, proofs: [line.second])
        for (path, token) in [("/delegate", grant), ("/invoke", use)] {
            #expect(try scene.wire.post(path, authorization: scheme + token.authorization()).status == 200, "\(path)")
        }
    }

    /// The bases of the multibase table that CIDs are written in, upper case too.
    @Test func proofsAreNamedInAnyBase() throws {
        let cid = line.first.cid
        let hex = Base16.encode(cid.bytes)
        for text in [
            cid.text, "B" + cid.text.dropFirst().uppercased(), "f" + hex, "F" + hex.uppercased(), cid.base58,
            "u" + Base64URL.encode(cid.bytes),
        ] {
            #expect(try delegate(citing: text).status == 200, "\(text)")
        }
        for text in [
            "B" + cid.text.dropFirst(), "b" + cid.text.dropFirst().uppercased(), "F" + hex, "f" + hex.uppercased(),
            "F" + hex.uppercased() + "0", "C" + cid.text.dropFirst().uppercased(), " " + cid.text, cid.text + "=",
        ] {
            #expect(try delegate(citing: text).reason == "malformedCID", "\(text)")
        }
    }

    private func delegate(citing proof: String) throws -> RawResponse {
        let good = try scene.ucan(
            line.agent, to: line.helper.did, [scene.space.can("tinycloud.kv/get", "kv/notes/a")], proofs: [line.first],
            lasts: 60)
        let parts = try HandMadeJWT.parts(good)
        var payload = try #require(parts.payload.object)
        payload["prf"] = [.string(proof)]
        return try scene.wire.post(
            "/delegate", authorization: HandMadeJWT.signed(parts.header, .object(payload), by: line.agent))
    }

    /// One containment: what is narrower than the right, or another place, is not the right.
    @Test(arguments: ["delegation/", "delegation/x", "delegation?x", "delegation#x", "delegations", "capabilities"])
    func aNarrowerPlaceGivesNoRightToRevoke(place: String) throws {
        let revoker = try Cast.key(0x77)
        let given = try scene.admit(
            scene.cacao(scene.owner, to: revoker.did.text, [scene.space.can("tinycloud.delegation/revoke", place)]))
        #expect(try scene.revoke(line.first, by: revoker, proofs: [given]).status == 403)
        let asked = try scene.admit(
            scene.cacao(scene.owner, to: revoker.did.text, [scene.space.can("tinycloud.delegation/status", place)]))
        #expect(try scene.status(of: line.first.cid.text, by: revoker, proofs: [asked]).status == 404)
        #expect(try line.isAlive())
    }

    @Test(arguments: [
        "capabilities/all?x", "capabilities/all#x", "capabilities/all/", "capabilities/all/x", "capabilities/",
        "capabilities/al", "capabilities?all",
    ])
    func anotherPlaceThanAllReadsNothing(place: String) throws {
        let reader = try Cast.key(0x78)
        let can = try scene.space.can("tinycloud.capabilities/read", place)
        let given = try scene.admit(scene.cacao(scene.owner, to: reader.did.text, [can]))
        let read = try scene.wire.post("/invoke", scene.invocation(reader, [can], proofs: [given]))
        #expect(read.status == 404, "\(read.status) \(read.text)")
        let asked = try scene.wire.post(
            "/authorize", scene.invocation(reader, [can], proofs: [given]),
            json: [
                "principal": .string(line.helper.did.text), "ability": "tinycloud.kv/get",
                "resource": .string(scene.space.resource("kv/notes/a")),
            ])
        #expect(asked.status == 403, "\(asked.text)")
    }

    /// DID Core 3.2: a DID URL with a fragment names a part of what the DID names. The forms are those that SIWE `URI`s,
    /// `kid` headers and `verificationMethod` ids have in did:key, did:pkh and did:web.
    @Test func aFragmentAsksAboutTheDIDItself() throws {
        let helper = line.helper.did.text
        for name in [
            helper, helper + "#" + helper.dropFirst(8), helper + "#key-1", helper + "#", helper + "#a?b/c",
            helper + "#%41",
        ] {
            let asked = try scene.wire.post(
                "/authorize", scene.invocation(line.helper, [], proofs: []),
                json: [
                    "principal": .string(name), "ability": "tinycloud.kv/get",
                    "resource": .string(scene.space.resource("kv/notes/a")),
                ])
            let isName = name != helper + "#"
            #expect(asked.json["decision"]?.string == (isName ? "allow" : nil), "\(name): \(asked.text)")
            let evaluated = try evaluate(["subject": ["type": "did", "id": .string(name)]])
            #expect(evaluated.json["decision"]?.bool == (isName ? true : nil), "\(name): \(evaluated.text)")
        }
        let owner = scene.owner.did().text
        let asked = try scene.wire.post(
            "/authorize", scene.invocation(scene.session, scene.space.readAll, proofs: [line.root]),
            json: [
                "principal": .string(owner.lowercased() + "#blockchainAccountId"), "ability": "tinycloud.kv/put",
                "resource": .string(scene.space.resource("kv/x")),
            ])
        #expect(asked.json["decision"]?.string == "allow", "\(asked.text)")
    }

    private func evaluate(_ members: [String: JSON]) throws -> RawResponse {
        var object: JSONObject = JSONObject()
        object["subject"] = ["type": "did", "id": .string(line.helper.did.text)]
        object["action"] = ["name": "tinycloud.kv/get"]
        object["resource"] = ["type": "tinycloud", "id": .string(scene.space.resource("kv/notes/a"))]
        for (name, value) in members { object[name] = value }
        return try scene.wire.post(
            "/access/v1/evaluation", scene.invocation(line.helper, [], proofs: []), json: .object(object))
    }

    /// AuthZEN 1.0 7.2: an item in error is a false decision with its error, in its place among the others.
    @Test(
        arguments: [
            ["resource": ["type": "tinycloud", "id": "nowhere"]], ["action": ["name": "get"]], ["action": ["nom": "x"]],
            ["subject": ["type": "did", "id": "agent"]], ["subject": 7], ["context": ["time": "soon"]],
            ["resource": [:]], 7,
            ["subject": ["type": "did", "id": "did:web:somebody.example"]],
        ] as [JSON])
    func aMalformedItemOfABatchIsFalseAlone(item: JSON) throws {
        func ask(_ options: JSON?) throws -> RawResponse {
            var object = JSONObject()
            object["subject"] = ["type": "did", "id": .string(line.helper.did.text)]
            object["action"] = ["name": "tinycloud.kv/get"]
            object["resource"] = ["type": "tinycloud", "id": .string(scene.space.resource("kv/notes/a"))]
            object["evaluations"] = [[:], item, [:]]
            object["options"] = options
            return try scene.wire.post(
                "/access/v1/evaluations", scene.invocation(line.helper, [], proofs: []), json: .object(object))
        }
        let answer = try ask(nil)
        let items = answer.json["evaluations"]?.array ?? []
        #expect(answer.status == 200 && items.map { $0["decision"]?.bool } == [true, false, true], "\(answer.text)")
        let error = items.count == 3 ? items[1]["context"]?["error"] : nil
        #expect([400, 403].contains(error?["status"]?.number?.int64 ?? 0), "\(answer.text)")
        #expect(error?["message"]?.string?.isEmpty == false)
        let stopped = try ask(["evaluations_semantic": "deny_on_first_deny"])
        #expect(stopped.json["evaluations"]?.array?.count == 2)
    }

    /// Of several proofs, the one that would cover it ends too early, or begins too late: that is what is named.
    @Test func theWindowOfAProofIsNamed() throws {
        let other = try Cast.key(0x23)
        func given(_ place: String, lasts: Int64, notBefore: Int64? = nil) throws -> UnverifiedToken {
            try scene.admit(
                scene.cacao(
                    scene.owner, to: other.did.text, [scene.space.can("tinycloud.kv/get", place)], lasts: lasts,
                    notBefore: notBefore))
        }
        let (long, short) = (try given("kv/b/", lasts: 7200), try given("kv/a/", lasts: 600))
        let started = try given("kv/c/", lasts: 7200, notBefore: -30)
        for (proofs, place, lasts, reason) in [
            ([long, short], "kv/a/x", 3600, "expiryExceedsParent"),
            ([short, long], "kv/a/x", 3600, "expiryExceedsParent"),
            ([short], "kv/a/x", 3600, "expiryExceedsParent"),
            ([long, started], "kv/c/x", 60, "notBeforePrecedesParent"),
            ([long, short], "kv/d/x", 3600, "abilityNotCovered"), ([long, short], "kv/a/x", 300, nil),
            ([long, short, started], "kv/b/x", 3600, nil),
        ] as [([UnverifiedToken], String, Int64, String?)] {
            let answer = try scene.delegate(
                scene.ucan(
                    other, to: line.agent.did, [scene.space.can("tinycloud.kv/get", place)], proofs: proofs,
                    lasts: lasts))
            #expect(answer.reason == reason, "\(place) \(lasts): \(answer.status) \(answer.text)")
        }
    }

    /// Virtual machines that are resumed and hosts without a battery set their clocks forward and back.
    @Test func aClockThatWentBackIsNamed() throws {
        func use() throws -> RawResponse {
            try scene.wire.post("/invoke", scene.invocation(line.helper, scene.space.readAll, proofs: [line.second]))
        }
        #expect(try use().status == 200)
        scene.advance(400)
        #expect(try use().status == 200)
        scene.advance(-400)
        let refused = try use()
        try #require(refused.status == 409, "\(refused.status) \(refused.text)")
        #expect(refused.reason == "duplicateInvocation")
        let words = refused.header("x-capability-message") ?? ""
        #expect(words.contains("400 s") && words.contains("invocation-lifetime"), "\(words)")
        #expect(scene.service.log.contains("clockWentBack"))
    }
}
