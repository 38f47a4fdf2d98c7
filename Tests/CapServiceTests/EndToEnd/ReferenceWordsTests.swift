import Multiformats
import Testing
import UCAN

/// The body of every refusal of the delegation routes, in the reference's words and no others; what is ours to say goes
/// beside them (tinycloud.md 4, 5, 6.3, 7.3, 7.7). The rows of `…RefusalTests` and these are one table.
@Suite struct ReferenceWordsTests {
    private let refused: Refused
    private let node: DID
    private var scene: Scene { refused.scene }
    private var space: SpaceName { refused.scene.space }

    init() throws {
        refused = try Refused()
        node = try DID(try #require(refused.scene.wire.get("/version").json["nodeId"]?.string))
    }

    private func read(_ lasts: Int64 = 3600, notBefore: Int64? = nil, path: String = "x") throws -> UnverifiedToken {
        try scene.admit(
            scene.ucan(
                scene.session, to: refused.agent.did,
                [
                    space.can("tinycloud.capabilities/read", "capabilities"),
                    space.can("tinycloud.kv/get", "kv/notes/\(path)"),
                ],
                proofs: [refused.root], lasts: lasts, notBefore: notBefore))
    }

    /// A proof that was revoked, one below it that its holder may not use either, and one that has run out.
    private struct Dead {
        let ended: UnverifiedToken
        let below: UnverifiedToken
        let brief: UnverifiedToken
    }

    private func dead() throws -> Dead {
        let ended = try read(path: "ended")
        let below = try scene.admit(
            scene.ucan(
                refused.agent, to: refused.stranger.did, [space.can("tinycloud.capabilities/read", "capabilities")],
                proofs: [ended], lasts: 60))
        let brief = try read(5, path: "brief")
        #expect(try scene.revoke(ended, by: scene.session).status == 200)
        scene.advance(10)
        return Dead(ended: ended, below: below, brief: brief)
    }

    @Test func delegations() throws {
        let unauthorized = "Unauthorized Delegator: \(scene.session.did)"
        let unknown = try scene.ucan(scene.session, to: refused.agent.did, [], proofs: [])
        try refused.expect([
            .init(
                "a wallet's revocation", 401, "wrongTokenKind",
                .text("Unauthorized Delegator: \(scene.owner.did())"), isExplained: true
            ) {
                try $0.post(
                    "/delegate",
                    TokenMaker.revocation(
                        wallet: scene.owner, target: refused.root.cid, domain: "app.example",
                        issuedAt: scene.time(0).rfc3339))
            },
            .init("an invocation for this service", 401, "wrongKind", .text(unauthorized), isExplained: true) {
                try $0.post(
                    "/delegate", scene.invocation(scene.session, space.readAll, proofs: [refused.root], audience: node))
            },
            .init(
                "a policy root", 401, "unsupportedProfile", .text("policy-root-requires-conjunctive-session")
            ) {
                try $0.delegate(facts: [["role": "policy-authority"]])
            },
            .init(
                "an owner's, citing what nobody knows", 401, "missingProof", .text("Cannot find parent delegation")
            ) {
                try $0.post(
                    "/delegate",
                    scene.cacao(
                        scene.owner, to: refused.agent.did.text, [space.can("tinycloud.kv/get", "kv")],
                        proofs: [unknown.cid]))
            },
        ])
    }

    @Test func invocations() throws {
        let dead = try dead()
        let status = try TokenCapability(
            resource: "urn:cid:\(refused.grant.cid.text)", ability: "tinycloud.delegation/status")
        let crooked = try space.can("tinycloud.kv/get", "kv/a/../b")
        try refused.expect([
            .init("a wallet's delegation", 401, "wrongKind", .text("Unauthorized Invoker"), isExplained: true) {
                try $0.post("/invoke", scene.cacao(scene.owner, to: scene.session.did.text, [], lasts: 120))
            },
            .init("addressed to another", 401, "audienceMismatch", .text("Unauthorized Invoker"), isExplained: true) {
                try $0.post(
                    "/invoke",
                    scene.invocation(
                        scene.session, space.readAll, proofs: [refused.root], audience: refused.agent.did))
            },
            .init(
                "a status read", 401, "wrongKind",
                .text("Unauthorized Action: \(status.resource) / tinycloud.delegation/status"), isExplained: true
            ) { try $0.invoke([status]) },
            .init(
                "a resource that only looks like one of a space", 401, "malformedCapability",
                .text("Unauthorized Action: \(crooked.resource) / tinycloud.kv/get"), isExplained: true
            ) { try $0.invoke([crooked]) },
            .init("a revoked proof", 401, "revoked", .text("delegation-revoked: \(dead.ended.cid.text)")) {
                try $0.invoke(by: refused.agent, proofs: [dead.ended])
            },
            .init(
                "below a revoked one", 401, "revoked",
                .text("delegation-ancestor-revoked: ancestor=\(dead.ended.cid.text) invoked=\(dead.below.cid.text)")
            ) { try $0.invoke(by: refused.stranger, proofs: [dead.below]) },
            .init(
                "a policy session", 401, "unsupportedProfile", .text("policy-descendant-fact-invalid")
            ) { try $0.invoke(facts: [["profile": "policy-session-ucan/v1"]]) },
            .init(
                "another ability", 401, "abilityNotCovered",
                .text("Unauthorized Action: \(space.resource("kv/notes/a")) / tinycloud.kv/del")
            ) { try $0.invoke([space.can("tinycloud.kv/del", "kv/notes/a")]) },
            .init(
                "another path", 401, "resourceNotCovered",
                .text("Unauthorized Action: \(space.resource("kv/other")) / tinycloud.kv/get")
            ) { try $0.invoke([space.can("tinycloud.kv/get", "kv/other")]) },
        ])
    }

    @Test func revocations() throws {
        let dead = try dead()
        let right = try TokenCapability(
            resource: "urn:cid:\(refused.grant.cid.text)", ability: "tinycloud.delegation/revoke")
        let unknown = try scene.ucan(scene.session, to: refused.agent.did, [], proofs: [])
        func token(
            _ signer: PrivateKey, _ proofs: [UnverifiedToken], audience: DID? = nil
        ) throws -> UnverifiedToken {
            try scene.invocation(signer, [right], proofs: proofs, audience: audience)
        }
        let rows: [(String, String, () throws -> UnverifiedToken)] = [
            ("addressed to another", "audienceMismatch", { try token(scene.session, [], audience: refused.agent.did) }),
            ("two proofs", "unauthorizedRevoker", { try token(scene.session, [refused.root, refused.grant]) }),
            ("a proof nobody knows", "missingProof", { try token(scene.session, [unknown]) }),
            ("somebody else's proof", "missingProof", { try token(refused.stranger, [refused.root]) }),
            ("a proof without the ability", "unauthorizedRevoker", { try token(refused.agent, [refused.grant]) }),
            ("a revoked proof", "ancestorRevoked", { try token(refused.agent, [dead.ended]) }),
            ("a proof below a revoked one", "ancestorRevoked", { try token(refused.stranger, [dead.below]) }),
            ("a proof that ran out", "expired", { try token(refused.agent, [dead.brief]) }),
            (
                "a wallet that owns nothing of it", "unauthorizedRevoker",
                {
                    try TokenMaker.revocation(
                        wallet: Cast.wallet(9), target: refused.grant.cid, domain: "app.example",
                        issuedAt: scene.time(0).rfc3339)
                }
            ),
        ]
        try refused.expect(
            rows.map { name, reason, make in
                .init(name, 403, reason, .text("Unauthorized Revoker"), isExplained: true) {
                    try $0.post("/revoke", make())
                }
            })
        #expect(try scene.status(of: refused.grant.cid.text, by: scene.session).json["active"]?.bool == true)
    }

    @Test func statusReadsAndAccountQueries() throws {
        let dead = try dead()
        let cid = refused.grant.cid.text
        let asked = try TokenCapability(resource: "urn:cid:\(cid)", ability: "tinycloud.delegation/status")
        let unbound = "Status invocation is not bound to the requested CID"
        let denied = "Delegation query proof is not authorized"
        let list = try space.can("tinycloud.delegation/list", "delegation/")
        let bySession = { (lasts: Int64) in
            try self.scene.invocation(self.scene.session, [list], proofs: [self.refused.root], lasts: lasts)
        }
        try refused.expect([
            .init("a status read for another", 403, "audienceMismatch", .text(unbound), isExplained: true) {
                try $0.post(
                    "/delegation/status",
                    scene.invocation(scene.session, [asked], proofs: [], audience: refused.agent.did),
                    json: ["cid": .string(cid)])
            },
            .init("another ability", 403, "wrongKind", .text(unbound), isExplained: true) {
                try $0.status(
                    [TokenCapability(resource: asked.resource, ability: "tinycloud.delegation/revoke")], cid: cid)
            },
            .init("a status read that ran out", 401, "invalidInvocation", .text("Invalid status invocation")) {
                try $0.post(
                    "/delegation/status", scene.invocation(scene.session, [asked], proofs: [], lasts: 0),
                    json: ["cid": .string(cid)])
            },
            .init("a status read by a dead proof", 404, "notFound", .notFound) {
                try $0.post(
                    "/delegation/status", scene.invocation(refused.stranger, [asked], proofs: [dead.below]),
                    json: ["cid": .string(cid)])
            },
            .init("a query that ran out", 403, "expired", .text(denied)) {
                try $0.post("/delegation/query", bySession(0), json: [:])
            },
            .init("a query signed by nobody", 403, "badSignature", .text(denied)) {
                try $0.post("/delegation/query", $0.forged(bySession(60)), json: [:])
            },
            .init("a wallet's delegation", 403, "wrongKind", .text(denied)) {
                try $0.post("/delegation/query", refused.root, json: [:])
            },
            .init("a query below what is not owned by a wallet", 403, "wrongKind", .text(denied)) {
                let own = SpaceName(of: scene.session.did)
                return try $0.post(
                    "/delegation/query",
                    scene.invocation(scene.session, [own.can("tinycloud.delegation/list", "delegation")], proofs: []),
                    json: [:])
            },
            .init("a query by a revoked proof", 403, "revoked", .text(denied)) {
                try $0.query([:], by: refused.agent, proofs: [dead.ended])
            },
            .init("a query by what does not give it", 403, "noRoute", .text(denied)) {
                try $0.query([:], by: refused.agent, proofs: [refused.grant])
            },
        ])
    }
}
