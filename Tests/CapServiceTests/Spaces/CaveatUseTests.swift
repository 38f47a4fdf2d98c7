import ATProto
import CapTesting
import Multiformats
import Testing
import UCAN

/// A delegation that a caveat narrows reaches no further than the caveat, whatever it is used for and wherever it is
/// asked about: a holder repeats the caveat, as it must, and is held to it.
@Suite struct CaveatUseTests {
    /// A kind of caveat, and whether it lets a use of the one repo or of the other through.
    struct Kind: Sendable, CustomTestStringConvertible {
        let name: String
        let caveats: @Sendable (_ space: String, _ repo: String) -> [JSON]
        let inside: Bool
        var outside = false

        var testDescription: String { name }

        static func selector(_ kind: String, _ value: String) -> JSON {
            ["type": "xyz.tinycloud.resource/selector", "kind": .string(kind), "value": .string(value)]
        }

        static let all = [
            Kind(name: "none", caveats: { _, _ in [] }, inside: true, outside: true),
            Kind(
                name: "a selector of the space", caveats: { space, _ in [selector("prefix", space)] }, inside: true,
                outside: true),
            Kind(name: "a selector of a repo", caveats: { _, repo in [selector("prefix", repo)] }, inside: true),
            Kind(
                name: "a selector of a repo and a caveat nobody knows",
                caveats: { _, repo in [selector("prefix", repo), ["only": "mine"]] }, inside: false),
            Kind(name: "an exact selector", caveats: { _, repo in [selector("exact", repo)] }, inside: false),
            Kind(name: "a selector beside", caveats: { _, repo in [selector("prefix", repo + "x")] }, inside: false),
            Kind(name: "a malformed selector", caveats: { _, repo in [selector("glob", repo)] }, inside: false),
            Kind(name: "one nobody knows", caveats: { _, _ in [["only": "mine"]] }, inside: false),
            Kind(
                name: "statements",
                caveats: { _, _ in [["mode": "constrained-statements", "readOnly": true, "statements": []]] },
                inside: false),
        ]
    }

    private final class Rig {
        let scene: SpaceScene
        /// The owner, who has its key itself and signs the delegation: a selector is narrowed by nobody else.
        let owner: SpaceScene.Person
        let bob: SpaceScene.Person
        let space: String
        let audience: DID
        let agent: PrivateKey
        let given: UnverifiedToken
        let caveats: [JSON]
        private let elsewhere: StubHost

