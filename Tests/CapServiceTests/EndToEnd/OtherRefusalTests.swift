import Multiformats
import Testing
import UCAN

/// The routes beside /delegate and /invoke, row by row of tinycloud.md 5 and 6.
@Suite struct OtherRefusalTests {
    @Test func revocationsAreRefusedWith403() throws {
        let refused = try Refused()
        let scene = refused.scene
        let target = "urn:cid:\(refused.grant.cid.text)"
        func token(
            _ resource: String, _ ability: String = "tinycloud.delegation/revoke", lasts: Int64 = 120,
            by signer: PrivateKey? = nil
        ) throws -> UnverifiedToken {
            try scene.invocation(
                signer ?? scene.session, [TokenCapability(resource: resource, ability: ability)], proofs: [],
                lasts: lasts)
        }
        try refused.expect([
            .init("no header", 401, "missingAuthorization", .framework) { try $0.post("/revoke", nil) },
            .init("names no CID", 401, "invalidRevocationTarget", .framework) {
                try $0.post("/revoke", token("urn:cid:nonsense"))
            },
            .init("the deprecated form", 401, "invalidRevocationTarget", .framework) {
                try $0.post("/revoke", token(scene.space.resource("delegation/\(refused.grant.cid.text)")))
            },
            .init("another ability", 401, "invalidRevocationTarget", .framework) {
                try $0.post("/revoke", token(target, "tinycloud.kv/del"))
            },
            .init("only a proof", 401, "invalidRevocationTarget", .framework) {
                try $0.post("/revoke", scene.invocation(scene.session, [], proofs: [refused.root]))
            },
            .init("a signature of something else", 403, "badSignature", .text("Failed to verify signature")) {
                try $0.post("/revoke", $0.forged(token(target)))
            },
            .init("expired", 403, "expired", .text("Revocation expired or not yet valid")) {
                try $0.post("/revoke", token(target, lasts: 0))
            },
            .init("unknown", 403, "unauthorizedRevoker", .text("Unauthorized Revoker"), isExplained: true) {
                try $0.post("/revoke", token("urn:cid:\(CID.ofToken([1]).text)"))
            },
            .init(
                "not allowed", 403, "unauthorizedRevoker", .text("Unauthorized Revoker"), isExplained: true
            ) { try $0.post("/revoke", token(target, by: refused.stranger)) },
        ])
        #expect(try scene.status(of: refused.grant.cid.text, by: scene.session).json["active"]?.bool == true)
    }

    @Test func statusReadsAreRefused() throws {
        let refused = try Refused()
        let scene = refused.scene
        let cid = refused.grant.cid.text
        func asks(_ text: String) throws -> [TokenCapability] {
            [try TokenCapability(resource: "urn:cid:\(text)", ability: "tinycloud.delegation/status")]
        }
        let one = "Status invocation is not bound to the requested CID"
        try refused.expect([
            .init("not JSON", 404, "notFound", .json) {
                try $0.scene.wire.post(
                    "/delegation/status", authorization: refused.root.authorization(), body: [],
                    headers: $0.headers + ["Content-Type: text/plain"])
            },
            .init("no header", 401, "missingAuthorization", .framework) {
                try $0.post("/delegation/status", nil, json: ["cid": .string(cid)])
            },
            .init("a wallet's token", 401, "invalidInvocation", .text("Invalid status invocation")) {
                try $0.post("/delegation/status", refused.root, json: ["cid": .string(cid)])
            },
            .init("a signature of something else", 401, "badSignature", .text("Invalid status invocation")) {
                try $0.post(
                    "/delegation/status", $0.forged(scene.invocation(scene.session, asks(cid), proofs: [])),
                    json: ["cid": .string(cid)])
            },
            .init("no body", 400, "malformedBody", .text("Invalid delegation CID")) {
                try $0.post(
                    "/delegation/status", scene.invocation(scene.session, asks(cid), proofs: []), json: .string(cid))
            },
            .init("no CID", 400, "malformedCID", .text("Invalid delegation CID")) {
                try $0.status(asks("nonsense"), cid: "nonsense")
            },
            .init("no CID, and bound to another", 403, "wrongKind", .text(one), isExplained: true) {
                try $0.status(asks(cid), cid: "nonsense")
            },
            .init("another CID", 403, "wrongKind", .text(one), isExplained: true) {
                try $0.status(asks(cid), cid: refused.root.cid.text)
            },
            .init("the same CID in another base", 403, "wrongKind", .text(one), isExplained: true) {
                try $0.status(asks(cid), cid: refused.grant.cid.base58)
            },
            .init("two capabilities", 403, "wrongKind", .text(one), isExplained: true) {
                try $0.status(asks(cid) + asks(refused.root.cid.text), cid: cid)
            },
            .init("unknown", 404, "notFound", .notFound) {
                try $0.status(asks(CID.ofToken([1]).text), cid: CID.ofToken([1]).text)
            },
            .init("not allowed", 404, "notFound", .notFound) {
                try $0.status(asks(cid), cid: cid, by: refused.stranger)
            },
        ])
    }

