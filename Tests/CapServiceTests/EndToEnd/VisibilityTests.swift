import Multiformats
import Testing
import UCAN

/// Nobody learns what they may not see (design law 9).
@Suite struct VisibilityTests {
    /// Two spaces of two owners. The helper holds something in each and gives both on in one delegation.
    private struct TwoSpaces {
        let scene: Scene
        let other: EthereumKey
        let otherSpace: SpaceName
        let root: UnverifiedToken
        let otherRoot: UnverifiedToken
        let helper: PrivateKey
        let receiver: PrivateKey
        let reader: PrivateKey
        /// Lets the reader read the capabilities of the first space.
        let mayRead: UnverifiedToken
        let mixed: UnverifiedToken

        init() throws {
            scene = try Scene()
            other = try Cast.wallet(2)
            otherSpace = SpaceName(of: other.did(), "private")
            helper = try Cast.key(0x40)
            receiver = try Cast.key(0x41)
            reader = try Cast.key(0x42)
            root = try scene.signIn()
            try scene.host(otherSpace, by: other)
            otherRoot = try scene.admit(
                scene.cacao(
                    other, to: helper.did.text,
                    [
                        otherSpace.can("tinycloud.kv/get", "kv/secret/"),
                        otherSpace.can("tinycloud.capabilities/read", "capabilities"),
                    ]))
            let given = try scene.admit(
                scene.ucan(
                    scene.session, to: helper.did, [scene.space.can("tinycloud.kv/get", "kv/notes/")], proofs: [root]))
            mayRead = try scene.admit(
                scene.ucan(
                    scene.session, to: reader.did, [scene.space.can("tinycloud.capabilities/read", "capabilities")],
                    proofs: [root]))
            mixed = try scene.admit(
                scene.ucan(
                    helper, to: receiver.did,
                    [
                        scene.space.can("tinycloud.kv/get", "kv/notes/a"),
                        otherSpace.can("tinycloud.kv/get", "kv/secret/b"),
                    ], proofs: [given, otherRoot]))
        }

        func row(_ invoker: PrivateKey, _ proof: UnverifiedToken, of space: SpaceName? = nil) throws -> JSON? {
            let response = try scene.read(invoker, proofs: [proof], of: space)
            try #require(response.status == 200, "\(response.text)")
            return response.json[mixed.cid.text]
        }
    }

    private func resources(_ row: JSON?) -> [String] { (row?["capabilities"] ?? .null).texts("resource") }

