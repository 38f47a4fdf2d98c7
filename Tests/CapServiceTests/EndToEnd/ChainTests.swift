import Multiformats
import Testing
import UCAN

@Suite struct ChainTests {
    /// Owner → two sessions → agent, whose one grant rests on both, → helper.
    private struct Diamond {
        let scene: Scene
        let left: UnverifiedToken
        let right: UnverifiedToken
        let viaLeft: UnverifiedToken
        let viaRight: UnverifiedToken
        let middle: UnverifiedToken
        let leaf: UnverifiedToken
        let agent: PrivateKey
        let helper: PrivateKey
        let other: PrivateKey

        init() throws {
            scene = try Scene()
            let space = scene.space
            try scene.host(space, by: scene.owner)
            other = try Cast.key(0x23)
            agent = try Cast.key(0x33)
            helper = try Cast.key(0x34)
            left = try scene.admit(scene.cacao(scene.owner, to: scene.session.did.text, space.session))
            right = try scene.admit(
                scene.cacao(scene.owner, to: other.did.text, [space.can("tinycloud.sql/read", "sql/main")]))
            viaLeft = try scene.admit(
                scene.ucan(
                    scene.session, to: agent.did,
                    [
                        space.can("tinycloud.kv/get", "kv/notes/"),
                        space.can("tinycloud.capabilities/read", "capabilities"),
                    ], proofs: [left]))
            viaRight = try scene.admit(
                scene.ucan(other, to: agent.did, [space.can("tinycloud.sql/read", "sql/main")], proofs: [right]))
            middle = try scene.admit(
                scene.ucan(
                    agent, to: helper.did,
                    [
                        space.can("tinycloud.kv/get", "kv/notes/a"), space.can("tinycloud.sql/read", "sql/main"),
                        space.can("tinycloud.capabilities/read", "capabilities"),
                    ], proofs: [viaRight, viaLeft]))
            leaf = try scene.admit(
                scene.ucan(
                    helper, to: Cast.key(0x35).did, [space.can("tinycloud.kv/get", "kv/notes/a/1")],
                    proofs: [middle], lasts: 600))
        }

        var all: [UnverifiedToken] { [leaf, middle, viaLeft, viaRight, left, right] }
    }

    private func expectOrder(_ chain: JSON, _ expected: [UnverifiedToken]) {
        let cids = chain.texts("cid")
        #expect(Set(cids) == Set(expected.map(\.cid.text)), "not every route, or more")
        #expect(Set(cids).count == cids.count, "an element came twice")
        for (index, row) in (chain.array ?? []).enumerated() {
            for parent in row["parents"]?.strings ?? [] {
                #expect((cids.firstIndex(of: parent) ?? -1) > index, "an element stands after its parent")
            }
        }
    }

    @Test func everyRouteIsShownLeafFirstEachElementOnce() throws {
        let diamond = try Diamond()
        let response = try diamond.scene.chain(diamond.helper, proofs: [diamond.middle], diamond.leaf.cid.text)
        #expect(response.status == 200)
        let chain = response.json
        #expect(chain.array?.first?["cid"]?.string == diamond.leaf.cid.text)
        expectOrder(chain, diamond.all)
        let rows = chain.array ?? []
        #expect(rows.allSatisfy { $0["status"]?.string == "active" && $0["cause"] == nil })
        let middle = rows.first { $0["cid"]?.string == diamond.middle.cid.text }
        #expect(middle?["parents"]?.strings == [diamond.viaRight.cid.text, diamond.viaLeft.cid.text])
        let again = try diamond.scene.chain(diamond.helper, proofs: [diamond.middle], diamond.leaf.cid.text)
        #expect(again.body == response.body, "the order is not the same each time")
    }