    @Test func statusAnswersAreStrict() throws {
        let refused = try Refused()
        let scene = refused.scene
        let cid = refused.grant.cid.text
        func answer() throws -> JSON { try scene.status(of: cid, by: refused.agent).json }
        let active = try answer()
        #expect(active.keys == ["cid", "status", "exists", "active", "revoked", "expired"])
        #expect(active["status"]?.string == "active" && active["active"]?.bool == true)
        let pending = try scene.ucan(
            scene.session, to: refused.agent.did, [scene.space.can("tinycloud.kv/get", "kv/notes/p")],
            proofs: [refused.root])
        _ = try scene.admit(pending)
        scene.advance(3600)
        #expect(try answer()["status"]?.string == "expired" && answer()["expired"]?.bool == true)
        #expect(try scene.revoke(refused.grant, by: scene.session).status == 200)
        let revoked = try answer()
        #expect(revoked["status"]?.string == "revoked" && revoked["revoked"]?.bool == true)
        #expect(revoked["active"]?.bool == false && revoked["expired"]?.bool == false)
        scene.advance(-7200)
        let gone = try scene.status(of: pending.cid.text, by: scene.session)
        #expect(gone.json["status"]?.string == "active", "nothing of it begins later")
    }

    @Test func accountQueriesAreRefused() throws {
        let refused = try Refused()
        let denied = "Delegation query proof is not authorized"
        let prefix = "Invalid delegation query: "
        try refused.expect([
            .init("not JSON", 404, "notFound", .json) {
                try $0.scene.wire.post(
                    "/delegation/query", authorization: refused.root.authorization(), body: [],
                    headers: $0.headers + ["Content-Type: text/plain"])
            },
            .init("no header", 401, "missingAuthorization", .framework) {
                try $0.post("/delegation/query", nil, json: [:])
            },
            .init("no object", 400, "malformedQuery", .text(prefix + "the body is not a JSON object")) {
                try $0.query([])
            },
            .init("unknown member", 400, "malformedQuery", .text(prefix + "unknown member `page`")) {
                try $0.query(["page": 2])
            },
            .init("limit 0", 400, "malformedQuery", .text(prefix + "`limit` is not a number from 1 to 100")) {
                try $0.query(["limit": 0])
            },
            .init("limit 101", 400, "malformedQuery", .text(prefix + "`limit` is not a number from 1 to 100")) {
                try $0.query(["limit": 101])
            },
            .init("direction", 400, "malformedQuery", .text(prefix + "unknown direction")) {
                try $0.query(["direction": "created"])
            },
            .init("status", 400, "malformedQuery", .text(prefix + "unknown status")) {
                try $0.query(["status": "dead"])
            },
            .init("space", 400, "malformedQuery", .text(prefix + "`space` is neither a space id nor a name")) {
                try $0.query(["space": "tinycloud:nonsense"])
            },
            .init("cursor text", 400, "malformedQuery", .text(prefix + "`cursor` is malformed")) {
                try $0.query(["cursor": "%"])
            },
            .init("cursor of another account", 403, "unknownCursor", .text(denied)) {
                try $0.query(["cursor": .string(Base64URL.encode(Array(CID.ofToken([1]).text.utf8)))])
            },
            .init("no proof", 403, "missingProof", .text(denied)) { try $0.query([:], proofs: []) },
            .init("somebody else's proof", 403, "missingProof", .text(denied)) {
                try $0.query([:], by: refused.stranger)
            },
            .init("another token", 403, "wrongKind", .text(denied)) {
                try $0.post(
                    "/delegation/query",
                    $0.scene.invocation($0.scene.session, $0.scene.space.readAll, proofs: [refused.root]), json: [:])
            },
        ])
    }

