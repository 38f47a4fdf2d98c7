import CapTesting
import Multiformats
import Testing

@testable import UCAN

@Suite struct KeyTests {
    @Test(arguments: Curve.allCases)
    func freshKeysSignAndVerify(curve: Curve) throws {
        let key = try PrivateKey.generate(curve)
        let other = try PrivateKey.generate(curve)
        let message = Array("a message".utf8)
        let signature = try key.sign(message)
        #expect(signature.count == 64)
        #expect(key.publicKey.verify(signature: signature, message: message))
        #expect(!key.publicKey.verify(signature: signature, message: message + [0]))
        #expect(!other.publicKey.verify(signature: signature, message: message))
        #expect(!key.publicKey.verify(signature: signature + [0], message: message))
        #expect(!key.publicKey.verify(signature: [], message: message))
        #expect(try PublicKey(did: key.did) == key.publicKey)
        #expect(try PrivateKey(jwk: key.jwk).did == key.did)
        #expect(try PublicKey(jwk: key.publicKey.jwk) == key.publicKey)
        #expect(try PrivateKey(curve: curve, seed: key.seed).did == key.did)
    }

    @Test func emptyMessagesVerify() throws {
        let key = try PrivateKey.generate(.ed25519)
        #expect(key.publicKey.verify(signature: try key.sign([]), message: []))
    }

    /// The eight points of small order and their second spellings, in hex of the little-endian encoding.
    @Test(arguments: [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ])
    func weakEd25519KeysAreRefused(hex: String) throws {
        let bytes = try hexBytes(hex)
        #expect(throws: UCANError(.malformedKey, "")) { try PublicKey(curve: .ed25519, bytes: bytes) }
        #expect(throws: UCANError(.malformedDID, "")) {
            try DID("did:key:z" + Base58BTC.encode([0xED, 0x01] + bytes))
        }
    }

    @Test func pointsOffTheCurveAreRefused() throws {
        for curve in [Curve.p256, .secp256k1] {
            // x = p - 1 or larger is refused, as is a compressed point without a square root, and a wrong head.
            let off: [[UInt8]] = [
                [2] + [UInt8](repeating: 0xFF, count: 32),
                [5] + [UInt8](repeating: 1, count: 32),
                [4] + [UInt8](repeating: 1, count: 32),
                [0] + [UInt8](repeating: 0, count: 32),
            ]
            for bytes in off {
                #expect(throws: UCANError(.malformedKey, "")) { try PublicKey(curve: curve, bytes: bytes) }
            }
        }
    }

    @Test func scalarsOutOfRangeAreRefused() throws {
        for curve in [Curve.p256, .secp256k1] {
            for byte: UInt8 in [0x00, 0xFF] {
                #expect(throws: UCANError(.malformedKey, "")) {
                    try PrivateKey(curve: curve, seed: [UInt8](repeating: byte, count: 32))
                }
            }
        }
        #expect(throws: UCANError(.malformedKey, "")) { try PrivateKey(curve: .ed25519, seed: [1, 2, 3]) }
    }

    @Test func didKeysHaveOneSpelling() throws {
        let key = try PrivateKey.generate(.ed25519).publicKey
        let bytes = key.curve.multicodec + key.bytes
        let wrong: [String] = [
            "did:key:z1" + Base58BTC.encode(bytes),  // a leading zero byte
            "did:key:z" + Base58BTC.encode([0xED, 0x81, 0x00] + key.bytes),  // a longer varint
            "did:key:z" + Base58BTC.encode(bytes + [0]),  // a trailing byte
            "did:key:f" + Base16.encode(bytes),  // another base
            "did:key:z" + String(repeating: "1", count: 200),
        ]
        for text in wrong {
            #expect(throws: UCANError(.malformedDID, ""), "\(text)") { try DID(text) }
        }
        let agreement = try DID("did:key:z" + Base58BTC.encode([0xEC, 0x01] + key.bytes))
        #expect(throws: UCANError(.unsupportedKey, "")) { try PublicKey(did: agreement) }
    }

    @Test func cachesStayBoundedAndKeepWhatIsUsed() throws {
        let cache = BoundedCache<Int, Int>(generation: 4)
        cache.insert(-1, for: 0)
        for key in 1..<100 {
            cache.insert(-key, for: key)
            #expect(cache[key] == -key)
            #expect(cache[0] == -1, "an entry in use survives the turn of a generation")
            #expect(cache.count <= 8)
        }
        #expect(cache[1] == nil)
    }

    @Test func whatIsNoKeyAndHalvesOfTwoKeysAreRefused() throws {
        #expect(throws: UCANError(.malformedKey, "")) { try PublicKey(jwk: "key") }
        let key = try PrivateKey.generate(.ed25519)
        var object = try #require(key.jwk.object)
        object["d"] = .string(Base64URL.encode(try PrivateKey.generate(.ed25519).seed))
        #expect(throws: UCANError(.keyMismatch, "")) { try PrivateKey(jwk: .object(object)) }
    }

    @Test func highSWalletSignaturesAreRefused() throws {
        let wallet = try EthereumKey.generate()
        let text = Array("text".utf8)
        var signature = try wallet.signEIP191(text)
        #expect(try EIP191.recover(text: text, signature: signature) == wallet.address)
        let order = try hexBytes("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")
        var borrow = 0
        for index in stride(from: 31, through: 0, by: -1) {
            let difference = Int(order[index]) - Int(signature[32 + index]) - borrow
            borrow = difference < 0 ? 1 : 0
            signature[32 + index] = UInt8(truncatingIfNeeded: difference)
        }
        signature[64] = 55 - signature[64]
        #expect(throws: UCANError(.badSignature, "")) { try EIP191.recover(text: text, signature: signature) }
        #expect(throws: UCANError(.malformedSignature, "")) { try EIP191.recover(text: text, signature: [1]) }
    }

    /// J.6: a signature over the bare hash, or over a message with another prefix, is not one over this message.
    @Test func signaturesOfOtherProtocolsRecoverAnotherAccount() throws {
        let wallet = try EthereumKey.generate()
        let text = Array("text".utf8)
        for digest in [Keccak256.hash(text), SHA256.hash(text), EIP191.digest(of: text + [0x0A])] {
            let made = try #require(Secp256k1.sign(scalar: wallet.privateKey.seed, digest: digest))
            let recovered = try? EIP191.recover(text: text, signature: made.signature + [27 + made.recoveryID])
            #expect(recovered != wallet.address)
        }
        #expect(EIP191.digest(of: []).hex == "5f35dce98ba4fba25530a026ed80b2cecdaa31091ba4958b99b52ea1d068adad")
    }

    @Test func verificationIsSafeFromManyThreads() async throws {
        let keys = try Curve.allCases.map { try PrivateKey.generate($0) }
        let message = Array("shared".utf8)
        let signatures = try keys.map { try $0.sign(message) }
        let sound = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    (0..<20).allSatisfy { _ in
                        zip(keys, signatures).allSatisfy { $0.publicKey.verify(signature: $1, message: message) }
                    }
                }
            }
            return await group.allSatisfy { $0 }
        }
        #expect(sound)
    }
}
