import ATProto
import CapTesting
import Multiformats
import Storage
import Testing
import UCAN

@testable import Spaces

/// Random batches against a model that shares nothing with the store but the names of things.
@Suite struct RepoModelTests {
    /// What a repo holds, in plain values.
    private struct ModelRepo {
        var records: [String: String] = [:]
        var log: [(rev: String, path: String, cid: String?, prev: String?)] = []
        var rev: String?
    }

    private struct Model {
        var repos: [String: ModelRepo] = [:]
        var revisions: [String: String] = [:]
        var keys: [String: (request: String, outcome: WriteOutcome)] = [:]
    }

    private struct Step {
        var space: SpaceURI
        var author: String
        var writes: [RecordWrite]
        var swapCommit: String?
        var key: String?
        /// The batch in words, which an idempotency key is bound to.
        var words: String { "\(space.text) \(swapCommit ?? "-") \(writes.map { Self.words($0) })" }

        static func words(_ write: RecordWrite) -> String {
            switch write {
            case .create(let collection, let rkey, let record): "c \(collection) \(rkey?.text ?? "") \(record.cid)"
            case .update(let collection, let rkey, let record, let swap):
                "u \(collection) \(rkey) \(record.cid) \(swap)"
            case .put(let collection, let rkey, let record, let swap): "p \(collection) \(rkey) \(record.cid) \(swap)"
            case .delete(let collection, let rkey, let swap, let ifPresent):
                "d \(collection) \(rkey) \(swap) \(ifPresent)"
            }
        }
    }

    /// Says what the batch must come to: the records afterwards and its log, or the name of the refusal.
    private static func expected(
        _ step: Step, _ repo: ModelRepo, spaceRevision: String?
    ) -> Result<(records: [String: String], log: [(path: String, cid: String?, prev: String?)]), ATProtoError> {
        if let swap = step.swapCommit, swap != (spaceRevision ?? "") {
            return .failure(ATProtoError("InvalidSwap", ""))
        }
        var records = repo.records
        var log: [(path: String, cid: String?, prev: String?)] = []
        for write in step.writes {
            var (path, cid, swap, mustExist, mustNotExist, mayMiss) = (
                "", String?.none, RecordSwap.anything, false, false, false
            )
            switch write {
            case .create(let collection, let rkey, let record):
                (path, cid, mustNotExist) = ("\(collection)/\(rkey?.text ?? "")", record.cid.text, true)
            case .update(let collection, let rkey, let record, let expected):
                (path, cid, swap, mustExist) = ("\(collection)/\(rkey)", record.cid.text, expected, true)
            case .put(let collection, let rkey, let record, let expected):
                (path, cid, swap) = ("\(collection)/\(rkey)", record.cid.text, expected)
            case .delete(let collection, let rkey, let expected, let ifPresent):
                (path, swap, mustExist, mayMiss) = ("\(collection)/\(rkey)", expected, !ifPresent, ifPresent)
            }
            let current = records[path]
            switch swap {
            case .anything: break
            case .absent: if current != nil { return .failure(ATProtoError("InvalidSwap", "")) }
            case .cid(let text): if current != text { return .failure(ATProtoError("InvalidSwap", "")) }
            }
            if mustNotExist, current != nil { return .failure(ATProtoError("RecordAlreadyExists", "")) }
            if mustExist, current == nil { return .failure(ATProtoError("RecordNotFound", "")) }
            if mayMiss, current == nil { continue }
            records[path] = cid
            log.append((path, cid, current))
        }
        return .success((records, log))
    }

    private static let spaces = [
        "at://did:web:authority.example/space/com.example.forum/main", "at://did:plc:abc/space/com.example.notes/self",
    ]
    private static let authors = [RepoRig.alice, RepoRig.bob, RepoRig.authority]

