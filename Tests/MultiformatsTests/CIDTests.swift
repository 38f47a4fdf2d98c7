import CapTesting
import Multiformats
import Testing

@Suite struct CIDTests {
    let token = Array("header.payload.signature".utf8)

    @Test func tokenCIDsStartAsTheirCodecAndHashSay() throws {
        let cid = CID.ofToken(token)
        #expect(cid.text.hasPrefix("bafkr4i") && cid.text.utf8.count == 59)
        #expect(cid.bytes.count == 36 && cid.bytes.prefix(4) == [1, 0x55, 0x1e, 32])
        #expect(cid.hash.digest == BLAKE3.hash(token))
        #expect(cid.description == cid.text)
    }

    @Test func everyBaseNamesTheSameCID() throws {
        let cid = CID.ofToken(token)
        let texts = [
            cid.text, cid.base58, "f" + Base16.encode(cid.bytes), "u" + Base64URL.encode(cid.bytes),
            "z" + Base58BTC.encode(cid.bytes),
        ]
        for text in texts { #expect(try CID(text: text.utf8) == cid, "\(text)") }
        #expect(try CID(bytes: cid.bytes) == cid)
        #expect(cid.base58 == texts[4])
    }

    @Test func otherSpellingsOfACIDAreRefused() throws {
        let cid = CID.ofToken(token)
        let good = cid.bytes
        let base64 = Base64URL.encode(good, padded: true)
        let texts = [
            "", "b", "z", "B", "F", "B" + cid.text.dropFirst(), "b" + cid.text.dropFirst().uppercased(), cid.text + "=",
            cid.text + "a",
            " " + cid.text, cid.text + "\n", "F" + Base16.encode(good),
            "f" + Base16.encode(good).uppercased(),
            "u" + base64 + "=", "U" + base64, "m" + base64, String(cid.text.dropLast()),
            "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPBdG", String(repeating: "b", count: 200),
            "b" + String(cid.text.dropFirst().dropLast()) + "7",
        ]
        for text in texts { #expect(throws: MultiformatsError.self, "\(text)") { try CID(text: text.utf8) } }
    }

    /// The upper-case twins `B` and `F` of the multibase table.
    @Test func basesInUpperCaseAreRead() throws {
        let cid = CID.ofToken(token)
        for text in [cid.text.uppercased(), "F" + Base16.encode(cid.bytes).uppercased()] {
            #expect(try CID(text: text.utf8) == cid)
        }
    }

    @Test func otherBinaryFormsAreRefused() throws {
        let digest = BLAKE3.hash(token).bytes
        let cases: [([UInt8], MultiformatsError.Code)] = [
            ([], .notCanonical), ([1], .notCanonical), ([1, 0x55], .truncated), ([1, 0x55, 0x1e], .truncated),
            ([1, 0x55, 0x1e, 32], .outOfRange), ([1, 0x55, 0x1e, 32] + digest + [0], .outOfRange),
            ([1, 0x55, 0x1e, 32] + digest.dropLast(), .outOfRange),
            ([1, 0x55, 0x1e, 31] + digest.dropLast(), .outOfRange),
            ([1, 0x55, 0x1e, 33] + digest + [0], .outOfRange), ([1, 0x55, 0, 32] + digest, .unsupported),
            ([1, 0x55, 0x13, 32] + digest, .unsupported), ([2, 0x55, 0x1e, 32] + digest, .unsupported),
            ([0, 0x55, 0x1e, 32] + digest, .unsupported), ([0x12, 32] + digest, .unsupported),
            ([0x81, 0, 0x55, 0x1e, 32] + digest, .notCanonical), ([1, 0xd5, 0, 0x1e, 32] + digest, .notCanonical),
            ([1, 0x55, 0x9e, 0, 32] + digest, .unsupported), ([1, 0x55, 0x1e, 0xa0, 0] + digest, .outOfRange),
            ([1] + [UInt8](repeating: 0xff, count: 9) + [1, 0x1e, 32] + digest, .notCanonical),
        ]
        for (bytes, code) in cases {
            #expect(throws: MultiformatsError(code, ""), "\(bytes.prefix(6))") { try CID(bytes: bytes) }
        }
    }

    @Test func wideCodecsKeepTheirValue() throws {
        let hash = Multihash(code: .sha2_256, digest: BLAKE3.hash([]))
        for codec in [0, 0x71, 0x7f, 0x80, 0x0129, 0x300000, UInt64(Int64.max)] {
            let cid = CID(codec: codec, hash: hash)
            #expect(try CID(bytes: cid.bytes) == cid)
            #expect(try CID(text: cid.text.utf8) == cid)
        }
        #expect(try Multihash(bytes: hash.bytes) == hash)
    }

    @Test func varintsHaveOneShortestForm() {
        var generator = SeededGenerator.printed("varintsHaveOneShortestForm")
        for shift in 1..<64 {
            let value = generator.next() >> UInt64(shift)
            let bytes = Varint.encode(value)
            let decoded = Varint.decode(bytes + [0xff])
            #expect(decoded?.value == value && decoded?.byteCount == bytes.count)
            let padded = bytes.dropLast() + [bytes[bytes.count - 1] | 0x80, 0]
            #expect(Varint.decode(padded) == nil)
            #expect(bytes.count == 1 || Varint.decode(bytes.dropLast()) == nil)
        }
        #expect(Varint.decode([] as [UInt8]) == nil)
        #expect(Varint.decode([UInt8](repeating: 0xff, count: 9) + [1]) == nil)
        #expect(Varint.decode([0])?.value == 0)
    }

    @Test func digestsOrderAndPrintAsTheirBytes() throws {
        var generator = SeededGenerator.printed("digestsOrderAndPrintAsTheirBytes")
        var digests: [Digest] = []
        for index in 0..<200 {
            var bytes = generator.bytes(count: 32)
            // Shared prefixes make later words decide.
            for place in 0..<(index % 33) where place < 32 { bytes[place] = 0x80 }
            let digest = try #require(Digest(bytes))
            #expect(digest.bytes == bytes && digest.hex == Base16.encode(bytes))
            digests.append(digest)
        }
        #expect(digests.sorted().map(\.hex) == digests.map(\.hex).sorted())
        #expect(Digest([UInt8](repeating: 0, count: 31)) == nil && Digest([UInt8](repeating: 0, count: 33)) == nil)
        #expect(Digest([UInt8](repeating: 0, count: 32)) == .zero)
    }
}
