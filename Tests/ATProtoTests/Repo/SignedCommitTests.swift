import CapTesting
import Multiformats
import Testing
import UCAN

@testable import ATProto

@Suite struct SignedCommitTests {
    /// One case of the vectors, or one with some fields replaced.
    private struct Case {
        let name: String
        let space: String
        let author: String
        let rev: String
        let key: PublicKey
        let commit: Result<SignedCommit, ATProtoError>

        init(_ fields: JSON) throws {
            name = try fields.vectorText("name")
            (space, author, rev) = (
                try fields.vectorText("space"), try fields.vectorText("author"), try fields.vectorText("rev")
            )
            key = try PublicKey(did: DID(try fields.vectorText("publicDidKey")))
            let parts = (
                try fields.vectorHex("hashHex"), try fields.vectorHex("ikmHex"), try fields.vectorHex("sigHex"),
                try fields.vectorHex("macHex")
            )
            let rev = self.rev
            var json: JSONObject = JSONObject()
            json["ver"] = fields["ver"] ?? 1
            json["hash"] = RecordData.json(.bytes(parts.0))
            json["ikm"] = RecordData.json(.bytes(parts.1))
            json["sig"] = RecordData.json(.bytes(parts.2))
            json["mac"] = RecordData.json(.bytes(parts.3))
            json["rev"] = .string(rev)
            commit = Result { () throws(ATProtoError) in try SignedCommit(json: .object(json)) }
        }

        func refusal() -> String? {
            do throws(ATProtoError) {
                try commit.get().verify(space: space, author: author, key: key)
                return nil
            } catch {
                return error.name
            }
        }
    }

    private static func vectors() throws -> (cases: [JSON], reject: [JSON], forgery: JSON) {
        let vectors = try Fixture.json("vectors/atproto/spaces/commit.json")
        return (
            try #require(vectors["cases"]?.array), try #require(vectors["reject"]?.array),
            try #require(vectors["forgery"])
        )
    }

    @Test func everyCaseAgreesInEveryByte() throws {
        let cases = try Self.vectors().cases
        #expect(cases.count == 4)
        for fields in cases {
            let vector = try Case(fields)
            let commit = try vector.commit.get()
            let context = try CommitContext.bytes(
                space: vector.space, author: vector.author, rev: vector.rev, ikm: commit.ikm)
            #expect(Base16.encode(context) == fields["ctxHex"]?.string, "\(vector.name)")
            #expect(Int64(context.count) == fields["ctxLen"]?.number?.int64)
            let key = CommitContext.key(ikm: commit.ikm, context: context)
            #expect(Base16.encode(key) == fields["hkdfExpandKeyHex"]?.string)
            #expect(vector.refusal() == nil, "\(vector.name)")
            try commit.verify(space: vector.space, author: vector.author, expectedRev: vector.rev, key: vector.key)
            #expect(commit.json == fields["json"])
            #expect(Base16.encode(commit.encoded) == fields["dagCborHex"]?.string)
            #expect(commit.cid.text == fields["dagCborCid"]?.string)
            #expect(try SignedCommit(encoded: commit.encoded) == commit)
            #expect(try SignedCommit(json: #require(fields["json"])) == commit)

            var hash = LtHash()
            for element in try #require(fields["elements"]?.array) {
                hash.add(Array(try #require(element.string).utf8))
            }
            #expect(hash.digest == commit.hash)
        }
    }

    @Test func madeCommitsReproduceTheVectors() throws {
        for fields in try Self.vectors().cases {
            let vector = try Case(fields)
            let expected = try vector.commit.get()
            let seed = try fields.vectorHex("privateKeyHex")
            let key = try PrivateKey(curve: vector.key.curve, seed: seed)
            let made = try SignedCommit.make(
                space: vector.space, author: vector.author, rev: vector.rev, hash: expected.hash, key: key,
                ikm: expected.ikm)
            #expect(made.mac == expected.mac)
            try made.verify(space: vector.space, author: vector.author, expectedRev: vector.rev, key: vector.key)
            // libsecp256k1 signs deterministically, libcrypto does not.
            if vector.key.curve == .secp256k1 { #expect(made == expected) }
        }
    }

    @Test func everyRejectFailsForItsReason() throws {
        let vectors = try Self.vectors()
        let reasons = [
            "hash-flipped": "CommitMacMismatch", "mac-flipped": "CommitMacMismatch",
            "ikm-flipped": "CommitMacMismatch", "other-space": "CommitMacMismatch",
            "other-author": "CommitMacMismatch", "other-rev": "CommitMacMismatch", "ver-2": "CommitVersionUnknown",
            "short-ikm": "InvalidCommit", "sig-high-s": "CommitSignatureInvalid", "sig-der": "InvalidCommit",
            "sig-over-sha256(ctx)-twice": "CommitSignatureInvalid", "mac-legacy-hkdf": "CommitMacMismatch",
        ]
        #expect(vectors.reject.count == reasons.count)
        for reject in vectors.reject {
            let base = try #require(vectors.cases.first { $0["name"] == reject["base"] }?.object)
            var fields = base
            fields["name"] = reject["name"]
            for member in try #require(reject["mutate"]?.object).members { fields[member.key] = member.value }
            let vector = try Case(.object(fields))
            #expect(vector.refusal() == reasons[vector.name], "\(vector.name)")
            guard ["ikm-flipped", "other-space", "other-author", "other-rev"].contains(vector.name) else { continue }
            // A changed context breaks the signature as well as the MAC.
            let commit = try vector.commit.get()
            let context = try CommitContext.bytes(
                space: vector.space, author: vector.author, rev: vector.rev, ikm: commit.ikm)
            #expect(!commit.isSignatureSound(context, key: vector.key))
        }
    }

    @Test func aForgedHashVerifiesByDesign() throws {
        let vector = try Case(try Self.vectors().forgery)
        #expect(vector.refusal() == nil)
    }

    @Test func aKnownRevisionIsDemanded() throws {
        let vector = try Case(try Self.vectors().cases[0])
        #expect {
            try vector.commit.get().verify(
                space: vector.space, author: vector.author, expectedRev: "3kbcq3p7ad401", key: vector.key)
        } throws: {
            ($0 as? ATProtoError)?.name == "CommitRevMismatch"
        }
    }

    @Test func everyCommitServedHasItsOwnMaterialAndLowS() throws {
        for curve in [Curve.p256, .secp256k1] {
            let key = try PrivateKey.generate(curve)
            var seen: Set<[UInt8]> = []
            for _ in 0..<40 {
                let commit = try SignedCommit.make(
                    space: "at://did:web:a/space/com.example.forum/x", author: "did:web:b", rev: "3kbcq3p7ad400",
                    hash: LtHash().digest, key: key)
                #expect(seen.insert(commit.ikm).inserted)
                #expect(LowS.isLow(commit.sig, curve: curve))
                try commit.verify(
                    space: "at://did:web:a/space/com.example.forum/x", author: "did:web:b", key: key.publicKey)
            }
        }
        let other = try PrivateKey.generate(.ed25519)
        #expect(throws: ATProtoError.self) {
            try SignedCommit.make(
                space: "at://did:web:a/space/com.example.forum/x", author: "did:web:b", rev: "3kbcq3p7ad400",
                hash: LtHash().digest, key: other)
        }
    }