    private static func draw(_ generator: inout SeededGenerator, _ model: Model) throws -> Step {
        let space = try SpaceURI(spaces[generator.int(in: 0...1)])
        let author = authors[generator.int(in: 0...2)]
        let repo = model.repos["\(space.text) \(author)"] ?? ModelRepo()
        let writes = try (0..<[0, 1, 1, 1, 2, 3, 5][generator.int(in: 0...6)]).map { _ -> RecordWrite in
            let name = ["com.example.a", "com.example.b.c"][generator.int(in: 0...1)]
            let (collection, rkey) = (try NSID(name), try RecordKey("\(generator.int(in: 0...4))"))
            let record = try RepoRig.record("\(generator.int(in: 0...5))", name)
            let current = repo.records["\(name)/\(rkey)"]
            let swap: RecordSwap =
                switch generator.int(in: 0...9) {
                case 0: .absent
                case 1, 2: .cid(current ?? record.cid.text)
                case 3: .cid(record.cid.text)
                default: .anything
                }
            switch generator.int(in: 0...3) {
            case 0: return .create(collection: collection, rkey: rkey, record)
            case 1: return .update(collection: collection, rkey: rkey, record, swap)
            case 2: return .put(collection: collection, rkey: rkey, record, swap)
            default: return .delete(collection: collection, rkey: rkey, swap, ifPresent: generator.int(in: 0...1) == 0)
            }
        }
        var step = Step(space: space, author: author, writes: writes)
        switch generator.int(in: 0...7) {
        case 0: step.swapCommit = model.revisions[space.text] ?? ""
        case 1: step.swapCommit = repo.rev ?? "3kbcq3p7ad400"
        default: break
        }
        if generator.int(in: 0...5) == 0 { step.key = "key \(generator.int(in: 0...6))" }
        return step
    }

    @Test func randomBatchesAgreeWithTheModelAfterEveryStep() throws {
        try Property.hold("repos agree with their model", cases: 6) { generator in
            var generator = generator
            let rig = try RepoRig()
            let key = try PrivateKey.generate(.secp256k1)
            var model = Model()
            var replayed: [Step] = []
            for number in 0..<120 {
                rig.now += Int64(generator.int(in: -2_000_000...3_000_000))
                // Sometimes a batch comes again under the key it had.
                let step =
                    replayed.isEmpty || generator.int(in: 0...9) > 0
                    ? try Self.draw(&generator, model)
                    : replayed[generator.int(in: 0...replayed.count - 1)]
                if let text = try Self.play(step, rig, &model) { return "step \(number): \(text)" }
                if step.key != nil { replayed.append(step) }
                let pageSize = generator.int(in: 1...7)
                if let text = try Self.compare(step, rig, model, pageSize) { return "step \(number): \(text)" }
                if number % 20 == 0, let text = try Self.compareExport(step, rig, model, key) {
                    return "step \(number): \(text)"
                }
            }
            return nil
        }
    }

    /// Plays a step on both; gives the difference in what it came to.
    private static func play(_ step: Step, _ rig: RepoRig, _ model: inout Model) throws -> String? {
        let name = "\(step.space.text) \(step.author)"
        var repo = model.repos[name] ?? ModelRepo()
        let keyName = step.key.map { "\(step.author) \($0)" }
        let known = keyName.flatMap { model.keys[$0] }
        var outcome: WriteOutcome?
        let refusal = try rig.refusal {
            outcome = try rig.write(
                step.writes, by: step.author, to: step.space, swapCommit: step.swapCommit, key: step.key)
        }
        if let known {
            let same = known.request == step.words
            guard refusal == (same ? nil : "InvalidRequest") else { return "a known key gives \(refusal ?? "success")" }
            guard same else { return nil }
            let again = outcome?.results == known.outcome.results && outcome?.commit == known.outcome.commit
            return again && outcome?.isRepeated == true ? nil : "a known key gives another outcome"
        }
        switch expected(step, repo, spaceRevision: model.revisions[step.space.text]) {
        case .failure(let error):
            return refusal == error.name ? nil : "\(step.words) gives \(refusal ?? "success"), not \(error.name)"
        case .success(let result):
            guard let outcome else { return "\(step.words) is refused: \(refusal ?? "?")" }
            if let keyName { model.keys[keyName] = (step.words, outcome) }
            guard outcome.results.count == step.writes.count else { return "a write has no result" }
            guard !result.log.isEmpty else { return outcome.commit == nil ? nil : "nothing was committed to" }
            guard let commit = outcome.commit else { return "a change was not committed" }
            if let before = repo.rev, commit.rev.text <= before { return "the revision went back" }
            if commit.rev.microseconds < rig.now { return "the revision is below the clock" }
            let before = model.revisions[step.space.text]
            guard commit.previousSpaceRev?.text == before, commit.spaceRev.text > before ?? "" else {
                return "the space's revisions are no chain"
            }
            repo.records = result.records
            repo.rev = commit.rev.text
            repo.log += result.log.map { (commit.rev.text, $0.path, $0.cid, $0.prev) }
            model.repos[name] = repo
            model.revisions[step.space.text] = commit.spaceRev.text
            return nil
        }
    }

