import ATProto
import CapTesting
import Multiformats
import Testing

@Suite struct OplogFoldTests {
    private static func operations() throws -> [(operation: RepoOperation, digest: String)] {
        let vectors = try Fixture.json("vectors/atproto/spaces/oplog.json")
        return try #require(vectors["ops"]?.array).map { json in
            func cid(_ name: String) throws -> CID? { try json[name]?.string.map { try CID(atproto: $0) } }
            let operation = RepoOperation(
                rev: try json.vectorText("rev"), collection: try json.vectorText("collection"),
                rkey: try json.vectorText("rkey"),
                cid: try cid("cid"), prev: try cid("prev"))
            return (operation, try json.vectorText("digestAfterHex"))
        }
    }

    @Test func theRunningDigestAgreesAfterEveryOperation() throws {
        var fold = OplogFold()
        for (operation, digest) in try Self.operations() {
            try fold.apply(operation)
            #expect(Base16.encode(fold.hash.digest) == digest)
        }
        let vectors = try Fixture.json("vectors/atproto/spaces/oplog.json")
        let final = try #require(vectors["finalRecords"]?.object)
        #expect(fold.records.count == final.count)
        for member in final.members { #expect(fold.records[member.key]?.text == member.value.string) }
        #expect(OplogFold(records: fold.records).hash == fold.hash)
    }

    @Test func whatDoesNotFitTheCopyIsRefusedAndChangesNothing() throws {
        let operations = try Self.operations().map(\.operation)
        var fold = OplogFold()
        for operation in operations[..<3] { try fold.apply(operation) }
        let before = fold
        let (one, two) = (operations[0], operations[1])
        let bad = [
            one,  // goes back in time
            RepoOperation(rev: "3lh37fm45x22b", collection: "com.example.a", rkey: "9", cid: nil, prev: nil),
            RepoOperation(rev: "3lh37fm45x22b", collection: "com.example.a", rkey: "1", cid: two.cid, prev: nil),
            RepoOperation(rev: "3lh37fm45x22b", collection: "com.example.a", rkey: "9", cid: nil, prev: two.cid),
            RepoOperation(rev: "3lh37fm45x22b", collection: "com.example.a/1", rkey: "1", cid: two.cid, prev: nil),
        ]
        for operation in bad {
            #expect { try fold.apply(operation) } throws: { ($0 as? ATProtoError)?.name == "OplogInconsistent" }
            #expect(fold.hash == before.hash && fold.records == before.records && fold.rev == before.rev)
        }
    }

    @Test func aCommitIsComparedByDigestAndRevision() throws {
        var fold = OplogFold()
        for (operation, _) in try Self.operations() { try fold.apply(operation) }
        func commit(_ hash: [UInt8], _ rev: String) throws -> SignedCommit {
            let (word, signature) = ([UInt8](repeating: 0, count: 32), [UInt8](repeating: 0, count: 64))
            return try SignedCommit(hash: hash, ikm: word, sig: signature, mac: word, rev: rev)
        }
        try fold.check(against: commit(fold.hash.digest, "3lh37fm45x22b"))
        #expect { try fold.check(against: commit(LtHash().digest, "3lh37fm45x22b")) } throws: {
            ($0 as? ATProtoError)?.name == "SetHashMismatch"
        }
        #expect { try fold.check(against: commit(fold.hash.digest, "3lh37fm42222b")) } throws: {
            ($0 as? ATProtoError)?.name == "CommitRevMismatch"
        }
    }
}
