import Multiformats
import Testing
import UCAN

/// Who `created` and `received` are about (design section 3, identity of the asker).
@Suite struct AskerTests {
    /// Two sessions of one owner, each of which gave something to the agent.
    private struct Sessions {
        let scene: Scene
        let first: UnverifiedToken
        let second: UnverifiedToken
        let other: PrivateKey
        let agent: PrivateKey
        let byFirst: UnverifiedToken
        let bySecond: UnverifiedToken

        init() throws {
            scene = try Scene()
            other = try Cast.key(0x23)
            agent = try Cast.key(0x33)
            first = try scene.signIn()
            second = try scene.admit(
                scene.cacao(scene.owner, to: other.did.text, scene.space.session, lasts: 7200))
            byFirst = try scene.admit(
                scene.ucan(
                    scene.session, to: agent.did,
                    [
                        scene.space.can("tinycloud.kv/get", "kv/notes/1"),
                        scene.space.can("tinycloud.capabilities/read", "capabilities"),
                    ], proofs: [first]))
            bySecond = try scene.admit(
                scene.ucan(
                    other, to: agent.did, [scene.space.can("tinycloud.kv/get", "kv/notes/2")], proofs: [second]))
        }

        func list(
            _ invoker: PrivateKey, _ proofs: [UnverifiedToken], _ direction: JSON
        ) throws -> Set<String> {
            Set(try scene.list(invoker, proofs: proofs, ["direction": direction, "path": "notes/"]))
        }
    }

    private func cids(_ tokens: UnverifiedToken...) -> Set<String> { Set(tokens.map(\.cid.text)) }

    @Test func aSessionOfALiveRootActsForItsOwnerAndItsOtherSessions() throws {
        let sessions = try Sessions()
        let all = cids(sessions.first, sessions.second, sessions.byFirst, sessions.bySecond)
        #expect(try sessions.list(sessions.scene.session, [sessions.first], "created") == all)
        #expect(try sessions.list(sessions.other, [sessions.second], "created") == all)
        #expect(try sessions.list(sessions.scene.session, [sessions.first], "received") == [])
    }

    @Test func anAgentThatHoldsOnlyUCANsIsItself() throws {
        let sessions = try Sessions()
        let agent = sessions.agent
        #expect(try sessions.list(agent, [sessions.byFirst], "created") == [])
        let received = cids(sessions.byFirst, sessions.bySecond)
        #expect(try sessions.list(agent, [sessions.byFirst], "received") == received)
    }

    @Test func theOwnersKeyIsTheOwner() throws {
        let sessions = try Sessions()
        let scene = sessions.scene
        let token = try TokenMaker.ucan(
            issuer: scene.owner.privateKey, audience: scene.owner.did(), capabilities: scene.space.readAll,
            expires: scene.time(60), nonce: TokenMaker.freshNonce(),
            facts: [
                ["capabilitiesReadParams": ["type": "list", "filters": ["direction": "created", "path": "notes/"]]]
            ],
            issuerDID: scene.owner.did())
        let response = try scene.wire.post("/invoke", token)
        #expect(response.status == 200 && Set(response.json.keys) == cids(sessions.first, sessions.second))
    }