    @Test func theHighFormOfASignatureIsRefusedOnBothCurves() throws {
        for curve in [Curve.p256, .secp256k1] {
            let key = try PrivateKey.generate(curve)
            let low = try #require(LowS.normalized(try key.sign([1]), curve: curve))
            let high = try Self.negated(low, curve: curve)
            #expect(!LowS.isLow(high, curve: curve))
            #expect(LowS.normalized(high, curve: curve) == low)
            if curve == .p256 { #expect(key.publicKey.verify(signature: high, message: [1])) }
        }
    }

    /// Replaces `s` by the order less `s`, in schoolbook arithmetic of its own.
    private static func negated(_ signature: [UInt8], curve: Curve) throws -> [UInt8] {
        let order =
            curve == .p256
            ? "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
            : "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
        var digits = try #require(Base16.decode(order.utf8)).map { Int($0) }
        for index in (0..<32).reversed() {
            digits[index] -= Int(signature[32 + index])
            if digits[index] < 0 {
                digits[index] += 256
                digits[index - 1] -= 1
            }
        }
        return signature[..<32] + digits.map { UInt8($0) }
    }

    @Test func otherFormsOfACommitAreRefused() throws {
        let commit = try Case(try Self.vectors().cases[0]).commit.get()
        var map = try #require(commit.cbor.map)
        map["extra"] = CBOR.null
        let encoded = CBOR.map(map).encoded()
        #expect(throws: ATProtoError.self) { try SignedCommit(encoded: encoded) }
        #expect(throws: ATProtoError.self) { try SignedCommit(encoded: commit.encoded + [0]) }
        #expect(throws: ATProtoError.self) { try SignedCommit(encoded: []) }
        #expect(throws: ATProtoError.self) { try SignedCommit(json: "text") }
        var json = try #require(commit.json.object)
        json["later"] = "more"
        #expect(try SignedCommit(json: .object(json)) == commit)
        json["sig"] = nil
        #expect(throws: ATProtoError.self) { try SignedCommit(json: .object(json)) }
    }
}
