import ATProto
import CapTesting
import Multiformats
import Testing
import UCAN

/// Permissioned spaces used without any session: members and delegates invoke by UCANs.
@Suite struct InvocationFlowTests {
    private struct Rig {
        let scene: SpaceScene
        let owner: SpaceScene.Person
        let space: String
        let audience: DID
        let ability: JSON

        init(_ scene: SpaceScene) throws {
            self.scene = scene
            owner = try scene.person("alice")
            space = try scene.create("main", by: owner)
            let described = try scene.get("com.atproto.server.describeServer").json
            ability = try #require(described["spaces"]?["ucan"])
            audience = try DID(#require(ability["audience"]?.string))
            try scene.write("one", "hello", to: space, by: owner)
        }

        func token(
            _ key: PrivateKey, to audience: DID? = nil, _ name: String, on resource: String? = nil,
            proofs: [CID] = [], issuer: String? = nil
        ) throws -> UnverifiedToken {
            try TokenMaker.ucan(
                issuer: key, audience: audience ?? self.audience,
                capabilities: [
                    TokenCapability(resource: resource ?? space, ability: #require(ability[name]?.string))
                ], proofs: proofs, expires: Timestamp(seconds: scene.accounts.now + 60), nonce: TokenID.random(),
                issuerDID: issuer.map { try DID($0) })
        }

        /// Somebody who shows a token instead of a session.
        func bearer(_ token: UnverifiedToken) -> SpaceScene.Person {
            SpaceScene.Person(did: token.issuer.text, token: token.authorization())
        }

        func read(_ token: UnverifiedToken) throws -> String {
            let query = [
                ("space", space), ("repo", owner.did), ("collection", "com.example.post"), ("rkey", "one"),
            ]
            return try scene.get("com.atproto.space.getRecord", query, by: bearer(token)).outcome
        }

        func delegate(_ token: UnverifiedToken) throws -> RawResponse {
            try scene.accounts.wire.post("/delegate", token)
        }
    }

    @Test func aKeyIsAMemberAsLongAsItsMembershipLives() throws {
        let rig = try Rig(SpaceScene())
        let (key, stranger) = (try PrivateKey.generate(.ed25519), try PrivateKey.generate(.p256))
        let member = SpaceScene.Person(did: key.did.text, token: "")
        try rig.scene.add(member, to: rig.space, access: "read", by: rig.owner)
        #expect(try rig.read(rig.token(key, "read")) == "200")
        #expect(try rig.read(rig.token(stranger, "read")) == "400 RepoNotFound")
        #expect(try rig.read(rig.token(key, "create")) == "400 RepoNotFound", "what is not invoked is not used")
        #expect(try rig.read(rig.token(key, "read", on: rig.space + "x")) == "400 RepoNotFound")
        let removed = try rig.scene.post(
            SpaceScene.simple + "removeMember", ["space": .string(rig.space), "did": .string(member.did)],
            by: rig.owner)
        #expect(removed.status == 200)
        #expect(try rig.read(rig.token(key, "read")) == "400 RepoNotFound")
    }

    @Test func oneAuthorsDelegationIsNoConsentForWhatAnotherMemberHandsOn() throws {
        let rig = try Rig(SpaceScene())
        let (author, helper, agent) = (
            try PrivateKey.generate(.ed25519), try PrivateKey.generate(.ed25519), try PrivateKey.generate(.ed25519)
        )
        for key in [author, helper] {
            try rig.scene.add(
                SpaceScene.Person(did: key.did.text, token: ""), to: rig.space, access: "write", by: rig.owner)
        }
        let repo = "\(rig.space)/\(author.did.text)/com.example.post"
        let narrow = try rig.token(author, to: agent.did, "create", on: repo)
        let wide = try rig.token(helper, to: agent.did, "delete")
        for token in [narrow, wide] { #expect(try rig.delegate(token).status == 200) }
        func invoke(_ nsid: String, _ body: JSONObject) throws -> String {
            let token = try TokenMaker.ucan(
                issuer: agent, audience: rig.audience,
                capabilities: [
                    TokenCapability(resource: repo, ability: #require(rig.ability["create"]?.string)),
                    TokenCapability(resource: rig.space, ability: #require(rig.ability["delete"]?.string)),
                ].sorted { $0.resource < $1.resource }, proofs: [narrow.cid, wide.cid],
                expires: Timestamp(seconds: rig.scene.accounts.now + 60), nonce: TokenID.random())
            var json = body
            json["space"] = .string(rig.space)
            json["repo"] = .string(author.did.text)
            json["collection"] = "com.example.post"
            json["rkey"] = "mine"
            return try rig.scene.post(SpaceScene.space + nsid, .object(json), by: rig.bearer(token)).outcome
        }
        let record = JSONObject([("record", ["text": "by the agent"] as JSON)]) ?? JSONObject()
        #expect(try invoke("createRecord", record) == "200")
        #expect(try invoke("deleteRecord", JSONObject()) == "403 Forbidden")
    }

    @Test func whatConcernsNoOneSpaceIsInvokedOnTheAccount() throws {
        let rig = try Rig(SpaceScene())
        let key = try PrivateKey.generate(.p256)
        let invited = try rig.scene.post(
            SpaceScene.older + "createInvite", ["space": .string(rig.space), "access": "read"], by: rig.owner)
        let secret = try #require(invited.json["token"]?.string, "\(invited.text)")
        func accept(on account: DID) throws -> RawResponse {
            try rig.scene.post(
                SpaceScene.older + "acceptInvite", ["token": .string(secret)],
                by: rig.bearer(rig.token(key, "account", on: "at://" + account.text)))
        }
        #expect(try accept(on: DID(rig.owner.did)).status == 403, "another's account")
        #expect(try accept(on: key.did).json["uri"]?.string == rig.space)
        #expect(try rig.read(rig.token(key, "read")) == "200")
        let listed = try rig.scene.get(
            SpaceScene.space + "listSpaces", by: rig.bearer(rig.token(key, "account", on: "at://" + key.did.text)))
        #expect(listed.json["spaces"]?.array?.first?["uri"]?.string == rig.space, "\(listed.text)")
    }

    @Test func aWalletWritesIntoItsOwnRepo() throws {
        let rig = try Rig(SpaceScene())
        let key = try PrivateKey.generate(.secp256k1)
        let account = try EthereumAddress(of: key.publicKey).did(chain: 1)
        try rig.scene.add(SpaceScene.Person(did: account.text, token: ""), to: rig.space, by: rig.owner)
        let written = try rig.scene.post(
            SpaceScene.space + "createRecord", rig.scene.body(rig.space, "two", "hi"),
            by: rig.bearer(rig.token(key, "create", issuer: account.text)))
        #expect(written.json["uri"]?.string == "\(rig.space)/\(account.text)/com.example.post/two", "\(written.text)")
    }

    @Test func aMemberDelegatesWhatItHolds() throws {
        let rig = try Rig(SpaceScene())
        let (key, agent) = (try PrivateKey.generate(.p256), try PrivateKey.generate(.ed25519))
        let member = SpaceScene.Person(did: key.did.text, token: "")
        try rig.scene.add(member, to: rig.space, access: "read", by: rig.owner)
        let given = try rig.token(key, to: agent.did, "read")
        #expect(try rig.delegate(given).status == 200)
        #expect(try rig.read(rig.token(agent, "read", proofs: [given.cid])) == "200")
        #expect(try rig.read(rig.token(PrivateKey.generate(.p256), "read", proofs: [given.cid])) == "400 RepoNotFound")
        let removed = try rig.scene.post(
            SpaceScene.simple + "removeMember", ["space": .string(rig.space), "did": .string(member.did)],
            by: rig.owner)
        #expect(removed.status == 200)
        #expect(try rig.read(rig.token(agent, "read", proofs: [given.cid])) == "400 RepoNotFound")
    }

    @Test func anAccountElsewhereSignsByTheKeyItPublishes() throws {
        let key = try PrivateKey.generate(.secp256k1)
        let documents = Locked<[String: String]>([:])
        let elsewhere = StubHost { asked in
            documents.withLock { $0[asked.target] }.map { StubHost.Reply(200, $0) } ?? StubHost.Reply(404)
        }
        let did = "did:web:127.0.0.1%3A\(elsewhere.port):bob"
        func publish(_ key: PrivateKey) throws {
            let document = try DIDDocument.make(
                did: did, handle: nil, keys: [(KeyID.account, key.publicKey)], services: [])
            documents.withLock { $0["/bob/did.json"] = String(decoding: document.json.serialized(), as: UTF8.self) }
        }
        try publish(key)
        let rig = try Rig(SpaceScene(options: ["--registration", "open", "--allow-loopback-peers"]))
        try rig.scene.add(SpaceScene.Person(did: did, token: ""), to: rig.space, access: "read", by: rig.owner)
        let agent = try PrivateKey.generate(.ed25519)
        let given = try rig.token(key, to: agent.did, "read", issuer: did)
        let admitted = try rig.delegate(given)
        #expect(admitted.status == 200, "\(admitted.text)")
        #expect(try rig.read(rig.token(agent, "read", proofs: [given.cid])) == "200")
        #expect(try rig.read(rig.token(key, "read", issuer: did)) == "200")
        #expect(elsewhere.requests.count == 1)
        let forged = try rig.token(PrivateKey.generate(.secp256k1), to: agent.did, "read", issuer: did)
        #expect(try rig.delegate(forged).status == 401)
        let next = try PrivateKey.generate(.p256)
        try publish(next)
        #expect(try rig.delegate(rig.token(next, to: agent.did, "read", issuer: did)).status == 200, "a new key")
        #expect(try rig.delegate(rig.token(key, to: agent.did, "read", issuer: did)).status == 401, "the old one")
        let nobody = try rig.token(key, to: agent.did, "read", issuer: did + "x")
        #expect(try rig.delegate(nobody).status == 401)
    }

    @Test func anAccountWithAKeyOfItsOwnNeedsNoSession() throws {
        let key = try PrivateKey.generate(.secp256k1)
        let documents = Locked<[String: String]>([:])
        let elsewhere = StubHost { asked in
            documents.withLock { $0[asked.target] }.map { StubHost.Reply(200, $0) } ?? StubHost.Reply(404)
        }
        let did = "did:web:127.0.0.1%3A\(elsewhere.port):bob"
        let document = try DIDDocument.make(
            did: did, handle: nil, keys: [(KeyID.account, key.publicKey)], services: [])
        documents.withLock { $0["/bob/did.json"] = String(decoding: document.json.serialized(), as: UTF8.self) }
        let rig = try Rig(SpaceScene(options: ["--registration", "open", "--allow-loopback-peers"]))
        func create(_ secret: PrivateKey) throws -> RawResponse {
            try rig.scene.post(
                "com.atproto.server.createAccount",
                [
                    "handle": "bob.localhost", "password": "a secret of hers", "did": .string(did),
                    "signingKey": secret.jwk,
                ])
        }
        #expect(try create(PrivateKey.generate(.secp256k1)).outcome == "400 IncompatibleDidDoc")
        #expect(try create(key).json["did"]?.string == did)
        let space = "at://\(did)/space/com.example.forum/own"
        let made = try rig.scene.post(
            SpaceScene.simple + "createSpace", ["type": "com.example.forum", "skey": "own"],
            by: rig.bearer(rig.token(key, "manage", on: space, issuer: did)))
        #expect(made.json["uri"]?.string == space, "\(made.text)")
        let written = try rig.scene.post(
            SpaceScene.space + "createRecord", rig.scene.body(space, "one", "hi"),
            by: rig.bearer(rig.token(key, "create", on: space, issuer: did)))
        #expect(written.json["uri"]?.string == "\(space)/\(did)/com.example.post/one", "\(written.text)")
        let question: JSON = ["invocation": .string(try rig.token(key, "read", on: space, issuer: did).authorization())]
        let answer = try rig.scene.accounts.wire.post("/authorize", authorization: nil, body: question.serialized())
        #expect(answer.json["decision"] == "allow", "\(answer.text)")
    }
}
