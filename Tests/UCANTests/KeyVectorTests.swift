import CapTesting
import Multiformats
import Testing
import UCAN

@Suite struct KeyVectorTests {
    @Test func didKeysOfEd25519FollowFromTheirSeeds() throws {
        for (did, vector) in try Fixture.json("vectors/ucan/did-key/ed25519-x25519.json").cases() {
            let key = try PrivateKey(curve: .ed25519, seed: hexBytes(vector.text("seed")))
            #expect(key.did.text == did)
            #expect(try PublicKey(did: DID(did)) == key.publicKey)
            #expect(try DID(did).kind == .key(.ed25519))
            for agreement in try #require(vector["didDocument"]).items("keyAgreement") {
                let fragment = try #require(agreement.string?.split(separator: "#").last)
                try expectNoSigner("did:key:" + fragment)
            }
        }
    }

    @Test func didKeysOfSecp256k1FollowFromTheirScalars() throws {
        for (did, vector) in try Fixture.json("vectors/ucan/did-key/secp256k1.json").cases() {
            let key: PrivateKey
            if let seed = vector["seed"]?.string {
                key = try PrivateKey(curve: .secp256k1, seed: hexBytes(seed))
            } else {
                key = try PrivateKey(jwk: #require(vector["verificationKeyPair"]?["privateKeyJwk"]))
            }
            #expect(key.did.text == did)
            #expect(try PublicKey(did: DID(did)) == key.publicKey)
        }
        for vector in try #require(Fixture.json("vectors/ucan/atproto-crypto/w3c_didkey_K256.json").array) {
            let key = try PrivateKey(curve: .secp256k1, seed: hexBytes(vector.text("privateKeyBytesHex")))
            #expect(key.did.text == (try vector.text("publicDidKey")))
        }
    }

    @Test func didKeysOfNISTCurvesAreP256OrRefused() throws {
        var p256 = 0
        for (did, vector) in try Fixture.json("vectors/ucan/did-key/nist-curves.json").cases() {
            guard did.hasPrefix("did:key:zDn") else {
                try expectNoSigner(did)
                continue
            }
            p256 += 1
            let key = try PublicKey(did: DID(did))
            #expect(key.did.text == did)
            #expect(try DID(did).kind == .key(.p256))
            if let jwk = vector["verificationMethod"]?["publicKeyJwk"], jwk["crv"] != nil {
                #expect(try PublicKey(jwk: jwk) == key)
                let secret = try PrivateKey(jwk: #require(vector["verificationMethod"]?["privateKeyJwk"]))
                #expect(secret.publicKey == key)
            }
        }
        #expect(p256 == 3)
        for vector in try #require(Fixture.json("vectors/ucan/atproto-crypto/w3c_didkey_P256.json").array) {
            let seed = try #require(Base58BTC.decode(vector.text("privateKeyBytesBase58").utf8))
            #expect(try PrivateKey(curve: .p256, seed: seed).did.text == vector.text("publicDidKey"))
        }
    }

    @Test func agreementKeysAreNoSigners() throws {
        let documents = try #require(Fixture.json("vectors/ucan/did-key/x25519.json")["didDocument"]).cases()
        #expect(!documents.isEmpty)
        for (did, _) in documents { try expectNoSigner(did) }
    }

    private func expectNoSigner(_ text: String) throws {
        let did = try DID(text)
        #expect(did.kind == .other, "\(text)")
        #expect(throws: UCANError(.unsupportedKey, "")) { try PublicKey(did: did) }
    }

    @Test func atprotoSignaturesVerifyOrNotAsStated() throws {
        for vector in try #require(Fixture.json("vectors/ucan/atproto-crypto/signature-fixtures.json").array) {
            let key = try PublicKey(did: DID(vector.text("publicKeyDid")))
            #expect(try key.curve.algorithm == vector.text("algorithm"))
            let sound = try key.verify(
                signature: base64(vector.text("signatureBase64")),
                message: base64(vector.text("messageBase64"))
            )
            // High-S of P-256 is refused there, but WebCrypto makes it and it is taken here.
            let isTaken = key.curve == .p256 && vector["tags"]?.array?.first?.string == "high-s"
            #expect(sound == (vector["validSignature"]?.bool == true || isTaken), "\(vector["comment"]?.string ?? "")")
        }
    }

    @Test func wycheproofEd25519() throws {
        var accepted = 0
        for group in try Fixture.json("vectors/ucan/wycheproof/ed25519_test.json").items("testGroups") {
            let bytes = try hexBytes(group.text("publicKey", "pk"))
            for test in try group.items("tests") {
                // A key that is refused outright verifies nothing.
                let key = try? PublicKey(curve: .ed25519, bytes: bytes)
                let sound = try key?.verify(signature: hexBytes(test.text("sig")), message: hexBytes(test.text("msg")))
                #expect((sound ?? false) == (try test.text("result") == "valid"), "\(test["tcId"]?.number?.text ?? "")")
                accepted += sound == true ? 1 : 0
            }
        }
        #expect(accepted == 88)
    }

    @Test(arguments: [Curve.p256, .secp256k1])
    func wycheproofECDSA(curve: Curve) throws {
        let name = curve == .p256 ? "secp256r1" : "secp256k1"
        let file = "vectors/ucan/wycheproof/ecdsa_\(name)_sha256_p1363_test.json"
        var (accepted, high) = (0, 0)
        for group in try Fixture.json(file).items("testGroups") {
            let point = try hexBytes(group.text("publicKey", "uncompressed"))
            let key = try PublicKey(curve: curve, bytes: [2 | (point[64] & 1)] + point[1..<33])
            for test in try group.items("tests") {
                let signature = try hexBytes(test.text("sig"))
                let sound = key.verify(signature: signature, message: try hexBytes(test.text("msg")))
                var expected = try test.text("result") == "valid"
                if expected, curve == .secp256k1, isHigh(signature) {
                    expected = false
                    high += 1
                }
                #expect(sound == expected, "\(test["tcId"]?.number?.text ?? "")")
                accepted += sound ? 1 : 0
            }
        }
        #expect(accepted == (curve == .p256 ? 173 : 167 - high))
        #expect((high > 0) == (curve == .secp256k1))
    }

    /// Tests S > n/2 of secp256k1.
    private func isHigh(_ signature: [UInt8]) -> Bool {
        let half: [UInt8] =
            [0x7F] + [UInt8](repeating: 0xFF, count: 15)
            + [0x5D, 0x57, 0x6E, 0x73, 0x57, 0xA4, 0x50, 0x1D, 0xDF, 0xE9, 0x2F, 0x46, 0x68, 0x1B, 0x20, 0xA0]
        return half.lexicographicallyPrecedes(signature[32..<64])
    }
}
