import ATProto
import CapClient
import Multiformats

extension RepoFetch {
    /// Most records fetched one by one in place of a whole archive.
    private static let fewRecords = 256

    /// Fetches the repo as a whole, or its index and what is missing when little is.
    func whole(_ copy: RepoCopy?) throws(CommandError) -> RepoCopy {
        let hasStaged = !SystemFile.entries(staging.folder.incoming).isEmpty
        guard copy != nil || hasStaged else { return try archive(copy) }
        let (commit, entries) = try index(copy)
        let missing = entries.filter { entry in
            copy?.records[entry.path] != entry.cid
                && !staging.holds(entry.cid, collection: Self.collection(of: entry.path))
        }
        guard missing.count <= min(Self.fewRecords, max(8, entries.count / 4)) else { return try archive(copy) }
        for (place, entry) in missing.enumerated() {
            guard try fetch(path: entry.path, cid: entry.cid) else { return try archive(copy) }
            progress(place + 1, missing.count)
        }
        return try self.copy(commit, Self.records(entries))
    }

    /// Reads commit and index alone.
    private func index(_ copy: RepoCopy?) throws(CommandError) -> (commit: SignedCommit, entries: [SpaceCARIndex.Entry])
    {
        var entries: [SpaceCARIndex.Entry] = []
        let commit = try read(.excluded, copy) { (part) throws(CommandError) in
            if case .index(let found) = part { entries = found }
        }
        return (commit, entries)
    }

    /// Reads the archive with all records and stages those the folder does not have.
    private func archive(_ copy: RepoCopy?) throws(CommandError) -> RepoCopy {
        var entries: [SpaceCARIndex.Entry] = []
        var count = 0
        let commit = try read(.included, copy) { (part) throws(CommandError) in
            switch part {
            case .commit: break
            case .index(let found): entries = found
            case .record(let entry, let bytes):
                count += 1
                progress(count, entries.count)
                guard copy?.records[entry.path] != entry.cid else { return }
                let record: PreparedRecord
                do throws(ATProtoError) {
                    record = try PreparedRecord(bytes: bytes, collection: Self.collection(of: entry.path))
                } catch {
                    throw rejection(error)
                }
                try staging.put(entry.cid, record.value)
            }
        }
        return try self.copy(commit, Self.records(entries))
    }

    private static func records(_ entries: [SpaceCARIndex.Entry]) -> [String: CID] {
        Dictionary(entries.map { ($0.path, $0.cid) }, uniquingKeysWith: { first, _ in first })
    }

    /// Verifies an archive while it arrives and hands each verified part on; gives its commit once all has been read.
    private func read(
        _ values: SpaceCARVerifier.Values, _ copy: RepoCopy?,
        _ take: (SpaceCARVerifier.Part) throws(CommandError) -> Void
    ) throws(CommandError) -> SignedCommit {
        var verifier = SpaceCARVerifier(space: space.text, author: did, key: key, values: values)
        var commit: SignedCommit?
        var failure: CommandError?
        func drain() throws(CommandError) {
            while true {
                let part: SpaceCARVerifier.Part?
                do throws(ATProtoError) { part = try verifier.next() } catch { throw rejection(error) }
                guard let part else { return }
                if case .commit(let found) = part {
                    try requireProgress(found, copy)
                    commit = found
                }
                try take(part)
            }
        }
        let asked = values == .excluded ? parameters + [("excludeValues", "true")] : parameters
        do throws(ClientError) {
            try reader.download(.query("com.atproto.space.getRepo", asked)) { piece in
                verifier.append(piece)
                do throws(CommandError) { try drain() } catch { failure = error }
                return failure == nil
            }
        } catch {
            throw failure ?? CommandError(xrpc: error)
        }
        do throws(ATProtoError) { try verifier.finish() } catch { throw rejection(error) }
        guard let commit else {
            throw rejection(ATProtoError("CarCommitMissing", "the archive is empty"))
        }
        return commit
    }
}
