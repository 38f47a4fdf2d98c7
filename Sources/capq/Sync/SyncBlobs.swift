import ATProto
import CapClient
import Multiformats
import UCAN

/// Fetches the blobs that copied records refer to, each checked against its CID, and removes those none refers to.
struct SyncBlobs {
    /// Beside an author's collections, which have dots in their names.
    static let folderName = "blobs"

    let sync: SpaceSync

    func run(_ report: inout SpaceSync.Report) throws(CommandError) {
        for did in sync.heldAuthors() {
            guard let copy = try SyncCommit(folder: sync.folder).copy(of: did) else { continue }
            // Which blobs are complete is remembered with the revision they are complete for.
            let mark = "\(sync.folder.inner)/blobs/\(SyncName.of(did))"
            let done = try? SystemFile.read(mark, limit: 64)
            guard done != Array(copy.rev.utf8) else { continue }
            let missing = try update(did, copy)
            if missing == 0 {
                try sync.folder.write(Array(copy.rev.utf8), to: mark)
            } else {
                report.notes.append("`\(did)`: \(missing) blobs are not to be had")
                report.exit = .notFound
            }
        }
    }

    /// Gives how many blobs the host does not have.
    private func update(_ did: String, _ copy: RepoCopy) throws(CommandError) -> Int {
        let folder = sync.folder
        let home = "\(folder.author(did))/\(Self.folderName)"
        var wanted: Set<String> = []
        for path in copy.records.keys {
            guard let file = folder.record(path, of: did), let bytes = try? SystemFile.read(file, limit: 8 << 20),
                let record = SyncStaging.record(bytes, collection: RepoFetch.collection(of: path))
            else { continue }
            wanted.formUnion(record.blobs.map(\.cid.text))
        }
        for name in SystemFile.entries(home) where !wanted.contains(name) { try folder.remove("\(home)/\(name)") }
        let reader = try sync.reader.author(did).reader
        var missing = 0
        for (place, name) in wanted.sorted().enumerated() where !SystemFile.exists("\(home)/\(name)") {
            sync.progress.begin("\(did) blobs", place + 1, of: wanted.count)
            guard let bytes = try fetch(name, did, reader) else {
                missing += 1
                continue
            }
            guard CID.ofBlob(bytes).text == name else {
                throw CommandError(
                    .deny, "the host does not tell the truth about `\(did)`: a blob is not what `\(name)` names")
            }
            try folder.write(bytes, to: "\(home)/\(name)")
        }
        sync.progress.end(nil)
        return missing
    }

    private func fetch(_ cid: String, _ did: String, _ reader: any SpaceReading) throws(CommandError) -> [UInt8]? {
        let request = XRPCRequest.query(
            "com.atproto.space.getBlob", [("space", sync.space.text), ("repo", did), ("cid", cid)])
        var bytes: [UInt8] = []
        do throws(ClientError) {
            try reader.download(request) { piece in
                bytes.append(contentsOf: piece)
                return bytes.count <= AccountService.maxResponseBytes
            }
        } catch {
            if error.isNamed("BlobNotFound") { return nil }
            throw CommandError(xrpc: error)
        }
        return bytes
    }
}