    @Test func theChainOfARootIsItself() throws {
        let diamond = try Diamond()
        let chain = try diamond.scene.chain(diamond.scene.session, proofs: [diamond.left], diamond.left.cid.text)
        #expect(chain.json.texts("cid") == [diamond.left.cid.text])
        #expect(chain.json.array?.first?["parents"]?.strings == [])
    }

    @Test func everyBaseAndCodecOfACIDNamesTheSameDelegation() throws {
        let diamond = try Diamond()
        let cid = diamond.leaf.cid
        let texts = [cid.base58, CID(codec: 0x71, hash: cid.hash).text, "f" + Base16.encode(cid.bytes)]
        for text in texts {
            let chain = try diamond.scene.chain(diamond.helper, proofs: [diamond.middle], text)
            #expect(chain.json.texts("cid").first == cid.text, "\(text)")
        }
    }

    @Test func aDeadAncestorStaysInTheChainAndIsTheCause() throws {
        let diamond = try Diamond()
        let scene = diamond.scene
        #expect(try scene.revoke(diamond.viaRight, by: diamond.other).status == 200)
        let response = try scene.chain(scene.session, proofs: [diamond.left], diamond.leaf.cid.text)
        expectOrder(response.json, diamond.all)
        var states: [String: (String?, String?, String?)] = [:]
        for row in response.json.array ?? [] {
            states[row["cid"]?.string ?? ""] = (
                row["status"]?.string, row["cause"]?["code"]?.string, row["cause"]?["cid"]?.string
            )
        }
        let dead = diamond.viaRight.cid.text
        for (token, state) in [
            (diamond.leaf, ("revoked", "ancestorRevoked", dead)),
            (diamond.middle, ("revoked", "ancestorRevoked", dead)),
            (diamond.viaRight, ("revoked", "revoked", dead)),
        ] as [(UnverifiedToken, (String?, String?, String?))] {
            let shown = try #require(states[token.cid.text])
            #expect(shown == state)
        }
        for token in [diamond.viaLeft, diamond.left, diamond.right] {
            #expect(states[token.cid.text]?.0 == "active")
        }
        scene.advance(601)
        let later = try scene.chain(scene.session, proofs: [diamond.left], diamond.leaf.cid.text)
        #expect(later.json.array?.first?["status"]?.string == "revoked", "a revocation is named before an expiry")
    }

    @Test func unknownAndNotVisibleAreOneAnswer() throws {
        let diamond = try Diamond()
        let scene = diamond.scene
        let stranger = try Cast.wallet(9)
        let elsewhere = SpaceName(of: stranger.did())
        try scene.host(elsewhere, by: stranger)
        let hidden = try scene.admit(
            scene.cacao(stranger, to: Cast.key(0x66).did.text, [elsewhere.can("tinycloud.kv/get", "kv/")]))
        let unknown = CID.ofToken([1, 2, 3])
        let answers = try [hidden.cid, unknown].map {
            try scene.chain(scene.session, proofs: [diamond.left], $0.text)
        }
        for answer in answers {
            #expect(answer.status == 404 && answer.text == answers[0].text && answer.reason == answers[0].reason)
        }
    }

    @Test func aClosureBeyondTheLimitIsAnErrorAndNeverCutShort() throws {
        let scene = try Scene(options: ["--max-closure-nodes", "6"])
        let root = try scene.signIn()
        var proof = root
        var holder = scene.session
        var refused: RawResponse?
        for step in 0..<8 {
            let next = try Cast.key(UInt8(0x80 + step))
            let token = try scene.ucan(
                holder, to: next.did, [scene.space.can("tinycloud.kv/get", "kv/notes/")], proofs: [proof])
            let response = try scene.delegate(token)
            guard response.status == 200 else {
                refused = response
                break
            }
            let chain = try scene.chain(scene.session, proofs: [root], token.cid.text)
            #expect(chain.json.array?.count == step + 2)
            (proof, holder) = (token, next)
        }
        #expect(refused?.status == 401 && refused?.text == "delegation-chain-traversal-limit-exceeded")
    }
}
