import ATProto
import CapClient
import Multiformats

extension RepoFetch {
    /// Most operations asked for at once.
    private static let pageSize = 1_000

    /// Follows the operations since the copy's revision.
    ///
    /// A failure of kind `Stale` asks for the whole repo; it says nothing about the host yet.
    func incremental(_ start: OplogFold, from copy: RepoCopy) throws(CommandError) -> Result<RepoCopy, Stale> {
        var fold = start
        var touched: Set<String> = []
        var values: [String: JSON] = [:]
        var cursor: String?
        while true {
            var asked = parameters + [("since", copy.rev), ("limit", String(Self.pageSize))]
            if let cursor { asked.append(("cursor", cursor)) }
            let page: JSON
            do throws(ClientError) {
                page = try reader.json(.query("com.atproto.space.listRepoOps", asked))
            } catch {
                if error.isNamed("HistoryUnavailable") { return .failure(Stale(why: error.message)) }
                throw CommandError(xrpc: error)
            }
            do throws(ATProtoError) {
                for entry in page["ops"]?.array ?? [] {
                    let operation = try RepoOperation(entry)
                    try fold.apply(operation)
                    touched.insert(operation.path)
                    values[operation.path] = entry["value"]
                    progress(touched.count, nil)
                }
            } catch {
                return .failure(Stale(why: error.message))
            }
            if let json = page["commit"], !json.isNull {
                return try settle(fold, json, touched, values, from: copy)
            }
            let next = page["cursor"]?.string
            guard let next, next != cursor else { return .failure(Stale(why: "the operations end without a commit")) }
            cursor = next
        }
    }

    /// Compares the fold with the commit at its end, and stages what changed.
    private func settle(
        _ fold: OplogFold, _ json: JSON, _ touched: Set<String>, _ values: [String: JSON], from copy: RepoCopy
    ) throws(CommandError) -> Result<RepoCopy, Stale> {
        let commit: SignedCommit
        do throws(ATProtoError) {
            commit = try SignedCommit(json: json)
            try commit.verify(space: space.text, author: did, key: key)
        } catch {
            throw rejection(error)
        }
        try requireProgress(commit, copy)
        do throws(ATProtoError) {
            try fold.check(against: commit)
        } catch {
            return .failure(Stale(why: error.message))
        }
        for path in touched {
            guard let cid = fold.records[path], copy.records[path] != cid else { continue }
            if let value = values[path], try stage(value, path: path, cid: cid) { continue }
            guard try fetch(path: path, cid: cid) else {
                return .failure(Stale(why: "`\(path)` has changed meanwhile"))
            }
        }
        return .success(try self.copy(commit, fold.records))
    }
}

extension RepoOperation {
    /// Reads `{rev, collection, rkey, cid, prev}`; throws `OplogInconsistent`.
    init(_ json: JSON) throws(ATProtoError) {
        func cid(_ name: String) throws(ATProtoError) -> CID? {
            guard let value = json[name], !value.isNull else { return nil }
            guard let text = value.string else {
                throw ATProtoError("OplogInconsistent", "the `\(name)` of an operation is not a CID")
            }
            return try CID(atproto: text)
        }
        guard let rev = json["rev"]?.string, TID.isValid(rev), let collection = json["collection"]?.string,
            let rkey = json["rkey"]?.string
        else { throw ATProtoError("OplogInconsistent", "an operation has no revision, collection or record key") }
        self.init(rev: rev, collection: collection, rkey: rkey, cid: try cid("cid"), prev: try cid("prev"))
    }
}
