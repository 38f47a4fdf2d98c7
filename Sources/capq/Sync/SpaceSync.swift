import ATProto
import CapClient
import Multiformats
import UCAN

/// Copies a space into a folder, verifying everything before anything is put in place (atproto-spaces.md 11).
struct SpaceSync {
    /// What became of one repo.
    struct Row: Sendable, Equatable {
        let did: String
        let rev: String
        let records: Int
        let changed: Int
        let removed: Int
        let way: String
    }

    /// What a pass found.
    struct Report: Sendable, Equatable {
        var rows: [Row] = []
        var spaceRev: String?
        var notes: [String] = []
        var exit = ExitCode.ok
    }

    let space: SpaceURI
    let folder: SyncFolder
    let reader: any SpaceReading
    /// Only these authors; nil for all who write in the space.
    var authors: [String]?
    var wantsBlobs = false
    let progress: SyncProgress

    private var commit: SyncCommit { SyncCommit(folder: folder) }

    /// Makes one pass; the folder is as it was, or as the space was at some moment, whatever happens.
    func pass() throws(CommandError) -> Report {
        try folder.withLock { () throws(CommandError) in
            try folder.prepare()
            if let held = try folder.space(), !held.hasSameBytes(as: space.text) {
                throw CommandError(.failure, "`\(folder.path)` is a copy of `\(held)`", hint: "choose another folder")
            }
            try commit.carryOut()
            do throws(CommandError) {
                var report = try update()
                if wantsBlobs { try SyncBlobs(sync: self).run(&report) }
                return report
            } catch {
                // What a host that lies has sent is not kept; after other troubles it spares a second download.
                if error.exit == .deny { try folder.clear(folder.incoming) }
                try folder.clear(folder.pending)
                throw error
            }
        }
    }

    private func update() throws(CommandError) -> Report {
        var report = Report()
        let listed = try list(&report)
        var decided: [String] = []
        for (place, entry) in listed.enumerated() {
            progress.begin(entry.did, place + 1, of: listed.count)
            do throws(CommandError) {
                let row = try fetch(entry)
                if row.way != RepoFetch.Way.unchanged.rawValue { decided.append(entry.did) }
                report.rows.append(row)
                progress.end(row.way == "unchanged" ? nil : Self.words(row))
            } catch {
                progress.end(nil)
                guard error.exit == .notFound || error.exit == .unreachable, listed.count > 1 else { throw error }
                // One repo out of reach is no reason to leave the others behind; what is there of it stays.
                report.notes.append("`\(entry.did)`: \(error.message)")
                report.exit = error.exit
            }
        }
        let isFirst = try folder.space() == nil
        if !decided.isEmpty || isFirst {
            try commit.decide(decided, space: space.text, spaceRev: report.spaceRev)
            try commit.carryOut()
        }
        try folder.clear(folder.incoming)
        return report
    }

    /// Brings one repo's state to come into `pending`.
    private func fetch(_ entry: Listed) throws(CommandError) -> Row {
        let copy = try commit.copy(of: entry.did)
        if let copy, let rev = entry.rev, rev.hasSameBytes(as: copy.rev), entry.hash.map({ $0 == copy.hash }) ?? true {
            return Row(
                did: entry.did, rev: copy.rev, records: copy.records.count, changed: 0, removed: 0,
                way: RepoFetch.Way.unchanged.rawValue)
        }
        let (key, there) = try reader.author(entry.did)
        let fetch = RepoFetch(
            space: space, did: entry.did, key: key, reader: there, staging: commit.staging,
            progress: { progress.show($0, $1) })
        guard let (new, way) = try fetch.run(copy) else {
            return Row(
                did: entry.did, rev: copy?.rev ?? "-", records: copy?.records.count ?? 0, changed: 0, removed: 0,
                way: RepoFetch.Way.unchanged.rawValue)
        }
        try folder.write(new.serialized(), to: folder.pendingState(of: entry.did))
        let changed = new.records.filter { copy?.records[$0.key] != $0.value }.count
        let removed = (copy?.records ?? [:]).filter { new.records[$0.key] == nil }.count
        return Row(
            did: entry.did, rev: new.rev, records: new.records.count, changed: changed, removed: removed,
            way: way.rawValue)
    }

    /// One writer as the authority lists it.
    private struct Listed {
        let did: String
        let rev: String?
        let hash: [UInt8]?
        /// The space's revision at which it got there.
        let spaceRev: TID?
    }

    /// Pages the list of writers, in the order of the space's revisions: a repo that is written to meanwhile comes again
    /// at the end, and what is said of it last counts.
    private func list(_ report: inout Report) throws(CommandError) -> [Listed] {
        if let authors { return authors.map { Listed(did: $0, rev: nil, hash: nil, spaceRev: nil) } }
        var found: [Listed] = []
        var places: [[UInt8]: Int] = [:]
        var cursor: String?
        repeat {
            let page = try page(after: cursor)
            for entry in page.entries {
                if let place = places[Array(entry.did.utf8)] {
                    guard let now = entry.spaceRev, let before = found[place].spaceRev, now > before else {
                        throw CommandError(.deny, "the host lists a repo twice")
                    }
                    found[place] = entry
                } else {
                    places[Array(entry.did.utf8)] = found.count
                    found.append(entry)
                }
            }
            report.spaceRev = page.spaceRev ?? report.spaceRev
            guard page.cursor == nil || page.cursor != cursor else {
                throw CommandError(.failure, "the host gave the same cursor twice")
            }
            // An empty page is the last one, whatever else it says.
            cursor = page.entries.isEmpty ? nil : page.cursor
        } while cursor != nil
        report.spaceRev = found.compactMap(\.spaceRev).max()?.text ?? report.spaceRev
        for did in heldAuthors() where places[Array(did.utf8)] == nil {
            report.notes.append("`\(did)` is no longer listed among those who write: its copy is kept")
        }
        return found.sorted { $0.did.utf8.lexicographicallyPrecedes($1.did.utf8) }
    }

    private func page(
        after cursor: String?
    ) throws(CommandError) -> (entries: [Listed], cursor: String?, spaceRev: String?) {
        var asked = [(name: "space", value: space.text), (name: "limit", value: "1000")]
        if let cursor { asked.append(("cursor", cursor)) }
        let request = XRPCRequest.query("com.atproto.space.listRepos", asked)
        let page = try CommandError.ofXRPC { () throws(ClientError) in try reader.json(request) }
        let entries = (page["repos"]?.array ?? []).compactMap { row -> Listed? in
            guard let did = row["did"]?.string, ATProtoDID.isValid(did) else { return nil }
            return Listed(
                did: did, rev: row["rev"]?.string ?? row["repoRev"]?.string,
                hash: row["hash"].flatMap { try? RecordData.decode($0) }?.bytes,
                spaceRev: row["spaceRev"]?.string.flatMap { try? TID($0) })
        }
        return (entries, page["cursor"]?.string, page["spaceRev"]?.string)
    }

    /// Lists whose repos the folder has.
    func heldAuthors() -> [String] {
        SystemFile.entries(folder.repos).compactMap { name in
            guard let bytes = try? SystemFile.read("\(folder.repos)/\(name)", limit: RepoCopy.limit) else { return nil }
            return RepoCopy.Head(Array(bytes.prefix { $0 != UInt8(ascii: "\n") }))?.did
        }
    }

    static func words(_ row: Row) -> String {
        "\(row.did): \(row.changed) new or changed, \(row.removed) removed, \(row.records) records at \(row.rev)"
            + " (\(row.way))"
    }
}
