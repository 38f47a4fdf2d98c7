import Multiformats
import Testing
import UCAN

/// The wallet's delegations of TinyCloud's SDK, which all cite the session it is signed in with (tinycloud.md 7.3).
@Suite struct CitedSessionTests {
    private let scene: Scene
    private let root: UnverifiedToken
    private let dave: PrivateKey

    init() throws {
        scene = try Scene()
        root = try scene.signIn()
        dave = try Cast.key(0x33)
    }

    private func citing(
        to audience: String, _ capabilities: [TokenCapability], lasts: Int64 = 3600
    ) throws -> UnverifiedToken {
        try scene.cacao(scene.owner, to: audience, capabilities, proofs: [root.cid], lasts: lasts)
    }

    @Test func thePublicSpaceIsOpenedToTheSession() throws {
        // `ensurePublicSpace`: host the space, then give the session all of its kv, citing the session.
        let open = SpaceName(of: scene.owner.did(), "public")
        try scene.host(open, by: scene.owner)
        let given = try citing(
            to: scene.session.did.text,
            ["put", "get", "list", "del", "metadata"].map { try open.can("tinycloud.kv/\($0)", "kv") })
        let response = try scene.delegate(given)
        #expect(response.status == 200, "\(response.text)")
        #expect(response.json["activated"] == [.string(open.text)] && response.json["skipped"] == [])
        #expect(response.json["status"]?.string == "active")
        // The session gives on what it was given there.
        let share = try scene.admit(
            scene.ucan(
                scene.session, to: dave.did, [open.can("tinycloud.kv/get", "kv/card")], proofs: [given], lasts: 60))
        let chain = try scene.wire.post(
            "/invoke",
            TokenMaker.ucan(
                issuer: scene.owner.privateKey, audience: scene.owner.did(), capabilities: open.readAll,
                expires: scene.time(60), nonce: TokenMaker.freshNonce(),
                facts: [["capabilitiesReadParams": ["type": "chain", "delegation_cid": .string(share.cid.text)]]],
                issuerDID: scene.owner.did()))
        #expect(chain.json.texts("cid") == [share, given, root].map(\.cid.text))
        let parents = chain.json.array?[1]["parents"]?.array?.compactMap(\.string)
        #expect(parents == [root.cid.text], "what is cited is shown as a parent")
    }

    @Test func aWalletsDelegationCitesItsSession() throws {
        // `createDelegation` and the wallet's way of `delegateTo`: one path, some actions, to a DID.
        let given = try citing(
            to: dave.did.text,
            [
                scene.space.can("tinycloud.kv/get", "kv/notes/shared"),
                scene.space.can("tinycloud.sql/read", "sql/notes"),
            ])
        try scene.admit(given)
        let below = try scene.admit(
            scene.ucan(
                dave, to: Cast.key(0x35).did, [scene.space.can("tinycloud.kv/get", "kv/notes/shared/a")],
                proofs: [given], lasts: 600))
        #expect(try scene.status(of: below.cid.text, by: dave).json["status"]?.string == "active")
        #expect(try scene.decision(dave, "tinycloud.kv/get", "kv/notes/shared") == "allow")
        // The family lets a revocation of the session pass on; the gate asks what the wallet itself signed.
        #expect(try scene.revoke(root, by: scene.owner).status == 200)
        #expect(try scene.status(of: given.cid.text, by: dave).json["status"]?.string == "revoked")
        let invoked = try scene.wire.post(
            "/invoke", scene.invocation(dave, [scene.space.can("tinycloud.kv/get", "kv/notes/shared")], proofs: [given])
        )
        #expect(invoked.status == 401)
        #expect(
            invoked.text == "delegation-ancestor-revoked: ancestor=\(root.cid.text) invoked=\(given.cid.text)")
        let late = try scene.delegate(
            scene.ucan(
                dave, to: Cast.key(0x36).did, [scene.space.can("tinycloud.kv/get", "kv/notes/shared/b")],
                proofs: [given], lasts: 600))
        #expect(late.text == "delegation-ancestor-revoked: ancestor=\(root.cid.text) parent=\(given.cid.text)")
        let token = try scene.invocation(dave, scene.space.readAll, proofs: [])
        let answer = try scene.wire.post(
            "/authorize", token,
            json: [
                "principal": .string(dave.did.text), "ability": "tinycloud.kv/get",
                "resource": .string(scene.space.resource("kv/notes/shared")), "explain": true,
            ]
        ).json
        #expect(answer["decision"]?.string == "allow")
        let note = answer["explain"]?["candidates"]?.array?.first?["note"]?.string
        #expect(note == "TinyCloud routes refuse this token: `\(root.cid.text)` in its closure is revoked")
    }

    @Test func whatIsCitedMayHaveEndedAndMustBeKnown() throws {
        #expect(try scene.revoke(root, by: scene.owner).status == 200)
        let late = try citing(to: dave.did.text, [scene.space.can("tinycloud.kv/get", "kv/a")])
        let response = try scene.delegate(late)
        #expect(response.status == 200 && response.json["status"]?.string == "revoked")
        let stranger = try Cast.wallet(9)
        let foreign = try scene.admit(
            scene.cacao(stranger, to: Cast.key(0x70).did.text, [SpaceName(of: stranger.did()).can("a.b/c", "kv")]))
        let unknown = try scene.ucan(scene.session, to: dave.did, [], proofs: [])
        for cited in [foreign, unknown] {
            let refused = try scene.delegate(
                scene.cacao(
                    scene.owner, to: dave.did.text, [scene.space.can("tinycloud.kv/get", "kv/b")], proofs: [cited.cid]))
            #expect(refused.status == 401 && refused.text == "Cannot find parent delegation")
            #expect(refused.reason == "missingProof")
        }
    }

    @Test func aKeyThatOwnsASpaceCitesLikeAWallet() throws {
        let owner = try Cast.key(0x41)
        let own = SpaceName(of: owner.did, "notes")
        let first = try scene.admit(
            scene.ucan(owner, to: scene.session.did, [own.can("tinycloud.kv/get", "kv")], proofs: [], lasts: 60))
        let second = try scene.admit(
            scene.ucan(owner, to: dave.did, [own.can("tinycloud.kv/get", "kv/a")], proofs: [first]))
        #expect(try scene.status(of: second.cid.text, by: dave).json["status"]?.string == "active")
    }
}