    @Test func whatAnEndedSessionMadeStaysTheOwnersAndWhatItsKeyDoesLaterDoesNot() throws {
        let sessions = try Sessions()
        let scene = sessions.scene
        let lent = try scene.admit(
            scene.ucan(
                sessions.agent, to: sessions.other.did, [scene.space.can("tinycloud.kv/get", "kv/notes/1")],
                proofs: [sessions.byFirst]))
        let further = { (lasts: Int64) in
            try scene.admit(
                scene.ucan(
                    sessions.other, to: Cast.key(0x36).did, [scene.space.can("tinycloud.kv/get", "kv/notes/1")],
                    proofs: [lent], lasts: lasts))
        }
        let early = try further(600)
        #expect(try scene.revoke(sessions.second, by: scene.owner).status == 200)
        let late = try further(700)
        func created(_ filters: JSON) throws -> Set<String> {
            Set(try scene.list(scene.session, proofs: [sessions.first], filters))
        }
        let whole = cids(sessions.first, sessions.second, sessions.byFirst, sessions.bySecond, early)
        #expect(try created(["direction": "created", "path": "notes/", "includeRevoked": true]) == whole)
        #expect(
            try created(["direction": "created", "path": "notes/"]) == cids(sessions.first, sessions.byFirst, early))
        #expect(try created(["direction": "received", "includeRevoked": true]) == cids(lent))
        #expect(try created(["direction": "all"]).contains(late.cid.text))
        // An expired one likewise.
        let expired = try Sessions()
        expired.scene.advance(7200)
        let after = try expired.scene.list(
            expired.scene.session, proofs: [expired.first], ["direction": "created", "includeExpired": true])
        #expect(after.contains(expired.bySecond.cid.text) && after.contains(expired.byFirst.cid.text))
    }

    @Test func anOwnerSeesWhatItGaveOnOneSideOnly() throws {
        let sessions = try Sessions()
        let scene = sessions.scene
        let see = [
            try scene.space.can("tinycloud.capabilities/read", "capabilities"),
            try scene.space.can("tinycloud.kv/get", "kv/notes/"),
        ]
        let (carol, share, node) = (try Cast.key(0x51), try Cast.key(0x52), try Cast.key(0x53))
        let bob = try Cast.wallet(9)
        let toCarol = try scene.admit(scene.cacao(scene.owner, to: carol.did.text, see, proofs: [sessions.first.cid]))
        let toShare = try scene.admit(scene.cacao(scene.owner, to: share.did.text, see, lasts: 600))
        let toNode = try scene.admit(
            scene.cacao(scene.owner, to: node.did.text, [scene.space.can("tinycloud.space/host", "space")]))
        let toBob = try scene.admit(scene.cacao(scene.owner, to: bob.did().text, see))
        let bobToCarol = try scene.admit(
            scene.cacao(bob, to: carol.did.text, see, proofs: [toBob.cid], lasts: 600))
        for (key, root) in [(scene.session, sessions.first), (sessions.other, sessions.second)] {
            let created = Set(try scene.list(key, proofs: [root], ["direction": "created"]))
            #expect(
                created.isSuperset(
                    of: cids(
                        sessions.first, sessions.second, sessions.byFirst, sessions.bySecond, toCarol, toShare, toNode,
                        toBob)))
            #expect(!created.contains(bobToCarol.cid.text))
            #expect(try scene.list(key, proofs: [root], ["direction": "received"]) == [])
        }
        // Who holds a wallet's grant is itself, whatever of it the grant lets it see.
        for (key, root, received) in [(carol, toCarol, cids(toCarol, bobToCarol)), (share, toShare, cids(toShare))] {
            #expect(Set(try scene.list(key, proofs: [root], ["direction": "received"])) == received)
            #expect(try scene.list(key, proofs: [root], ["direction": "created"]) == [])
        }
    }

    @Test func aSessionForAnotherSpaceOnlyIsNotMeant() throws {
        let sessions = try Sessions()
        let scene = sessions.scene
        let third = try Cast.key(0x24)
        let elsewhere = SpaceName(of: scene.owner.did(), "elsewhere")
        try scene.admit(
            scene.cacao(scene.owner, to: third.did.text, [elsewhere.can("tinycloud.kv/get", "kv/")]))
        let given = try scene.admit(
            scene.ucan(
                scene.session, to: third.did, [scene.space.can("tinycloud.kv/get", "kv/notes/")],
                proofs: [sessions.first]))
        let byThird = try scene.admit(
            scene.ucan(
                third, to: sessions.agent.did, [scene.space.can("tinycloud.kv/get", "kv/notes/3")], proofs: [given]))
        let created = try sessions.list(scene.session, [sessions.first], "created")
        #expect(created.contains(given.cid.text) && !created.contains(byThird.cid.text))
    }

    @Test func nothingAThirdPartySignsChangesTheAnswer() throws {
        let sessions = try Sessions()
        let scene = sessions.scene
        let stranger = try Cast.wallet(9)
        let own = SpaceName(of: stranger.did(), "own")
        // The stranger holds something in the space, so that it has rows of its own there.
        let lent = try scene.admit(
            scene.ucan(
                sessions.agent, to: stranger.did(), [scene.space.can("tinycloud.kv/get", "kv/notes/1")],
                proofs: [sessions.byFirst]))
        func answers() throws -> [[UInt8]] {
            var bodies: [[UInt8]] = []
            for (key, proof) in [(scene.session, sessions.first), (sessions.agent, sessions.byFirst)] {
                for direction in ["created", "received"] as [JSON] {
                    let filters: JSON = ["direction": direction, "actions": ["tinycloud.kv/get"]]
                    bodies.append(
                        try scene.read(key, proofs: [proof], ["type": "list", "filters": filters]).body)
                }
            }
            return bodies
        }
        let before = try answers()
        for victim in [scene.session, sessions.agent, sessions.other] {
            // A root of the stranger aimed at the victim: with nothing, in its own space, and with a proof.
            try scene.admit(scene.cacao(stranger, to: victim.did.text, []))
            try scene.admit(scene.cacao(stranger, to: victim.did.text, [own.can("tinycloud.kv/get", "kv/")]))
        }
        // A row the stranger creates in the space itself, aimed at a key nobody asks for.
        try scene.admit(
            scene.cacao(
                stranger, to: Cast.key(0x70).did.text, [scene.space.can("tinycloud.kv/get", "kv/notes/1")],
                proofs: [lent.cid], lasts: 60))
        #expect(try answers() == before)
    }

    @Test func aFriendsSessionSeesWhatItsWalletWasGiven() throws {
        // A wallet that was given something gives it on to its own session key, as the SDK's `useDelegation` does; the
        // key is known by the sign-in to the wallet's own space.
        let sessions = try Sessions()
        let scene = sessions.scene
        let bob = try Cast.wallet(9)
        let own = SpaceName(of: bob.did())
        let see = [try scene.space.can("tinycloud.capabilities/read", "capabilities")]
        let key = try Cast.key(0x61)
        let toBob = try scene.admit(scene.cacao(scene.owner, to: bob.did().text, see))
        let used = try scene.admit(scene.cacao(bob, to: key.did.text, see, proofs: [toBob.cid], lasts: 600))
        func lists() throws -> [Set<String>] {
            try ["created", "received"].map { Set(try scene.list(key, proofs: [used], ["direction": .string($0)])) }
        }
        #expect(try lists() == [[], cids(used)], "nobody signed in with this key")
        let stranger = try Cast.wallet(8)
        try scene.admit(scene.cacao(stranger, to: key.did.text, SpaceName(of: stranger.did()).session))
        #expect(try lists() == [[], cids(used)], "and a stranger's sign-in with it is nothing to it")
        try scene.admit(scene.cacao(bob, to: key.did.text, own.session))
        #expect(try lists() == [cids(used), cids(toBob)])
    }

    @Test func aRootThatRestsOnAProofIsNoRoot() throws {
        let sessions = try Sessions()
        let scene = sessions.scene
        let wallet = try Cast.wallet(7)
        // A wallet that received a UCAN and gives it on by CACAO: its audience does not act for it.
        let lent = try scene.admit(
            scene.ucan(
                scene.session, to: wallet.did(),
                [
                    scene.space.can("tinycloud.capabilities/read", "capabilities"),
                    scene.space.can("tinycloud.kv/get", "kv/notes/7"),
                ], proofs: [sessions.first]))
        let holder = try Cast.key(0x71)
        let given = try scene.admit(
            scene.cacao(
                wallet, to: holder.did.text, [scene.space.can("tinycloud.capabilities/read", "capabilities")],
                proofs: [lent.cid], lasts: 600))
        let other = try scene.admit(
            scene.cacao(
                wallet, to: Cast.key(0x72).did.text, [scene.space.can("tinycloud.kv/get", "kv/notes/7")],
                proofs: [lent.cid], lasts: 600))
        #expect(try scene.list(holder, proofs: [given], ["direction": "created"]) == [])
        #expect(try scene.list(holder, proofs: [given], ["direction": "received"]) == [given.cid.text])
        let all = try scene.list(holder, proofs: [given], ["direction": "all"])
        #expect(all.contains(other.cid.text))
    }
}
