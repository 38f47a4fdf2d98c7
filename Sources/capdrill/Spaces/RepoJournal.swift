import ATProto
import Multiformats

/// Remembers what a repo must hold: every acknowledged write, in order, and one that may be under way.
struct RepoJournal {
    static let collection = "com.example.drill"

    struct Write {
        let rkey: String
        /// Nil for a deletion.
        let record: PreparedRecord?

        var path: String { "\(collection)/\(rkey)" }
    }

    struct Batch {
        let key: String
        let writes: [Write]
    }

    struct Step: Equatable {
        let path: String
        let cid: CID?
        let prev: CID?
    }

    private(set) var records: [String: PreparedRecord] = [:]
    /// Acknowledged steps that were not yet compared with the log.
    private(set) var steps: [Step] = []
    /// Steps compared before.
    private(set) var verifiedCount = 0
    var attempt: Batch?
    /// The last batch that was acknowledged, and the paths there were before it.
    private(set) var last: (batch: Batch, paths: Set<String>)?

    var cids: [String: CID] { records.mapValues(\.cid) }

    /// What the repo holds when a batch was made.
    func after(_ batch: Batch) -> [String: CID] {
        var cids = cids
        for write in batch.writes { cids[write.path] = write.record?.cid }
        return cids
    }

    mutating func acknowledge(_ batch: Batch) {
        last = (batch, Set(records.keys))
        for write in batch.writes {
            steps.append(Step(path: write.path, cid: write.record?.cid, prev: records[write.path]?.cid))
            records[write.path] = write.record
        }
        attempt = nil
    }

    mutating func verifiedSteps() {
        verifiedCount += steps.count
        steps = []
    }

    /// The blobs that records refer to.
    var blobs: Set<CID> { Set(records.values.flatMap { $0.blobs.map(\.cid) }) }

    var hash: LtHash {
        var hash = LtHash()
        for (path, record) in records { hash.add(path: path, cid: record.cid) }
        return hash
    }
}
