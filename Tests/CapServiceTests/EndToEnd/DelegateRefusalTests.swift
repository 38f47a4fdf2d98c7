import Multiformats
import Testing
import UCAN

/// POST /delegate, row by row of tinycloud.md 6.3 and 7.7.
@Suite struct DelegateRefusalTests {
    @Test func whatIsNoDelegationIsRefused() throws {
        let refused = try Refused()
        let revision = try refused.scene.revision()
        try refused.expect([
            .init("no header", 401, "missingAuthorization", .framework) { try $0.post("/delegate", nil) },
            .init("no token", 401, "malformedEncoding", .framework) {
                try $0.scene.wire.post("/delegate", authorization: "Bearer of good news", headers: $0.headers)
            },
            .init("an empty header", 401, "malformedAuthorization", .framework) {
                try $0.scene.wire.post("/delegate", authorization: "", headers: $0.headers)
            },
            .init("a statement that does not say what the ReCap grants", 401, "statementMismatch", .framework) { ask in
                var bytes = ask.refused.root.bytes
                let place = try #require(
                    bytes.indices.first { bytes[$0...].starts(with: "I further authorize".utf8) })
                bytes[place] = UInt8(ascii: "i")
                return try ask.scene.wire.post(
                    "/delegate", authorization: Base64URL.encode(bytes, padded: true), headers: ask.headers)
            },
            .init("a signature of something else", 401, "badSignature", .text("Failed to verify signature")) { ask in
                try ask.post(
                    "/delegate",
                    ask.forged(
                        ask.scene.ucan(
                            ask.scene.session, to: ask.refused.agent.did,
                            [ask.scene.space.can("tinycloud.kv/get", "kv/notes/c")], proofs: [ask.refused.root])))
            },
            .init(
                "addressed to its issuer", 401, "selfDelegation",
                .text("Unauthorized Delegator: \(refused.scene.session.did)"), isExplained: true
            ) { ask in
                try ask.post(
                    "/delegate",
                    ask.scene.invocation(ask.scene.session, ask.scene.space.readAll, proofs: [ask.refused.root]))
            },
            .init("a profile of other rules", 401, "unsupportedProfile", .text("policy-descendant-fact-invalid")) {
                try $0.delegate(facts: [["profile": "policy-session-ucan/v1"]])
            },
            .init(
                "a resource that only looks like one of a space", 401, "malformedCapability",
                .text("Unauthorized Capability: \(refused.scene.space.resource("kv/a/../b")), tinycloud.kv/get"),
                isExplained: true
            ) { ask in
                try ask.delegate([ask.scene.space.can("tinycloud.kv/get", "kv/a/../b")])
            },
        ])
        #expect(try refused.scene.revision() == revision)
    }

    @Test func whatItsProofsDoNotCoverIsRefused() throws {
        let refused = try Refused()
        let scene = refused.scene
        let resource = scene.space.resource
        let terminal = try scene.admit(
            scene.ucan(
                scene.session, to: refused.agent.did, [scene.space.can("tinycloud.kv/get", "kv/notes/t")],
                proofs: [refused.root], facts: [["xyz.tinycloud.policy/delegationMode": "terminal"]]))
        let bound = try scene.admit(
            scene.ucan(
                scene.session, to: refused.agent.did,
                [scene.space.can("tinycloud.kv/get", "kv/notes/s", caveats: [["only": "mine"]])],
                proofs: [refused.root]))
        let windowed = try scene.admit(
            scene.ucan(
                scene.session, to: refused.agent.did, [scene.space.can("tinycloud.kv/get", "kv/notes/w")],
                proofs: [refused.root], notBefore: -10))
        let ended = try scene.admit(
            scene.ucan(
                scene.session, to: refused.agent.did, [scene.space.can("tinycloud.kv/get", "kv/notes/e")],
                proofs: [refused.root]))
        let below = try scene.admit(
            scene.ucan(
                refused.agent, to: scene.session.did, [scene.space.can("tinycloud.kv/get", "kv/notes/e")],
                proofs: [ended]))
        #expect(try scene.revoke(ended, by: scene.session).status == 200)
        let unknown = try scene.ucan(scene.session, to: refused.agent.did, [], proofs: [])
        let revision = try scene.revision()
        func get(_ path: String, caveats: [JSON] = []) throws -> [TokenCapability] {
            [try scene.space.can("tinycloud.kv/get", "kv/\(path)", caveats: caveats)]
        }
        try refused.expect([
            .init("expired", 401, "expired", .text("Delegation expired or not yet valid")) {
                try $0.delegate(lasts: 0)
            },
            .init("not yet valid", 401, "notYetValid", .text("Delegation expired or not yet valid")) {
                try $0.delegate(notBefore: 1)
            },
            .init("no proof", 401, "missingProof", .text("Cannot find parent delegation")) {
                try $0.delegate(proofs: [])
            },
            .init("an unknown proof", 401, "missingProof", .text("Cannot find parent delegation")) {
                try $0.delegate(proofs: [refused.root, unknown])
            },
            .init("somebody else's proof", 401, "missingProof", .text("Cannot find parent delegation")) {
                try $0.delegate(by: refused.stranger)
            },
            .init(
                "a proof that its issuer gave away", 401, "audienceMismatch",
                .text("Unauthorized Delegator: \(scene.session.did)")
            ) { try $0.delegate(proofs: [refused.grant]) },
            .init(
                "another ability", 401, "abilityNotCovered",
                .text("Unauthorized Capability: \(resource("kv/notes/b")), tinycloud.kv/del")
            ) { try $0.delegate([scene.space.can("tinycloud.kv/del", "kv/notes/b")]) },
            .init(
                "another path", 401, "abilityNotCovered",
                .text("Unauthorized Capability: \(resource("kv/notesb")), tinycloud.kv/get")
            ) { try $0.delegate(get("notesb")) },
            .init(
                "one of two not covered", 401, "abilityNotCovered",
                .text("Unauthorized Capability: \(resource("kv/other")), tinycloud.kv/get")
            ) { try $0.delegate(get("notes/b") + get("other")) },
            .init(
                "outlives its proof", 401, "expiryExceedsParent",
                .text("Child delegation expiry exceeds parent expiry")
            ) { try $0.delegate(lasts: 86_401) },
            .init(
                "begins before its proof", 401, "notBeforePrecedesParent",
                .text("Child delegation not_before precedes parent not_before")
            ) { try $0.delegate(get("notes/w"), by: refused.agent, proofs: [windowed], lasts: 60, notBefore: -11) },
            .init("a terminal proof", 401, "terminalParent", .text("terminal-parent-cannot-redelegate")) {
                try $0.delegate(get("notes/t"), by: refused.agent, proofs: [terminal], lasts: 60)
            },
            .init("a revoked proof", 401, "parentRevoked", .text("delegation-parent-revoked: \(ended.cid.text)")) {
                try $0.delegate(get("notes/e"), by: refused.agent, proofs: [ended], lasts: 60)
            },
            .init(
                "a proof below a revoked one", 401, "ancestorRevoked",
                .text("delegation-ancestor-revoked: ancestor=\(ended.cid.text) parent=\(below.cid.text)")
            ) { try $0.delegate(get("notes/e"), proofs: [below], lasts: 60) },
            .init(
                "drops a caveat", 401, "caveatsNotContained",
                .text("child-caveats-not-subset-of-parent: containment-caveat-mismatch")
            ) { try $0.delegate(get("notes/s"), by: refused.agent, proofs: [bound], lasts: 60) },
            .init(
                "adds an alternative", 401, "caveatsNotContained",
                .text("child-caveats-not-subset-of-parent: containment-caveat-mismatch")
            ) {
                try $0.delegate(
                    get("notes/s", caveats: [["only": "mine"], [:]]), by: refused.agent, proofs: [bound], lasts: 60)
            },
        ])
        #expect(try scene.revision() == revision)
    }
}
