import CapTesting
import Multiformats
import Testing
import UCAN

/// An owner, a session, an agent and a helper, each holding what the one before gave.
struct Line {
    let scene: Scene
    let root: UnverifiedToken
    let first: UnverifiedToken
    let second: UnverifiedToken
    let agent: PrivateKey
    let helper: PrivateKey

    init(in folder: TemporaryFolder = TemporaryFolder(), options: [String] = []) throws {
        scene = try Scene(in: folder, options: options)
        root = try scene.signIn()
        agent = try Cast.key(0x33)
        helper = try Cast.key(0x34)
        first = try scene.admit(
            scene.ucan(
                scene.session, to: agent.did,
                [
                    scene.space.can("tinycloud.capabilities/read", "capabilities"),
                    scene.space.can("tinycloud.kv/get", "kv/notes/"),
                ], proofs: [root]))
        second = try scene.admit(
            scene.ucan(
                agent, to: helper.did,
                [
                    scene.space.can("tinycloud.capabilities/read", "capabilities"),
                    scene.space.can("tinycloud.kv/get", "kv/notes/a"),
                ], proofs: [first], lasts: 1800))
    }

    /// Whether the helper's grant works, as every route sees it; fails the test where two routes disagree.
    func isAlive(_ scene: Scene? = nil) throws -> Bool {
        let scene = scene ?? self.scene
        let read = try scene.read(helper, proofs: [second])
        let further = try scene.delegate(
            scene.ucan(
                helper, to: Cast.key(0x35).did, [scene.space.can("tinycloud.kv/get", "kv/notes/a")],
                proofs: [second], lasts: 60))
        let status = try scene.status(of: second.cid.text, by: helper)
        let decision = try scene.decision(helper, "tinycloud.kv/get", "kv/notes/a")
        let owner = scene.owner.privateKey
        let ownerRead = try scene.wire.post(
            "/invoke",
            TokenMaker.ucan(
                issuer: owner, audience: scene.owner.did(), capabilities: scene.space.readAll,
                expires: scene.time(60), nonce: TokenMaker.freshNonce(),
                facts: [["capabilitiesReadParams": ["type": "list"]]], issuerDID: scene.owner.did()))
        try #require(ownerRead.status == 200, "\(ownerRead.text)")
        let chain = try scene.wire.post(
            "/invoke",
            TokenMaker.ucan(
                issuer: owner, audience: scene.owner.did(), capabilities: scene.space.readAll,
                expires: scene.time(60), nonce: TokenMaker.freshNonce(),
                facts: [
                    ["capabilitiesReadParams": ["type": "chain", "delegation_cid": .string(second.cid.text)]]
                ], issuerDID: scene.owner.did()))
        let carried = try scene.wire.post(
            "/authorize", nil,
            json: [
                "invocation": .string(
                    scene.invocation(helper, [scene.space.can("tinycloud.kv/get", "kv/notes/a")], proofs: [second])
                        .authorization())
            ])
        let verdicts = [
            "read": read.status == 200, "delegate": further.status == 200,
            "status": status.json["active"]?.bool == true, "authorize": decision == "allow",
            "list": ownerRead.json[second.cid.text] != nil,
            "chain": chain.json.array?.first?["status"]?.string == "active",
            "carried": carried.json["decision"]?.string == "allow",
        ]
        #expect(Set(verdicts.values).count == 1, "routes disagree: \(verdicts)")
        return verdicts.values.allSatisfy { $0 }
    }
}

