import ATProto
import Glibc
import Multiformats
import UCAN

/// Holds the folder a space is copied into: records below each author's folder, what capq keeps below `.capq-sync`.
///
/// `.capq-sync/state.json` says which space it is, `repos` what is there, `incoming` holds verified records not yet in
/// place, and `pending` the states to come. `pending/commit` is written once everything is verified and staged: from
/// then on the change is carried out, in this run or the next.
struct SyncFolder: Sendable {
    static let schema = "capq/sync-state/1"

    let path: String
    /// Called before each change of the disk, so that tests can end a run at any of them.
    let step: @Sendable () throws(CommandError) -> Void
    /// Brings all that was written to the disk, so that a power cut leaves no later file without an earlier one: once
    /// for many files, where a call for each would take longer than fetching them.
    let settle: @Sendable () -> Void

    init(
        path: String, step: @escaping @Sendable () throws(CommandError) -> Void = { () throws(CommandError) in },
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
    func space() throws(CommandError) -> String? {
        guard SystemFile.exists(statePath) else { return nil }
        let bytes = try SystemFile.read(statePath, limit: 1 << 20)
        guard let json = try? JSON.parse(bytes), json["schema"]?.string == Self.schema,
            let space = json["space"]?.string
        else {
            throw CommandError(
                .failure, "`\(statePath)` is damaged", hint: "remove `\(inner)`, and the space is fetched anew")
        }
        return space
    }

    /// Writes which space it is and how far its authority had come.
    func save(space: String, spaceRev: String?) throws(CommandError) {
        var object = JSONObject(schema: Self.schema)
        object["space"] = .string(space)
        object["spaceRev"] = spaceRev.map { .string($0) } ?? .null
        try write(Array((JSONPrinter.indented(.object(object)) + "\n").utf8), to: statePath)
    }

    /// Makes the folders that are missing.
    func prepare() throws(CommandError) {
        for folder in [incoming, pending, repos] where !SystemFile.exists(folder) {
            try step()
            try PrivateFile.makeFolder(folder)
        }
    }

    /// Runs `body` while no other capq works on the folder; a failure when one does, or the folder holds something else.
    func withLock<Result>(_ body: () throws(CommandError) -> Result) throws(CommandError) -> Result {
        guard SystemFile.exists(inner) || SystemFile.entries(path).isEmpty else {
            throw CommandError(.failure, "`\(path)` is not empty, and no copy of a space", hint: "choose a new folder")
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
                throw CommandError(.failure, "another capq syncs `\(path)`", hint: "wait until it has ended")
            }
            usleep(50_000)
        }
        return try body()
    }
}

extension SyncFolder {
    /// Replaces a file in one step: whoever looks sees the old one or the new one, whole.
    func write(_ bytes: [UInt8], to target: String) throws(CommandError) {
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

    func move(_ source: String, to target: String) throws(CommandError) {
        try step()
        guard rename(source, target) == 0 else { throw trouble("write", target) }
    }

    /// Removes a file, and folders above it that have become empty, up to the copy's own.
    func remove(_ target: String) throws(CommandError) {
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
    func clear(_ folder: String) throws(CommandError) {
        for name in SystemFile.entries(folder) {
            try step()
            unlink("\(folder)/\(name)")
        }
    }

    private func trouble(_ verb: String, _ path: String) -> CommandError {
        CommandError(.failure, "cannot \(verb) `\(path)`: \(SystemFile.Trouble(code: errno).words)")
    }
}

/// Writes DIDs, collections and record keys as names of files.
enum SyncName {
    /// Longest name made, in bytes; a suffix of ten fits behind it on every file system.
    static let limit = 240

    /// Keeps letters, digits, `-`, `_` and inner dots, and writes every other byte as `%XX`.
    ///
    /// Different texts give different names: one too long keeps its beginning, then `~`, which no other name holds, and
    /// the whole text's SHA-256.
    static func of(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var name: [UInt8] = []
        var cut = 0
        let kept = limit - 53
        for (place, byte) in text.utf8.enumerated() {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "_"):
                name.append(byte)
            case UInt8(ascii: ".") where place > 0:
                name.append(byte)
            default:
                name += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
            if name.count <= kept { cut = name.count }
        }
        guard name.count > limit else { return String(decoding: name, as: UTF8.self) }
        let hash = Base32Lower.encode(SHA256.hash(Array(text.utf8)).bytes)
        return String(decoding: name[..<cut], as: UTF8.self) + "~" + hash
    }
}

/// Keeps verified records until a whole pass is verified; what an ended run left is used again.
struct SyncStaging: Sendable {
    let folder: SyncFolder

    /// Writes a verified record as the file it will be.
    func put(_ cid: CID, _ value: CBOR) throws(CommandError) {
        try folder.write(Array((JSONPrinter.indented(RecordData.json(value)) + "\n").utf8), to: folder.staged(cid))
    }

    /// Tells whether a record is there and still what its CID names.
    func holds(_ cid: CID, collection: String) -> Bool {
        guard let bytes = try? read(cid), let record = Self.record(bytes, collection: collection) else { return false }
        return record.cid == cid
    }

    func read(_ cid: CID) throws(CommandError) -> [UInt8] {
        try SystemFile.read(folder.staged(cid), limit: 8 << 20)
    }

    static func record(_ bytes: [UInt8], collection: String) -> PreparedRecord? {
        let limits = JSONLimits(maxBytes: 8 << 20, maxDepth: 80, maxMembers: 1_000_000)
        guard let json = try? JSON.parse(bytes, limits: limits) else { return nil }
        return try? PreparedRecord(json: json, collection: collection)
    }
}
