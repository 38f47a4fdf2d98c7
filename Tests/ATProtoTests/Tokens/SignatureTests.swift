import ATProto
import CapTesting
import Multiformats
import Testing
import UCAN

@Suite struct SignatureTests {
    private let folder = "vectors/ucan/atproto-crypto/"

    @Test func interopSignaturesAreSoundOrNotAsStated() throws {
        let cases = try #require(Fixture.json(folder + "signature-fixtures.json").array)
        #expect(cases.count == 6)
        for vector in cases {
            let key = try PublicKey(did: DID(vector.vectorText("publicKeyDid")))
            let signature = try vector.vectorBase64("signatureBase64")
            let message = try vector.vectorBase64("messageBase64")
            let isSound = TokenSignature.isSound(signature, over: message, by: key, form: .low)
            #expect(isSound == vector["validSignature"]?.bool, "\(vector["comment"]?.string ?? "")")
            // High-S is the one fault that signatures of general signers may have.
            let isHigh = vector["tags"]?.array?.contains("high-s") == true
            #expect(TokenSignature.isSound(signature, over: message, by: key, form: .any) == (isSound || isHigh))
        }
    }

    @Test func signaturesMadeHereAreLow() throws {
        for curve in [Curve.p256, .secp256k1] {
            let key = try PrivateKey.generate(curve)
            for round in 0..<32 {
                let message = Array("round \(round)".utf8)
                let signature = try TokenSignature.make(message, by: key)
                #expect(LowS.isLow(signature, curve: curve))
                #expect(TokenSignature.isSound(signature, over: message, by: key.publicKey, form: .low))
                #expect(!TokenSignature.isSound(signature + [0], over: message, by: key.publicKey, form: .any))
            }
        }
    }

    @Test func privateKeysHaveTheirPublishedDIDs() throws {
        for vector in try #require(Fixture.json(folder + "w3c_didkey_K256.json").array) {
            let key = try PrivateKey(curve: .secp256k1, seed: vector.vectorHex("privateKeyBytesHex"))
            #expect(try key.did.text == vector.vectorText("publicDidKey"))
        }
        for vector in try #require(Fixture.json(folder + "w3c_didkey_P256.json").array) {
            let seed = try #require(Base58BTC.decode(vector.vectorText("privateKeyBytesBase58").utf8))
            #expect(try PrivateKey(curve: .p256, seed: seed).did.text == vector.vectorText("publicDidKey"))
        }
    }
}
