import Multiformats
import Synchronization

@testable import capq

/// Runs passes of a sync in a folder of its own, to the end or up to a number of changes of the disk.
struct SyncRig {
    let scratch = Scratch()
    let host: SyncHost
    var path: String { scratch.folder + "/copy" }

    init(_ host: SyncHost) { self.host = host }

    @discardableResult
    func pass(authors: [String]? = nil, blobs: Bool = false) throws(CommandError) -> SpaceSync.Report {
        var sync = sync(SyncFolder(path: path, settle: {}), authors)
        sync.wantsBlobs = blobs
        return try sync.pass()
    }

    /// Ends the run before the change of the disk after `steps`, without tidying, as a kill does; false when it got
    /// to its end before.
    func killed(after steps: Int) throws -> Bool {
        let left = Mutex(steps)
        let folder = SyncFolder(
            path: path,
            step: { () throws(CommandError) in
                let isOver = left.withLock { left in
                    left -= 1
                    return left < 0
                }
                if isOver { throw CommandError(.failure, "killed") }
            }, settle: {})
        do throws(CommandError) {
            _ = try sync(folder, nil).pass()
            return false
        } catch {
            guard error.message == "killed" else { throw error }
            return true
        }
    }

    private func sync(_ folder: SyncFolder, _ authors: [String]?) -> SpaceSync {
        SpaceSync(
            space: host.space, folder: folder, reader: host, authors: authors,
            progress: SyncProgress(scratch.process))
    }

    /// Every file of the copy with its content, but for what capq keeps for itself.
    func files() -> [String: String] { Self.files(below: path, "") }

    /// Every file, capq's own states too, but for drafts and locks.
    func everything() -> [String: String] {
        files().merging(Self.files(below: path + "/.capq-sync/repos", "repos")) { first, _ in first }
            .merging(["state": Scratch.text(path + "/.capq-sync/state.json") ?? ""]) { first, _ in first }
    }

    /// What the files have to be.
    func expected() -> [String: String] {
        var files: [String: String] = [:]
        for (did, repo) in host.state.withLock({ $0.repos }) {
            for (path, value) in repo.records {
                let parts = path.split(separator: "/").map(String.init)
                let name = "/\(SyncName.of(did))/\(SyncName.of(parts[0]))/\(SyncName.of(parts[1])).json"
                files[name] = JSONPrinter.indented(value) + "\n"
            }
        }
        return files
    }

    private static func files(below folder: String, _ prefix: String) -> [String: String] {
        var found: [String: String] = [:]
        for name in SystemFile.entries(folder) {
            if let text = Scratch.text("\(folder)/\(name)") {
                found["\(prefix)/\(name)"] = text
            } else {
                found.merge(files(below: "\(folder)/\(name)", "\(prefix)/\(name)")) { first, _ in first }
            }
        }
        return found
    }
}