        init(_ kind: Kind) throws {
            let key = try PrivateKey.generate(.secp256k1)
            let documents = Locked<[String: String]>([:])
            elsewhere = StubHost { asked in
                documents.withLock { $0[asked.target] }.map { StubHost.Reply(200, $0) } ?? StubHost.Reply(404)
            }
            let did = "did:web:127.0.0.1%3A\(elsewhere.port):alice"
            let document = try DIDDocument.make(
                did: did, handle: nil, keys: [(KeyID.account, key.publicKey)], services: [])
            documents.withLock { $0["/alice/did.json"] = String(decoding: document.json.serialized(), as: UTF8.self) }
            scene = try SpaceScene(options: ["--registration", "open", "--allow-loopback-peers"])
            let made = try scene.post(
                "com.atproto.server.createAccount",
                [
                    "handle": "alice.localhost", "password": "a secret of hers", "did": .string(did),
                    "signingKey": key.jwk,
                ])
            owner = SpaceScene.Person(did: did, token: try #require(made.json["accessJwt"]?.string, "\(made.text)"))
            bob = try scene.person("bob")
            space = try scene.create("main", by: owner)
            audience = try DID(
                #require(scene.get("com.atproto.server.describeServer").json["spaces"]?["ucan"]?["audience"]?.string))
            agent = try PrivateKey.generate(.ed25519)
            try scene.add(bob, to: space, access: "write", by: owner)
            for person in [owner, bob] { try scene.write("one", "hello", to: space, by: person) }
            let (caveats, space) = (kind.caveats(space, "\(space)/\(did)"), space)
            self.caveats = caveats
            given = try TokenMaker.ucan(
                issuer: key, audience: agent.did,
                capabilities: ["create", "manage.update", "read"].map { name in
                    try TokenCapability(resource: space, ability: "atproto.space/" + name, caveats: caveats)
                }, expires: Timestamp(seconds: scene.accounts.now + 600), nonce: TokenID.random(),
                issuerDID: try DID(did))
            let admitted = try scene.accounts.wire.post("/delegate", given)
            try #require(admitted.status == 200, "\(admitted.text)")
        }

        /// An invocation that repeats the caveats it is held to, or drops them.
        func invocation(_ ability: String, repeating: Bool = true) throws -> UnverifiedToken {
            try TokenMaker.ucan(
                issuer: agent, audience: audience,
                capabilities: [
                    TokenCapability(
                        resource: space, ability: "atproto.space/" + ability, caveats: repeating ? caveats : [])
                ], proofs: [given.cid], expires: Timestamp(seconds: scene.accounts.now + 60), nonce: TokenID.random())
        }

        func caller(_ ability: String, repeating: Bool = true) throws -> SpaceScene.Person {
            SpaceScene.Person(
                did: agent.did.text, token: try invocation(ability, repeating: repeating).authorization())
        }
    }

    @Test(arguments: Kind.all) func readsStayWithin(_ kind: Kind) throws {
        let rig = try Rig(kind)
        let isNarrowed = kind.name != "none"
        for (author, isAllowed) in [(rig.owner, kind.inside), (rig.bob, kind.outside)] {
            for (method, more) in [
                ("getRecord", [("collection", SpaceScene.post), ("rkey", "one")]), ("listRecords", []),
                ("getLatestCommit", []), ("getRepo", []), ("listRepoOps", []), ("listBlobs", []),
            ] {
                func read(repeating: Bool) throws -> Int {
                    try rig.scene.repo(
                        method, of: author, in: rig.space, more, by: rig.caller("read", repeating: repeating)
                    ).status
                }
                #expect(try (read(repeating: true) == 200) == isAllowed, "\(method)")
                #expect(try (read(repeating: false) == 200) == !isNarrowed, "\(method), the caveat dropped")
            }
            let resource = "\(rig.space)/\(author.did)"
            let wanted: JSONObject = try #require(
                JSONObject([("ability", "atproto.space/read"), ("resource", .string(resource))]))
            var carried = wanted
            carried["invocation"] = .string(try rig.invocation("read").authorization())
            let byToken = try rig.scene.accounts.wire.post(
                "/authorize", authorization: nil, body: JSON.object(carried).serialized()
            ).json
            #expect((byToken["decision"] == "allow") == isAllowed, "an invocation: \(byToken)")
            var named = wanted
            named["principal"] = .string(rig.agent.did.text)
            let byName = try rig.scene.accounts.wire.post(
                "/authorize", rig.invocation("read"), json: ["checks": [.object(named)]]
            ).json["decisions"]?.array?.first
            #expect((byName?["decision"] == "allow") == isAllowed, "a principal: \(byName ?? .null)")
            let evaluation: JSON = [
                "subject": ["type": "did", "id": .string(rig.agent.did.text)], "action": ["name": "atproto.space/read"],
                "resource": ["type": "space", "id": .string(resource)],
            ]
            let evaluated = try rig.scene.accounts.wire.post(
                "/access/v1/evaluation", rig.invocation("read"), json: evaluation
            ).json
            #expect(evaluated["decision"]?.bool == isAllowed, "AuthZEN: \(evaluated)")
        }
        // What takes in the whole space is within a selector of the space alone.
        for (method, query) in [("listRepos", [("space", rig.space)])] {
            let answer = try rig.scene.get(SpaceScene.space + method, query, by: rig.caller("read"))
            #expect((answer.status == 200) == kind.outside, "\(method) \(answer.text)")
        }
    }

    @Test(arguments: Kind.all) func writesStayWithin(_ kind: Kind) throws {
        let rig = try Rig(kind)
        for (author, isAllowed) in [(rig.owner, kind.inside), (rig.bob, false)] {
            let more = try #require(JSONObject([("repo", .string(author.did))]))
            let answer = try rig.scene.post(
                SpaceScene.space + "createRecord", rig.scene.body(rig.space, "two", "mine", more),
                by: rig.caller("create"))
            #expect((answer.status == 200) == isAllowed, "\(author.did): \(answer.text)")
        }
    }

    @Test(arguments: Kind.all) func managingStaysWithin(_ kind: Kind) throws {
        let rig = try Rig(kind)
        let space = JSON.string(rig.space)
        for (method, body) in [
            (SpaceScene.simple + "updateSpace", ["space": space, "displayName": "mine"] as JSON),
            (SpaceScene.simple + "addMember", ["space": space, "did": .string(rig.agent.did.text)]),
            (SpaceScene.older + "createInvite", ["space": space]),
        ] {
            let answer = try rig.scene.post(method, body, by: rig.caller("manage.update"))
            #expect((answer.status < 300) == kind.outside, "\(method) \(answer.text)")
        }
    }
}