    /// Reads the repo of a step in every way and gives the first difference.
    private static func compare(_ step: Step, _ rig: RepoRig, _ model: Model, _ pageSize: Int) throws -> String? {
        let repo = model.repos["\(step.space.text) \(step.author)"]
        guard let head = try rig.head(step.author, step.space) else { return repo == nil ? nil : "the repo is missing" }
        guard let repo else { return "there is a repo that nobody wrote" }
        var hash = LtHash()
        for (path, cid) in repo.records { hash.add(Array("\(path)/\(cid)".utf8)) }
        guard head.hash == hash.digest else { return "the set hash is not that of the records" }
        guard head.rev.text == repo.rev, head.recordCount == repo.records.count,
            head.operationCount == repo.log.count
        else { return "the head does not count what is there" }
        let records = try rig.records(step.author, step.space, pageSize: pageSize).mapValues(\.text)
        guard records == repo.records else { return "the records are \(records), not \(repo.records)" }
        let log = try rig.operations(step.author, step.space, pageSize: pageSize)
        guard log.count == repo.log.count else { return "the log is not whole" }
        for (logged, expected) in zip(log, repo.log) {
            let operation = logged.operation
            guard operation.rev == expected.rev, operation.path == expected.path, operation.cid?.text == expected.cid,
                operation.prev?.text == expected.prev
            else { return "the log says \(operation), not \(expected)" }
            let isCurrent = expected.cid != nil && repo.records[expected.path] == expected.cid
            guard (logged.value != nil) == isCurrent, logged.value.map({ CID.ofDagCBOR($0) == operation.cid }) != false
            else { return "the value of \(expected.path) is wrongly inlined" }
        }
        var fold = OplogFold()
        for logged in log { try fold.apply(logged.operation) }
        guard fold.hash.digest == head.hash, fold.records.mapValues(\.text) == repo.records else {
            return "the log does not fold to the repo"
        }
        let writers = try rig.repos.read { try $0.writers(of: step.space, after: nil as String?, limit: 10) }
        let expected = authors.filter { model.repos["\(step.space.text) \($0)"] != nil }.sorted()
        guard writers.writers.map(\.did) == expected, writers.spaceRev?.text == model.revisions[step.space.text] else {
            return "the writers are \(writers.writers.map(\.did))"
        }
        return nil
    }

    private static func compareExport(_ step: Step, _ rig: RepoRig, _ model: Model, _ key: PrivateKey) throws -> String?
    {
        guard let repo = model.repos["\(step.space.text) \(step.author)"] else { return nil }
        let bytes = try rig.archive(step.author, step.space, key: key)
        var verifier = SpaceCARVerifier(
            space: step.space.text, author: step.author, key: key.publicKey, expectedRev: repo.rev)
        verifier.append(bytes)
        var records: [String: String] = [:]
        while let part = try verifier.next() {
            if case .record(let entry, let bytes) = part { records[entry.path] = CID.ofDagCBOR(bytes).text }
        }
        try verifier.finish()
        return records == repo.records ? nil : "the export has other records"
    }
}
