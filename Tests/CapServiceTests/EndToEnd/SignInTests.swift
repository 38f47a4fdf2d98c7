import Multiformats
import Testing
import UCAN

@Suite struct SignInTests {
    @Test func aClientSignsInHostsDelegatesAndReads() throws {
        let scene = try Scene()
        let version = try scene.wire.get("/version")
        #expect(version.json["protocol"]?.number?.int64 == 1)
        #expect(try scene.wire.get("/info").json == version.json)

        // The session comes first, as a client tries: accepted, but the space is not hosted yet.
        let root = try scene.cacao(scene.owner, to: scene.session.did.text, scene.space.session)
        let early = try scene.delegate(root)
        #expect(early.status == 200)
        #expect(early.json["cid"]?.string == root.cid.text)
        #expect(early.json["activated"]?.strings == [] && early.json["skipped"]?.strings == [scene.space.text])
        let missing = try scene.read(scene.session, proofs: [root])
        #expect(missing.status == 404 && missing.text == "Space not found")

        let host = try scene.wire.get("/peer/generate/\(scene.space.text)")
        #expect(host.text == version.json["nodeId"]?.string)
        let hosting = try scene.delegate(scene.cacao(scene.owner, to: host.text, scene.space.host))
        #expect(hosting.json["activated"]?.strings == [scene.space.text] && hosting.json["skipped"]?.strings == [])

        // The same bytes again: the same CID, and nothing is activated twice.
        let again = try scene.delegate(root)
        #expect(again.json["cid"]?.string == root.cid.text)
        #expect(again.json["activated"]?.strings == [] && again.json["skipped"]?.strings == [])
        #expect(again.json["status"]?.string == "active")

        let agent = try Cast.key(0x33)
        let child = try scene.ucan(
            scene.session, to: agent.did, [scene.space.can("tinycloud.kv/get", "kv/notes/shared/")], proofs: [root])
        let receipt = try scene.delegate(child)
        #expect(receipt.json["activated"]?.strings == [scene.space.text])
        let all = try scene.read(scene.session, proofs: [root])
        #expect(all.status == 200 && all.json.keys.count == 3 && all.json[child.cid.text] != nil)
    }

    @Test func thePathOfAPeerMayBePercentEncoded() throws {
        let scene = try Scene()
        let encoded = scene.space.text.replacing(":", with: "%3A")
        let plain = try scene.wire.get("/peer/generate/\(scene.space.text)")
        #expect(plain.status == 200 && plain.text.hasPrefix("did:key:"))
        #expect(try scene.wire.get("/peer/generate/\(encoded)").text == plain.text)
        for wrong in ["", "default", "tinycloud:pkh:default", "tinycloud%ZZ", "\(encoded)%2Fkv"] {
            let refused = try scene.wire.get("/peer/generate/\(wrong)")
            #expect(refused.status == 400 && refused.text == "Invalid space ID", "`\(wrong)`: \(refused.status)")
        }
    }

    @Test func onlyTheOwnerHostsAndOnlyWithExactlyTheSpaceResource() throws {
        let scene = try Scene()
        let stranger = try Cast.wallet(9)
        let refused = try scene.delegate(scene.cacao(stranger, to: scene.session.did.text, scene.space.host))
        #expect(refused.status == 401 && refused.reason == "missingProof")
        for rest in ["space/x", "space/", "spaces"] {
            let token = try scene.cacao(
                scene.owner, to: scene.session.did.text, [scene.space.can("tinycloud.space/host", rest)])
            #expect(try scene.delegate(token).json["skipped"]?.strings == [scene.space.text], "\(rest)")
        }
    }

    @Test func openHostingBeginsWithTheOwnersFirstStatement() throws {
        let scene = try Scene(options: ["--hosting", "open"])
        let root = try scene.cacao(scene.owner, to: scene.session.did.text, scene.space.session)
        #expect(try scene.delegate(root).json["activated"]?.strings == [scene.space.text])
        #expect(try scene.read(scene.session, proofs: [root]).status == 200)

        // A space of a key, begun by its owner's first invocation; one of somebody else's is not.
        let other = SpaceName(of: scene.session.did, "own")
        #expect(try scene.read(scene.session, proofs: [], of: other).status == 200)
        let foreign = SpaceName(of: try Cast.key(0x44).did, "own")
        #expect(try scene.read(scene.session, proofs: [], of: foreign).status == 401)
        #expect(try scene.read(Cast.key(0x44), proofs: [], of: foreign).status == 200)
    }

    @Test func keysOfEveryCurveSignDelegationsAndReads() throws {
        let scene = try Scene()
        let root = try scene.signIn()
        for (number, curve) in [(UInt8(0x51), Curve.p256), (0x52, .secp256k1), (0x53, .ed25519)] {
            let agent = try Cast.key(number, curve)
            let grant = try scene.admit(
                scene.ucan(
                    scene.session, to: agent.did, [scene.space.can("tinycloud.capabilities/read", "capabilities")],
                    proofs: [root]))
            #expect(try scene.list(agent, proofs: [grant], ["direction": "received"]) == [grant.cid.text])
            let further = try scene.admit(
                scene.ucan(agent, to: Cast.key(0x54).did, scene.space.readAll, proofs: [grant], lasts: 60))
            #expect(try scene.list(agent, proofs: [grant], ["direction": "created"]) == [further.cid.text])
        }
    }
}