    @Test func questionsAreRefused() throws {
        let refused = try Refused()
        let scene = refused.scene
        let about: JSON = [
            "principal": .string(refused.agent.did.text), "ability": "tinycloud.kv/get",
            "resource": .string(scene.space.resource("kv/notes/a")),
        ]
        func with(_ member: String, _ value: JSON?) -> JSON {
            var object = about.object ?? JSONObject()
            object[member] = value
            return .object(object)
        }
        let malformed: [(String, JSON)] = [
            ("no object", []), ("nothing", [:]), ("no ability", with("ability", nil)),
            ("no resource", with("resource", nil)), ("no principal", with("principal", nil)),
            ("unknown member", with("subject", "x")), ("no DID", with("principal", "agent")),
            ("no resource URI", with("resource", "notes")), ("no ability name", with("ability", "get")),
            ("both subjects", with("invocation", "x")), ("a time of words", with("time", "now")),
            ("a time out of range", with("time", .number(JSONNumber(text: "1e300") ?? JSONNumber(0)))),
            ("a context of text", with("context", "x")), ("a flag of text", with("explain", "yes")),
            ("a batch with more", ["checks": [], "x": 1]),
            ("a batch of text", ["checks": "x"]), ("a batch of text items", ["checks": ["x"]]),
            ("a token that is none", ["invocation": "nonsense"]),
        ]
        try refused.expect(
            malformed.map { name, json in
                .init(name, 400, "malformedQuestion", .json) { try $0.authorize(json, by: refused.agent) }
            } + [
                .init("no token", 401, "missingAuthorization", .json) { try $0.authorize(about) },
                .init("about another", 403, "notAuthorizedToAsk", .json) {
                    try $0.authorize(about, by: refused.stranger)
                },
                .init("one of a batch about another", 403, "notAuthorizedToAsk", .json) {
                    try $0.authorize(
                        ["checks": [about, with("principal", .string(scene.session.did.text))]],
                        by: refused.agent)
                },
                .init("not a token", 401, "malformedAuthorization", .json) { ask in
                    try scene.wire.post(
                        "/authorize", authorization: "x", body: about.serialized(), headers: ask.headers)
                },
            ])
    }

    @Test func otherPathsAndMethodsAreNamed() throws {
        let refused = try Refused()
        try refused.expect([
            .init("no such path", 404, "notFound", .json) { try $0.scene.wire.get("/none", headers: $0.headers) },
            .init("a path in other letters", 404, "notFound", .json) {
                try $0.scene.wire.get("/Version", headers: $0.headers)
            },
            .init("another method", 405, "methodNotAllowed", .json) {
                try $0.scene.wire.get("/delegate", headers: $0.headers)
            },
            .init("no space", 400, "malformedResource", .text("Invalid space ID")) {
                try $0.scene.wire.get("/peer/generate/x", headers: $0.headers)
            },
        ])
        #expect(try refused.scene.wire.get("/delegate").header("allow") == "POST")
    }
}
