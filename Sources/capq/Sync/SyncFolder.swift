import Glibc
import Multiformats

/// Holds the folder a space is copied into: records below each author's folder, what capq keeps below `.capq-sync`.
///
/// `.capq-sync/state.json` says which space it is, `repos` what is there, `incoming` holds verified records not yet in
/// place, and `pending` the states to come. `pending/commit` is written once everything is verified and staged: from
/// then on the change is carried out, in this run or the next.
struct SyncFolder: Sendable {
    static let schema = "capq/sync-state/1"

    let path: String
    /// Called before each change of the disk, so that tests can end a run at any of them.
    let step: @Sendable () throws(Failure) -> Void
    /// Brings all that was written to the disk, so that a power cut leaves no later file without an earlier one: once
    /// for many files, where a call for each would take longer than fetching them.
    let settle: @Sendable () -> Void

    init(
        path: String, step: @escaping @Sendable () throws(Failure) -> Void = { () throws(Failure) in },
        settle: @escaping @Sendable () -> Void = { sync() }
    ) {
        self.path = path
        self.step = step
        self.settle = settle
    }

    var inner: String { path + "/.capq-sync" }
    var incoming: String { inner + "/incoming" }
    var pending: String { inner + "/pending" }
    var repos: String { inner + "/repos" }
    var commit: String { pending + "/commit" }
    private var statePath: String { inner + "/state.json" }

    func author(_ did: String) -> String { "\(path)/\(SyncName.of(did))" }
    func state(of did: String) -> String { "\(repos)/\(SyncName.of(did))" }
    func pendingState(of did: String) -> String { "\(pending)/\(SyncName.of(did)).repo" }
    func staged(_ cid: CID) -> String { "\(incoming)/\(cid.text).json" }

    /// Names the file of a record; nil for a path that is none.
    func record(_ path: String, of did: String) -> String? {
        let parts = path.split(separator: "/", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return nil }
        return "\(author(did))/\(SyncName.of(parts[0]))/\(SyncName.of(parts[1])).json"
    }

    /// Reads which space the folder is a copy of; nil when it is none yet.
    func space() throws(Failure) -> String? {
        guard SystemFile.exists(statePath) else { return nil }
        let bytes = try SystemFile.read(statePath, limit: 1 << 20)
        guard let json = try? JSON.parse(bytes), json["schema"]?.string == Self.schema,
            let space = json["space"]?.string
        else {
            throw Failure(
                .failure, "`\(statePath)` is damaged", hint: "remove `\(inner)`, and the space is fetched anew")
        }
        return space
    }

    /// Writes which space it is and how far its authority had come.
    func save(space: String, spaceRev: String?) throws(Failure) {
        var object = JSONObject(schema: Self.schema)
        object["space"] = .string(space)
        object["spaceRev"] = spaceRev.map { .string($0) } ?? .null
        try write(Array((JSONPrinter.indented(.object(object)) + "\n").utf8), to: statePath)
    }

    /// Makes the folders that are missing.
    func prepare() throws(Failure) {
        for folder in [incoming, pending, repos] where !SystemFile.exists(folder) {
            try step()
            try PrivateFile.makeFolder(folder)
        }
    }

    /// Runs `body` while no other capq works on the folder; a failure when one does, or the folder holds something else.
    func withLock<Result>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        guard SystemFile.exists(inner) || SystemFile.entries(path).isEmpty else {
            throw Failure(.failure, "`\(path)` is not empty, and no copy of a space", hint: "choose a new folder")
        }
        try PrivateFile.makeFolder(inner)
        let descriptor = open(inner + "/lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw trouble("lock", inner) }
        defer { close(descriptor) }
        // One that is just ending is waited for.
        var attempts = 20
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            attempts -= 1
            guard attempts > 0 else {
                throw Failure(.failure, "another capq syncs `\(path)`", hint: "wait until it has ended")
            }
            usleep(50_000)
        }
        return try body()
    }
}

extension SyncFolder {
    /// Replaces a file in one step: whoever looks sees the old one or the new one, whole.
    func write(_ bytes: [UInt8], to target: String) throws(Failure) {
        try step()
        let draft = "\(inner)/draft"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw trouble("write", target) }
        let isWritten = SystemFile.writeAll(descriptor, bytes)
        guard close(descriptor) == 0, isWritten else { throw trouble("write", target) }
        try step()
        if rename(draft, target) != 0 {
            guard errno == ENOENT, let slash = target.lastIndex(of: "/") else { throw trouble("write", target) }
            try PrivateFile.makeFolder(String(target[..<slash]))
            guard rename(draft, target) == 0 else { throw trouble("write", target) }
        }
    }

    func move(_ source: String, to target: String) throws(Failure) {
        try step()
        guard rename(source, target) == 0 else { throw trouble("write", target) }
    }

    /// Removes a file, and folders above it that have become empty, up to the copy's own.
    func remove(_ target: String) throws(Failure) {
        try step()
        guard unlink(target) == 0 || errno == ENOENT else { throw trouble("remove", target) }
        var folder = target[...]
        while let slash = folder.lastIndex(of: "/") {
            folder = folder[..<slash]
            guard folder.utf8.count > path.utf8.count, !folder.hasPrefix(inner), rmdir(String(folder)) == 0 else {
                break
            }
        }
    }

    /// Empties a folder of capq's own.
    func clear(_ folder: String) throws(Failure) {
        for name in SystemFile.entries(folder) {
            try step()
            unlink("\(folder)/\(name)")
        }
    }

    private func trouble(_ verb: String, _ path: String) -> Failure {
        Failure(.failure, "cannot \(verb) `\(path)`: \(SystemFile.Trouble(code: errno).words)")
    }
}