@Suite struct RevocationTests {
    @Test func theDelegatorEndsWhatItGaveAndEverythingBelow() throws {
        let line = try Line()
        #expect(try line.isAlive())
        let receipt = try line.scene.revoke(line.first, by: line.scene.session)
        #expect(receipt.status == 200)
        #expect(receipt.json == ["revoked": true, "cid": .string(line.first.cid.text)])
        #expect(receipt.json.keys == ["revoked", "cid"], "clients refuse further members")
        #expect(try !line.isAlive())
        let read = try line.scene.read(line.helper, proofs: [line.second])
        #expect(read.status == 401)
        #expect(
            read.text
                == "delegation-ancestor-revoked: ancestor=\(line.first.cid.text) invoked=\(line.second.cid.text)")
        let own = try line.scene.read(line.agent, proofs: [line.first])
        #expect(own.status == 401 && own.text == "delegation-revoked: \(line.first.cid.text)")
    }

    @Test func theDelegateGivesBackWhatItReceived() throws {
        let line = try Line()
        #expect(try line.scene.revoke(line.first, by: line.agent).status == 200)
        #expect(try !line.isAlive())
    }

    @Test func theOwnerEndsAnythingInItsSpace() throws {
        let line = try Line()
        let receipt = try line.scene.revoke(line.second, by: line.scene.owner)
        #expect(receipt.json == ["revoked": true, "cid": .string(line.second.cid.text)])
        #expect(try !line.isAlive())
        #expect(try line.scene.read(line.agent, proofs: [line.first]).status == 200, "the parent lives on")
    }

    @Test func theOwnerEndsTheWholeSession() throws {
        let line = try Line()
        #expect(try line.scene.revoke(line.root, by: line.scene.owner).status == 200)
        #expect(try !line.isAlive())
        #expect(try line.scene.read(line.scene.session, proofs: [line.root]).status == 401)
    }

    @Test func aSessionWithTheRightToRevokeActsForItsOwner() throws {
        let line = try Line()
        // The session neither gave nor received it: only its root's `delegation/revoke` lets it.
        #expect(try line.scene.revoke(line.second, by: line.scene.session).status == 403)
        #expect(try line.isAlive())
        #expect(try line.scene.revoke(line.second, by: line.scene.session, proofs: [line.root]).status == 200)
        #expect(try !line.isAlive())
    }

    @Test func aDelegatedRevokerActsForItsDelegatorOnly() throws {
        let line = try Line()
        let scene = line.scene
        let revoker = try Cast.key(0x77)
        // The session hands the right on; whoever holds it so acts for the session, which did not make `second`.
        let handed = try scene.admit(
            scene.ucan(
                scene.session, to: revoker.did, [scene.space.can("tinycloud.delegation/revoke", "delegation")],
                proofs: [line.root]))
        #expect(try scene.revoke(line.first, by: revoker, proofs: [handed]).status == 403)
        // From the owner itself it is good for the whole space.
        let given = try scene.admit(
            scene.cacao(
                scene.owner, to: revoker.did.text, [scene.space.can("tinycloud.delegation/revoke", "delegation")]))
        #expect(try scene.revoke(line.first, by: revoker).status == 403, "without the proof it is nobody")
        #expect(try scene.revoke(line.first, by: revoker, proofs: [given, handed]).status == 403)
        #expect(try scene.revoke(given, by: scene.owner).status == 200)
        #expect(try scene.revoke(line.first, by: revoker, proofs: [given]).status == 403, "its own proof is dead")
        #expect(try line.isAlive())
        let anew = try scene.admit(
            scene.cacao(
                scene.owner, to: revoker.did.text, [scene.space.can("tinycloud.delegation/revoke", "delegation")],
                lasts: 7200))
        #expect(try scene.revoke(line.first, by: revoker, proofs: [anew]).status == 200)
        #expect(try !line.isAlive())
    }

    @Test func anOutsiderEndsNothing() throws {
        let line = try Line()
        let revision = try line.scene.revision()
        let stranger = try Cast.key(0x99)
        let refused = try line.scene.revoke(line.first, by: stranger)
        #expect(refused.status == 403 && refused.text == "Unauthorized Revoker")
        #expect(try line.scene.revoke(line.first, by: Cast.wallet(9)).status == 403)
        // An issuer further up the chain is no party to what lies below it.
        #expect(try line.scene.revoke(line.second, by: line.scene.session).status == 403)
        // With a proof that does not hold, a party that could act for itself may not fall back to itself.
        #expect(try line.scene.revoke(line.first, by: line.agent, proofs: [line.first]).status == 403)
        #expect(try line.scene.revoke(line.first, by: line.agent, proofs: [line.second]).status == 403)
        #expect(try line.scene.revision() == revision)
        #expect(try line.isAlive())
    }

    @Test func anUnknownTargetIsRefusedAsANotAllowedOneIs() throws {
        let line = try Line()
        let unknown = try line.scene.ucan(line.agent, to: line.helper.did, [], proofs: [])
        let refused = try line.scene.revoke(unknown, by: line.agent)
        #expect(refused.status == 403 && refused.text == "Unauthorized Revoker")
    }

    @Test func revokingTwiceIsTheSameAnswer() throws {
        let line = try Line()
        #expect(try line.scene.revoke(line.first, by: line.scene.session).status == 200)
        let revision = try line.scene.revision()
        let again = try line.scene.revoke(line.first, by: line.agent)
        #expect(again.json == ["revoked": true, "cid": .string(line.first.cid.text)])
        #expect(try line.scene.revision() == revision)
    }

    @Test func sendingItAgainRevivesNothing() throws {
        let line = try Line()
        #expect(try line.scene.revoke(line.first, by: line.scene.session).status == 200)
        let revision = try line.scene.revision()
        for token in [line.root, line.first, line.second] {
            let receipt = try line.scene.delegate(token)
            #expect(receipt.status == 200 && receipt.json["activated"]?.strings == [])
            #expect(receipt.json["status"]?.string == (token.cid == line.root.cid ? "active" : "revoked"))
        }
        #expect(try line.scene.revision() == revision)
        #expect(try !line.isAlive())
    }

    @Test func twinsOfARevokedDelegationAreRevoked() throws {
        let line = try Line()
        let scene = line.scene
        // The same signed text with recovery byte 0 or 1 in place of 27 or 28: other bytes, another CID.
        var bytes = line.root.bytes
        let place = try #require(twinPlace(bytes))
        bytes[place] -= 27
        let twin = try UnverifiedToken.decode(bytes: bytes, kind: .cacao)
        #expect(twin.cid != line.root.cid && twin.statementID == line.root.statementID)
        #expect(try scene.revoke(line.root, by: scene.owner).status == 200)
        let receipt = try scene.delegate(twin)
        #expect(receipt.status == 200 && receipt.json["status"]?.string == "revoked")
        #expect(receipt.json["cid"]?.string == twin.cid.text && receipt.json["sameAs"]?.string == line.root.cid.text)
        #expect(try scene.read(scene.session, proofs: [twin]).status == 401)
        #expect(try !line.isAlive())
    }

    @Test func revokingATwinRevokesTheDelegation() throws {
        let line = try Line()
        let scene = line.scene
        var bytes = line.root.bytes
        bytes[try #require(twinPlace(bytes))] -= 27
        let twin = try scene.admit(UnverifiedToken.decode(bytes: bytes, kind: .cacao))
        #expect(try scene.read(scene.session, proofs: [twin]).status == 200, "a proof may be cited under either id")
        #expect(try scene.status(of: twin.cid.text, by: scene.session).json["active"]?.bool == true)
        let receipt = try scene.revoke(twin, by: scene.owner)
        #expect(receipt.json == ["revoked": true, "cid": .string(twin.cid.text)])
        #expect(try !line.isAlive())
    }

    /// The recovery byte is the last of the 65 signature bytes, which end the encoding before `"t"`.
    private func twinPlace(_ bytes: [UInt8]) -> Int? {
        bytes.indices.last { index in
            index + 2 < bytes.count && bytes[index] == 0x58 && bytes[index + 1] == 65
        }.map { $0 + 66 }
    }
}
