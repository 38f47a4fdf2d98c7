import ATProto
import CapTesting
import Multiformats
import Testing
import UCAN

@testable import Spaces

@Suite struct RepoExportTests {
    private func copy(
        _ bytes: [UInt8], author: String, key: PublicKey, rev: TID?, values: SpaceCARVerifier.Values = .included
    ) throws -> (index: [String: CID], records: [String: [UInt8]]) {
        var verifier = SpaceCARVerifier(
            space: RepoRig.space.text, author: author, key: key, expectedRev: rev?.text, values: values)
        var index: [String: CID] = [:]
        var records: [String: [UInt8]] = [:]
        for start in stride(from: 0, to: bytes.count, by: 40_000) {
            verifier.append(bytes[start..<min(bytes.count, start + 40_000)])
            while let part = try verifier.next() {
                switch part {
                case .commit: break
                case .index(let entries): for entry in entries { index[entry.path] = entry.cid }
                case .record(let entry, let bytes): records[entry.path] = bytes
                }
            }
        }
        try verifier.finish()
        return (index, records)
    }

    @Test func anExportOfManyRecordsVerifiesAndIsWhatTheWriterInMemoryMakes() throws {
        let rig = try RepoRig()
        var generator = SeededGenerator.printed("export")
        for batch in 0..<8 {
            try rig.write(
                try (0..<200).map { number in
                    let key = String(repeating: "k", count: generator.int(in: 1...40)) + "\(batch * 200 + number)"
                    let text = String(repeating: "x", count: number % 50 == 0 ? 100_000 : generator.int(in: 0...50))
                    return try RepoRig.put(key, text, in: number % 2 == 0 ? "com.example.post" : "com.example.a.longer")
                })
        }
        let key = try PrivateKey.generate(.secp256k1)
        let head = try #require(try rig.head())
        let bytes = try rig.archive(RepoRig.alice, key: key)
        let copied = try copy(bytes, author: RepoRig.alice, key: key.publicKey, rev: head.rev)
        #expect(copied.index == (try rig.records()))
        #expect(copied.records.count == 1600)
        for (path, bytes) in copied.records { #expect(CID.ofDagCBOR(bytes) == copied.index[path]) }

        var verifier = SpaceCARVerifier(space: RepoRig.space.text, author: RepoRig.alice, key: key.publicKey)
        verifier.append(bytes[..<2048])
        guard case .commit(let commit)? = try verifier.next() else {
            Issue.record("an export begins with its commit")
            return
        }
        let records = copied.records.map { (path: $0.key, cid: CID.ofDagCBOR($0.value), bytes: $0.value) }
        #expect(SpaceCARWriter.archive(commit: commit, records: records) == bytes)

        let index = try rig.archive(RepoRig.alice, key: key, excludeValues: true)
        #expect(
            try copy(index, author: RepoRig.alice, key: key.publicKey, rev: head.rev, values: .excluded).index
                == copied.index)
        #expect(index.count < bytes.count / 4)
    }

    /// A short repo is held, a longer one is written to a file first.
    @Test(arguments: [1000, 20_000])
    func anExportShowsTheStateItBeganWith(length: Int) throws {
        let rig = try RepoRig()
        let key = try PrivateKey.generate(.p256)
        try rig.write(try (0..<200).map { try RepoRig.put("k\($0)", String(repeating: "x", count: length)) })
        let before = try rig.records()
        let export = try rig.repos.export(
            space: RepoRig.space, author: RepoRig.alice, for: .reader, by: .named("bob"), excludeValues: false
        ) {
            try $0.commit(with: key)
        }
        var bytes = try #require(try export.next())
        try rig.write(try (0..<100).map { try RepoRig.delete("k\($0)") } + [RepoRig.put("new", "x")])
        while let piece = try export.next() {
            #expect(piece.count < 1 << 18)
            bytes += piece
        }
        let copied = try copy(bytes, author: RepoRig.alice, key: key.publicKey, rev: nil)
        #expect(copied.index == before)
    }

    @Test func emptiedReposExportTheZeroDigestAndAbsentOnesNothing() throws {
        let rig = try RepoRig()
        let key = try PrivateKey.generate(.p256)
        #expect(try rig.refusal { _ = try rig.archive(RepoRig.alice, key: key) } == "RepoNotFound")
        try rig.write([RepoRig.put("a", "1")])
        try rig.write([RepoRig.delete("a")])
        let head = try #require(try rig.head())
        #expect(head.hash == LtHash().digest)
        let copied = try copy(
            try rig.archive(RepoRig.alice, key: key), author: RepoRig.alice, key: key.publicKey, rev: head.rev)
        #expect(copied.index.isEmpty)
    }

    @Test func eachReaderGetsACommitOfItsOwn() throws {
        let rig = try RepoRig()
        let key = try PrivateKey.generate(.p256)
        try rig.write([RepoRig.put("a", "1")])
        let head = try #require(try rig.head())
        let commits = try (0..<20).map { _ in try head.commit(with: key) }
        #expect(Set(commits.map(\.ikm)).count == 20 && Set(commits.map(\.mac)).count == 20)
        for commit in commits {
            try commit.verify(
                space: RepoRig.space.text, author: RepoRig.alice, expectedRev: head.rev.text, key: key.publicKey)
        }
    }

    @Test func exportsAreBoundedInNumberAndGiveTheirPlaceBack() throws {
        let rig = try RepoRig()
        let key = try PrivateKey.generate(.p256)
        try rig.write([RepoRig.put("a", "1")])
        func open(_ name: Int) throws -> RepoExport { try open(.named("\(name)")) }
        func open(_ reader: ExportReader) throws -> RepoExport {
            try rig.repos.export(
                space: RepoRig.space, author: RepoRig.alice, for: .reader, by: reader, excludeValues: false
            ) {
                try $0.commit(with: key)
            }
        }
        // Two of eight are one reader's; others are served meanwhile.
        var running = try (0..<2).map { _ in try open(0) }
        #expect(try rig.refusal { _ = try open(0) } == "RateLimitExceeded")
        running += try (2..<8).map { try open($0 / 2) }
        #expect(try rig.refusal { _ = try open(4) } == "RateLimitExceeded")
        running.removeLast()
        running.append(try open(4))
        #expect(try rig.refusal { _ = try open(3) } == "RateLimitExceeded")
        running = []
        // Who shows no name is counted by address, and all of them together leave half to those who do.
        for network in ["a", "b"] {
            running += try (0..<2).map { _ in try open(.nameless(network: network)) }
            #expect(try rig.refusal { _ = try open(.nameless(network: network)) } == "RateLimitExceeded")
        }
        #expect(try rig.refusal { _ = try open(.nameless(network: "c")) } == "RateLimitExceeded")
        running += try (0..<4).map { try open($0) }
        running = []
        // A refusal, too, gives its place back.
        for _ in 0..<20 {
            #expect(
                try rig.refusal {
                    _ = try rig.repos.export(
                        space: RepoRig.space, author: RepoRig.bob, for: .author, by: .named("0"), excludeValues: false
                    ) { try $0.commit(with: key) }
                } == "RepoNotFound")
        }
        _ = try open(0)
    }
}
