import Multiformats

/// Carries a verified change out, file by file; run again after an interruption it ends in the same place.
struct SyncCommit: Sendable {
    static let schema = "capq/sync-commit/1"

    let folder: SyncFolder
    var staging: SyncStaging { SyncStaging(folder: folder) }

    /// Says what to do, once and for all: the states of `dids` lie in `pending`, their records in `incoming`.
    func decide(_ dids: [String], space: String, spaceRev: String?) throws(CommandError) {
        folder.settle()
        var object = JSONObject(schema: Self.schema)
        object["space"] = .string(space)
        object["spaceRev"] = spaceRev.map { .string($0) } ?? .null
        object["repos"] = .array(dids.map { .string($0) })
        try folder.write(Array(JSONPrinter.line(.object(object)).utf8), to: folder.commit)
        folder.settle()
    }

    /// Carries out what was decided, if anything was; else forgets states an interrupted run left.
    func carryOut() throws(CommandError) {
        guard SystemFile.exists(folder.commit) else {
            try folder.clear(folder.pending)
            return
        }
        let limits = JSONLimits(maxBytes: RepoCopy.limit, maxDepth: 4, maxMembers: 2_000_000)
        guard let json = try? JSON.parse(SystemFile.read(folder.commit, limit: RepoCopy.limit), limits: limits),
            json["schema"]?.string == Self.schema, let space = json["space"]?.string,
            let dids = json["repos"]?.array?.compactMap(\.string)
        else { throw CommandError(.failure, "`\(folder.commit)` is damaged", hint: "remove `\(folder.inner)`") }
        for did in dids { try place(did) }
        folder.settle()
        try folder.save(space: space, spaceRev: json["spaceRev"]?.string)
        // Nothing is left to do from here on: what follows only tidies.
        try folder.remove(folder.commit)
        try folder.clear(folder.pending)
        try folder.clear(folder.incoming)
    }

    /// Puts the files of one repo in place, and its state after them.
    private func place(_ did: String) throws(CommandError) {
        let pending = folder.pendingState(of: did)
        // The state is moved last: without it the repo is done.
        guard SystemFile.exists(pending) else { return }
        guard let new = RepoCopy(try SystemFile.read(pending, limit: RepoCopy.limit)) else {
            throw CommandError(.failure, "`\(pending)` is damaged", hint: "remove `\(folder.inner)`")
        }
        let old = try copy(of: did)
        for (path, cid) in new.records where old?.records[path] != cid {
            guard let target = folder.record(path, of: did) else { continue }
            try folder.write(try staging.read(cid), to: target)
        }
        for target in stale(old, new) { try folder.remove(target) }
        folder.settle()
        try folder.move(pending, to: folder.state(of: did))
    }

    /// Lists the files of records that are no more; where the old state is lost, all that the new one does not name.
    private func stale(_ old: RepoCopy?, _ new: RepoCopy) -> [String] {
        if let old {
            return old.records.keys.filter { new.records[$0] == nil }.compactMap { folder.record($0, of: new.did) }
        }
        let kept = Set(new.records.keys.compactMap { folder.record($0, of: new.did) })
        let author = folder.author(new.did)
        return SystemFile.entries(author).filter { $0 != SyncBlobs.folderName }.flatMap { collection in
            SystemFile.entries("\(author)/\(collection)").map { "\(author)/\(collection)/\($0)" }
        }.filter { $0.hasSuffix(".json") && !kept.contains($0) }
    }

    /// Reads what the folder has of a repo; nil when it has nothing, or the state is damaged.
    func copy(of did: String) throws(CommandError) -> RepoCopy? {
        let path = folder.state(of: did)
        guard SystemFile.exists(path) else { return nil }
        let copy = RepoCopy(try SystemFile.read(path, limit: RepoCopy.limit))
        return copy.flatMap { $0.did.hasSameBytes(as: did) ? $0 : nil }
    }
}
