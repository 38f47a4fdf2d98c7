import ATProto
import CapTesting
import Identity
import Multiformats
import Testing
import UCAN

@testable import CapService

/// Callers by UCAN invocations, built from what describeServer publishes (issue reading 10).
@Suite struct InvocationCallerTests {
    private struct Rig {
        let scene: CallerScene
        let scheme: String
        let audience: String
        let read: String
        let space = "at://did:web:forum.example/space/com.example.forum/main"

        init() throws {
            scene = try CallerScene()
            let ucan = try scene.get("com.atproto.server.describeServer", "", [])["spaces"]?["ucan"]
            scheme = try #require(ucan?["scheme"]?.string)
            audience = try #require(ucan?["audience"]?.string)
            read = try #require(ucan?["read"]?.string)
        }

        func token(
            _ key: PrivateKey, _ issuer: String? = nil, audience: String? = nil, lasts: Int64 = 60,
            nonce: String = TokenID.random(), from: Int64? = nil
        ) throws -> String {
            try TokenMaker.ucan(
                issuer: key, audience: DID(audience ?? self.audience),
                capabilities: [TokenCapability(resource: space, ability: read)],
                expires: Timestamp(seconds: scene.now + lasts), notBefore: from.map { Timestamp(seconds: $0) },
                nonce: nonce, issuerDID: issuer.map { try DID($0) }
            ).authorization()
        }

        func ask(_ token: String) throws -> JSON {
            try scene.get(CallerScene.getRecord, "", ["Authorization: \(scheme) \(token)"])
        }
    }

    @Test func keysWalletsAndAccountsInvoke() throws {
        let rig = try Rig()
        for curve in Curve.allCases {
            let key = try PrivateKey.generate(curve)
            let told = try rig.ask(rig.token(key))
            #expect(told["kind"] == "invocation" && told["did"]?.string == key.did.text, "\(curve)")
            #expect(told["on"] == [.string(rig.space)])
        }
        let wallet = try PrivateKey.generate(.secp256k1)
        let address = try EthereumAddress(of: wallet.publicKey)
        let account = "did:pkh:eip155:1:\(address)"
        #expect(try rig.ask(rig.token(wallet, account))["did"]?.string == account)
        let key = try PrivateKey.generate(.secp256k1)
        let alice = try rig.scene.account("alice", key)
        #expect(try rig.ask(rig.token(key, alice.did))["did"]?.string == alice.did)
        let bob = try rig.scene.publish("bob", [KeyID.account: key])
        #expect(try rig.ask(rig.token(key, bob))["did"]?.string == bob)
        #expect(try rig.ask(rig.token(key, audience: key.did.text))["kind"] == "invocation", "addressed to itself")
        let bare = try rig.scene.get(CallerScene.getRecord, "", ["Authorization: \(rig.token(key))"])
        #expect(bare["kind"] == "invocation", "without a scheme")
    }

    @Test(arguments: [Account.Status.suspended, .takenDown])
    func anAccountThatWasTakenDownActsByNoMeans(_ status: Account.Status) throws {
        let rig = try Rig()
        let (service, key) = (rig.scene.test.service, try PrivateKey.generate(.secp256k1))
        let alice = try rig.scene.account("alice", key)
        /// The kinds of caller that a session, the account's key and a token that was signed beforehand make.
        func kinds(_ word: String) throws -> [String?] {
            let signed = try ServiceAuthToken.make(
                issuer: alice.did, audience: alice.did, method: CallerScene.getRecord, key: key, at: rig.scene.time)
            return try [
                rig.scene.get(CallerScene.getRecord, "", ["Authorization: Bearer \(alice.access)"]),
                rig.scene.get(CallerScene.getRecord, "", ["Authorization: Bearer \(signed)"]),
                rig.scene.get(CallerScene.getRecord, "", ["Authorization: Bearer \(word)"]),
                rig.ask(rig.token(key, alice.did)),
            ].map { $0["kind"]?.string ?? $0.string }
        }
        func word() throws -> String {
            try ServiceAuthToken.make(
                issuer: alice.did, audience: alice.did, method: CallerScene.getRecord, key: key,
                expiry: rig.scene.now + 3600, at: rig.scene.time)
        }
        let (first, second, third) = (try word(), try word(), try word())
        let all = ["account", "service", "service", "invocation"]
        #expect(try kinds(first) == all)
        try service.accounts.setStatus(status, of: DID(alice.did), at: rig.scene.time)
        #expect(try kinds(second) == Array(repeating: "401 AccountTakedown", count: 4))
        try service.accounts.setStatus(.deactivated, of: DID(alice.did), at: rig.scene.time)
        #expect(
            try kinds(third) == ["401 BadJwt"] + all.dropFirst(),
            "one who left for a while may speak, but signs in anew")
        let bob = try rig.scene.publish("bob", [KeyID.account: key])
        #expect(try rig.ask(rig.token(key, bob))["kind"] == "invocation")
    }

    @Test func anInvocationIsUsedOnceAlsoAfterARestart() throws {
        let rig = try Rig()
        let token = try rig.token(PrivateKey.generate(.p256))
        #expect(try rig.ask(token)["kind"] == "invocation")
        #expect(try rig.ask(token) == "401 JwtReplayed")
        try rig.scene.restart()
        #expect(try rig.ask(token) == "401 JwtReplayed")
    }

    @Test func aRotatedKeyIsFoundOnceItsSignatureComes() throws {
        let rig = try Rig()
        let (old, new) = (try PrivateKey.generate(.p256), try PrivateKey.generate(.secp256k1))
        let bob = try rig.scene.publish("bob", [KeyID.account: old])
        #expect(try rig.ask(rig.token(old, bob))["kind"] == "invocation")
        try rig.scene.publish("bob", [KeyID.account: new])
        #expect(try rig.ask(rig.token(new, bob))["kind"] == "invocation")
        #expect(try rig.ask(rig.token(old, bob)) == "401 BadJwtSignature")
    }

    @Test func eachFaultOfAnInvocationHasItsName() throws {
        let rig = try Rig()
        let (scene, key) = (rig.scene, try PrivateKey.generate(.p256))
        #expect(try rig.ask(rig.token(key, audience: PrivateKey.generate(.p256).did.text)) == "401 BadJwtAudience")
        #expect(try rig.ask(rig.token(key, lasts: 301)) == "401 BadJwt", "longer than an invocation may last")
        #expect(try rig.ask(rig.token(key, from: scene.now + 30)) == "401 BadJwt")
        let token = try rig.token(key)
        let forged = try Forged.changing(token, by: PrivateKey.generate(.p256))
        #expect(try rig.ask(forged) == "401 BadJwtSignature")
        let nobody = try rig.token(key, scene.publish("bob", [:]))
        #expect(try rig.ask(nobody) == "401 BadJwtIss", "publishes no key")
        let alice = try scene.account("alice")
        #expect(try rig.ask(rig.token(key, alice.did)) == "401 BadJwtSignature", "another key than the account's")
        scene.advance(60)
        #expect(try rig.ask(token) == "401 JwtExpired")
    }
}
