import ATProto
import CapTesting
import Multiformats
import Testing
import UCAN

@Suite struct SpaceCARTests {
    private struct Vectors {
        let json: JSON
        let accept: JSON
        let space, author, rev: String
        let key: PublicKey
        let privateKey: PrivateKey

        init() throws {
            json = try Fixture.json("vectors/atproto/spaces/car.json")
            accept = try #require(json["accept"])
            space = try json.vectorText("space")
            author = try json.vectorText("author")
            rev = try json.vectorText("rev")
            key = try PublicKey(did: DID(json.vectorText("publicDidKey")))
            privateKey = try PrivateKey(
                curve: key.curve, seed: json.vectorHex("privateKeyHex"))
        }

        func verifier(_ values: SpaceCARVerifier.Values = .included) -> SpaceCARVerifier {
            SpaceCARVerifier(space: space, author: author, key: key, expectedRev: rev, values: values)
        }

        func records() throws -> [(path: String, cid: CID, bytes: [UInt8])] {
            try #require(json["records"]?.array).map { record in
                let bytes = try record.vectorHex("dagCborHex")
                #expect(try RecordData.decode(record["json"] ?? .null).encoded() == bytes)
                #expect(CID.ofDagCBOR(bytes).text == record["cid"]?.string)
                return (try record.vectorText("path"), CID.ofDagCBOR(bytes), bytes)
            }
        }
    }

    private struct Copy {
        var commit: SignedCommit?
        var index: [SpaceCARIndex.Entry] = []
        var records: [String: [UInt8]] = [:]
    }

    private static func verify(
        _ bytes: [UInt8], with verifier: SpaceCARVerifier, pieces: Int = 97
    ) throws(ATProtoError) -> Copy {
        var verifier = verifier
        var copy = Copy()
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            verifier.append(bytes[start..<min(bytes.count, start + pieces)])
            while let part = try verifier.next() {
                switch part {
                case .commit(let commit): copy.commit = commit
                case .index(let entries): copy.index = entries
                case .record(let entry, let bytes): copy.records[entry.path] = bytes
                }
            }
        }
        try verifier.finish()
        return copy
    }

    private static func refusal(_ bytes: [UInt8], _ verifier: SpaceCARVerifier) -> String? {
        do throws(ATProtoError) {
            _ = try verify(bytes, with: verifier)
            return nil
        } catch {
            return error.name
        }
    }

    @Test func theAcceptedArchivesYieldTheRecordsInWhateverPiecesTheyCome() throws {
        let vectors = try Vectors()
        let full = try vectors.accept.vectorBase64("fullCarBase64")
        #expect(SHA256.hash(full).hex == vectors.json["accept"]?["fullCarSha256"]?.string)
        let order = try #require(vectors.json["canonicalOrder"]?.array).compactMap(\.string)
        for pieces in [1, 13, 97, full.count] {
            let copy = try Self.verify(full, with: vectors.verifier(), pieces: pieces)
            #expect(copy.index.map(\.path) == order)
            #expect(copy.commit?.cid.text == vectors.json["commitCid"]?.string)
            for record in try vectors.records() { #expect(copy.records[record.path] == record.bytes) }
            #expect(copy.records.count == 4)
        }
        let index = try vectors.accept.vectorBase64("indexOnlyCarBase64")
        #expect(try Self.verify(index, with: vectors.verifier(.excluded)).index.map(\.path) == order)
        #expect(Self.refusal(index, vectors.verifier(.included)) == "CarMissingBlock")
        #expect(Self.refusal(full, vectors.verifier(.excluded)) == "CarExtraBlock")
    }

    @Test func theWriterReproducesTheArchivesByteForByte() throws {
        let vectors = try Vectors()
        let full = try vectors.accept.vectorBase64("fullCarBase64")
        let commit = try #require(try Self.verify(full, with: vectors.verifier()).commit)
        let records = try vectors.records()
        #expect(SpaceCARWriter.archive(commit: commit, records: records) == full)
        #expect(
            SpaceCARWriter.archive(commit: commit, records: records, excludeValues: true)
                == (try vectors.accept.vectorBase64("indexOnlyCarBase64")))
        var hash = LtHash()
        for record in records { hash.add(path: record.path, cid: record.cid) }
        #expect(Base16.encode(hash.digest) == vectors.json["hashHex"]?.string)
    }

    @Test func everyRejectFailsForItsReason() throws {
        let vectors = try Vectors()
        let reasons = [
            "record-blocks-in-lexicographic-order": "CarBlockOrder", "missing-last-record": "CarMissingBlock",
            "roots-swapped": "CarCommitMissing", "one-root": "CarRootsInvalid", "extra-block": "CarExtraBlock",
            "corrupt-last-block": "CarBlockHashMismatch", "index-not-matching-commit": "SetHashMismatch",
        ]
        let rejects = try #require(vectors.json["reject"]?.array)
        #expect(rejects.count == reasons.count)
        for reject in rejects {
            let name = try reject.vectorText("name")
            #expect(
                Self.refusal(try reject.vectorBase64("carBase64"), vectors.verifier()) == reasons[name], "\(name)")
        }
    }

    @Test func anIndexInLexicographicOrderIsRefused() throws {
        let vectors = try Vectors()
        let order = try #require(vectors.json["plainLexicographicOrder"]?.array).compactMap(\.string)
        var bytes = SpaceCARIndex.head(count: order.count)
        for path in order { SpaceCARIndex.append(path: path, cid: CID.ofDagCBOR([]), to: &bytes) }
        #expect { try SpaceCARIndex.decode(bytes) } throws: { ($0 as? ATProtoError)?.name == "CarIndexInvalid" }
    }

    @Test func everyFlippedBitOfAnArchiveIsNoticed() throws {
        let vectors = try Vectors()
        let full = try vectors.accept.vectorBase64("fullCarBase64")
        var generator = SeededGenerator.printed("flipped bits")
        for _ in 0..<300 {
            var bytes = full
            bytes[generator.int(in: 0...bytes.count - 1)] ^= 1 << UInt8(generator.int(in: 0...7))
            #expect(Self.refusal(bytes, vectors.verifier()) != nil)
        }
        for count in 0..<full.count { #expect(Self.refusal(Array(full[..<count]), vectors.verifier()) != nil) }
    }

    @Test func anotherRevisionAuthorOrSpaceIsRefused() throws {
        let vectors = try Vectors()
        let full = try vectors.accept.vectorBase64("fullCarBase64")
        let (space, author, key) = (vectors.space, vectors.author, vectors.key)
        #expect(
            Self.refusal(full, SpaceCARVerifier(space: space, author: author, key: key, expectedRev: "3l2tkbx7225cp"))
                == "CommitRevMismatch")
        #expect(
            Self.refusal(full, SpaceCARVerifier(space: space, author: "did:web:x", key: key)) == "CommitMacMismatch")
        #expect(
            Self.refusal(full, SpaceCARVerifier(space: space + "x", author: author, key: key)) == "CommitMacMismatch")
        let other = try PrivateKey.generate(.secp256k1).publicKey
        #expect(
            Self.refusal(full, SpaceCARVerifier(space: space, author: author, key: other)) == "CommitSignatureInvalid")
    }

    @Test func indexesOfEveryShapeAreCanonicalCBOR() throws {
        try Property.hold("an index is DAG-CBOR", cases: 40) { generator in
            var generator = generator
            var map = CBORMap()
            for _ in 0..<[0, 1, 23, 24, 255, 256, 300][generator.int(in: 0...6)] {
                let path =
                    "com.example.a/" + String(repeating: "k", count: generator.int(in: 1...300)) + "\(generator.next())"
                map[path] = .link(CID.ofDagCBOR(generator.bytes(count: 2)))
            }
            let expected = CBOR.map(map).encoded()
            var indexer = SpaceCARIndexer(count: map.count)
            var bytes = SpaceCARIndex.head(count: map.count)
            for entry in map.entries {
                let cid = try CID(bytes: entry.value.link ?? [])
                indexer.add(path: entry.key, cid: cid)
                SpaceCARIndex.append(path: entry.key, cid: cid, to: &bytes)
            }
            let summary = indexer.finish()
            guard bytes == expected else { return "the bytes are not those of the codec" }
            guard summary.cid == CID.ofDagCBOR(expected), summary.byteCount == expected.count else {
                return "the summary does not describe the bytes"
            }
            let entries = try SpaceCARIndex.decode(bytes)
            return entries.map(\.path) == map.entries.map(\.key) ? nil : "decoding gives other paths"
        }
    }

    @Test func anIndexThatPromisesTooMuchIsRefusedAtOnce() {
        let claims: [(bytes: [UInt8], name: String)] = [
            ([0xba, 0x00, 0x0f, 0x42, 0x41], "CarIndexTooLarge"), ([0xba, 0x00, 0x0f, 0x42, 0x40], "CarIndexInvalid"),
            ([0xbb, 0, 0, 0, 0, 0, 0, 0, 1], "CarIndexInvalid"), ([0xb8, 1], "CarIndexInvalid"),
            ([], "CarIndexInvalid"),
            ([0xa0, 0], "CarIndexInvalid"), ([0xbf, 0xff], "CarIndexInvalid"),
        ]
        for claim in claims {
            #expect { try SpaceCARIndex.decode(claim.bytes) } throws: { ($0 as? ATProtoError)?.name == claim.name }
        }
    }
}