    @Test func aReaderOfOneSpaceIsNotShownTheOther() throws {
        let spaces = try TwoSpaces()
        let scene = spaces.scene
        let row = try #require(try spaces.row(spaces.reader, spaces.mayRead))
        #expect(resources(row) == [scene.space.resource("kv/notes/a")])
        #expect(row["raw"] == nil)
        #expect(row["withheld"]?.strings == ["capabilities", "raw"], "the row says so")
        #expect(row["parents"]?.strings.count == 2 && row["status"]?.string == "active")
        // Neither a list, a page nor a chain says the other space's name anywhere.
        let hidden = [spaces.otherSpace.text, "secret", Base64URL.encode(Array("secret".utf8))]
        let answers = [
            try scene.read(spaces.reader, proofs: [spaces.mayRead]),
            try scene.read(spaces.reader, proofs: [spaces.mayRead], ["type": "list", "filters": ["limit": 50]]),
            try scene.chain(spaces.reader, proofs: [spaces.mayRead], spaces.mixed.cid.text),
        ]
        for answer in answers {
            #expect(answer.status == 200 && answer.text.contains(spaces.mixed.cid.text))
            for text in hidden { #expect(!answer.text.contains(text), "`\(text)` is shown") }
        }
        let chain = answers[2].json
        #expect(chain.array?.count == 4, "the whole chain is there, the other space's part without what it says")
        let parent = chain.array?.first { $0["cid"]?.string == spaces.otherRoot.cid.text }
        #expect(parent?["capabilities"] == [] && parent?["withheld"]?.strings == ["capabilities", "raw"])
    }

    @Test func issuerAndAudienceSeeItWhole() throws {
        let spaces = try TwoSpaces()
        let scene = spaces.scene
        for key in [spaces.helper, spaces.receiver] {
            let grant = try scene.admit(
                scene.ucan(
                    scene.session, to: key.did, [scene.space.can("tinycloud.capabilities/read", "capabilities")],
                    proofs: [spaces.root]))
            let row = try spaces.row(key, grant)
            #expect(resources(row).count == 2)
            #expect(row?["raw"]?.string == spaces.mixed.authorization() && row?["withheld"] == nil)
        }
        // The helper may read the other space too: there it is the issuer as well.
        let row = try spaces.row(spaces.helper, spaces.otherRoot, of: spaces.otherSpace)
        #expect(row?["raw"]?.string == spaces.mixed.authorization())
    }

    /// What was written for one viewer is kept for the next.
    @Test func whatOneIsShownWidensNothingForAnother() throws {
        let spaces = try TwoSpaces()
        let scene = spaces.scene
        let before = try #require(try spaces.row(spaces.reader, spaces.mayRead))
        for _ in 0..<2 {
            let whole = try spaces.row(spaces.helper, spaces.otherRoot, of: spaces.otherSpace)
            #expect(whole?["raw"]?.string == spaces.mixed.authorization())
            #expect(try spaces.row(spaces.reader, spaces.mayRead) == before)
        }
        // The status is not kept.
        _ = try scene.revoke(spaces.mixed, by: spaces.helper)
        let all: JSON = ["type": "list", "filters": ["includeRevoked": true]]
        let ended = try scene.read(spaces.helper, proofs: [spaces.otherRoot], all, of: spaces.otherSpace)
            .json[spaces.mixed.cid.text]
        #expect(ended?["status"]?.string == "revoked" && ended?["raw"]?.string == spaces.mixed.authorization())
        #expect(ended?["cause"]?["code"]?.string == "revoked")
    }

    @Test func whoGovernsTheOtherSpaceSeesItsPart() throws {
        let spaces = try TwoSpaces()
        let scene = spaces.scene
        // The other owner's session holds a read of the first space, and acts for an owner of the second.
        let session = try Cast.key(0x43)
        let own = try scene.admit(
            scene.cacao(spaces.other, to: session.did.text, spaces.otherSpace.session))
        let read = try scene.admit(
            scene.ucan(
                scene.session, to: session.did, [scene.space.can("tinycloud.capabilities/read", "capabilities")],
                proofs: [spaces.root]))
        let alone = try scene.read(session, proofs: [read]).json[spaces.mixed.cid.text]
        #expect(alone?["withheld"] != nil, "without citing its root it is only itself")
        let both = try scene.read(session, proofs: [read, own]).json[spaces.mixed.cid.text]
        #expect(resources(both).count == 2 && both?["raw"]?.string == spaces.mixed.authorization())
        // The first owner's session governs the first space only.
        let first = try spaces.row(scene.session, spaces.root)
        #expect(resources(first) == [scene.space.resource("kv/notes/a")] && first?["withheld"] != nil)
    }

    @Test func aKeyMadeASessionByAStrangerShowsItNoMore() throws {
        let spaces = try TwoSpaces()
        let scene = spaces.scene
        // The other owner signs in with the helper's key, which need not know, beside its own session's. The helper's
        // own rows count as created in that space then, but are not shown whole for it.
        let session = try Cast.key(0x43)
        let own = try scene.admit(scene.cacao(spaces.other, to: session.did.text, spaces.otherSpace.session))
        try scene.admit(scene.cacao(spaces.other, to: spaces.helper.did.text, spaces.otherSpace.session))
        let answer = try scene.read(
            session, proofs: [own], ["type": "list", "filters": ["direction": "created"]],
            of: spaces.otherSpace)
        let row = try #require(answer.json[spaces.mixed.cid.text])
        #expect(resources(row) == [spaces.otherSpace.resource("kv/secret/b")])
        #expect(row["raw"] == nil && row["withheld"]?.strings == ["capabilities", "raw"])
        #expect(!answer.text.contains(scene.space.text))
    }

    @Test func filtersDoNotProbeTheOtherSpace() throws {
        let spaces = try TwoSpaces()
        let scene = spaces.scene
        func list(_ filters: JSON) throws -> [String] {
            try scene.list(spaces.reader, proofs: [spaces.mayRead], filters)
        }
        #expect(try list(["path": "secret/"]) == [])
        #expect(try list(["path": "secret/b", "actions": ["tinycloud.kv/get"]]) == [])
        #expect(try list(["path": "notes/a"]) == [spaces.mixed.cid.text])
        // What lies in the other space alone is unknown here.
        let hidden = try scene.chain(spaces.reader, proofs: [spaces.mayRead], spaces.otherRoot.cid.text)
        #expect(hidden.status == 404)
        #expect(try scene.read(spaces.reader, proofs: [spaces.mayRead], of: spaces.otherSpace).status == 401)
    }

    @Test func aSpaceWhoseNameBeginsAlikeIsAnotherSpace() throws {
        let scene = try Scene()
        let root = try scene.signIn()
        for (name, wallet, chain) in [
            ("default2", scene.owner, UInt64(1)), ("defaul", scene.owner, 1), ("Default", scene.owner, 1),
            ("default", scene.owner, 10),
        ] {
            let space = SpaceName(of: wallet.did(chain: chain), name)
            #expect(try scene.read(scene.session, proofs: [root], of: space).status == 401, "\(space.text)")
            let child = try scene.ucan(
                scene.session, to: Cast.key(0x35).did, [space.can("tinycloud.kv/get", "kv/notes/a")], proofs: [root])
            #expect(try scene.delegate(child).status == 401, "\(space.text)")
        }
    }

    @Test func readsOfAnotherPathGiveNoList() throws {
        let scene = try Scene()
        try scene.host(scene.space, by: scene.owner)
        let agent = try Cast.key(0x33)
        for (rest, status) in [
            ("capabilities/all", 200), ("capabilities", 200), ("capabilities/al", 401), ("capabilities/all/", 401),
            ("capabilities/allx", 401), ("capabilitiesx", 401), ("capabilities/", 401), ("kv", 401),
        ] {
            let grant = try scene.admit(
                scene.cacao(
                    scene.owner, to: agent.did.text, [scene.space.can("tinycloud.capabilities/read", rest)]))
            #expect(try scene.read(agent, proofs: [grant]).status == status, "\(rest)")
        }
    }
}
