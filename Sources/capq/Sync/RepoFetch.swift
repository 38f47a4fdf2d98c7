import ATProto
import CapClient
import Multiformats
import UCAN

/// Fetches one author's repo of a space and verifies all of it (atproto-spaces.md 10 and 11).
///
/// Nothing is put in place here: records that are new are staged, and the state to come is returned.
struct RepoFetch {
    /// How the new state was come by.
    enum Way: String, Sendable {
        case unchanged
        /// By the operations since the last time.
        case incremental
        /// As a whole, for the first time.
        case whole
        /// As a whole, since the operations did not lead from the old state to the new one.
        case recovered
    }

    /// Says that operations do not lead to what the host has now: the repo has to be compared as a whole.
    struct Stale: Error {
        let why: String
    }

    let space: SpaceURI
    let did: String
    let key: PublicKey
    let reader: any SpaceReading
    let staging: SyncStaging
    let progress: (_ done: Int, _ total: Int?) -> Void

    /// Gives the state to come; nil when the host has nothing new.
    ///
    /// - Throws: exit `deny` when the host does not tell the truth.
    func run(_ copy: RepoCopy?) throws(CommandError) -> (copy: RepoCopy, way: Way)? {
        if let copy, let fold = copy.fold() {
            let result = try incremental(fold, from: copy)
            if case .success(let new) = result { return new.rev == copy.rev ? nil : (new, .incremental) }
        }
        return (try whole(copy), copy == nil ? .whole : .recovered)
    }

    var parameters: [(name: String, value: String)] { [("space", space.text), ("repo", did)] }

    /// Stages a record that came as JSON, if it is what its CID names.
    func stage(_ value: JSON, path: String, cid: CID) throws(CommandError) -> Bool {
        guard let record = try? PreparedRecord(json: value, collection: Self.collection(of: path)), record.cid == cid
        else { return false }
        try staging.put(cid, record.value)
        return true
    }

    /// Fetches one record; false when the host has another one by now.
    func fetch(path: String, cid: CID) throws(CommandError) -> Bool {
        let parts = path.split(separator: "/", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return false }
        let request = XRPCRequest.query(
            "com.atproto.space.getRecord", parameters + [("collection", parts[0]), ("rkey", parts[1])])
        let answer: JSON
        do throws(ClientError) {
            answer = try reader.json(request)
        } catch {
            if error.isNamed("RecordNotFound") { return false }
            throw CommandError(xrpc: error)
        }
        guard let value = answer["value"] else { return false }
        return try stage(value, path: path, cid: cid)
    }

    static func collection(of path: String) -> String { String(path.prefix { $0 != "/" }) }

    /// Words what the protocol's checks found.
    func rejection(_ error: ATProtoError) -> CommandError {
        CommandError(
            .deny, "the host does not tell the truth about `\(did)`: \(error.message) (\(error.name))",
            hint: "nothing was changed; ask the author, or whoever runs the host")
    }

    /// The state a verified commit and index stand for.
    func copy(_ commit: SignedCommit, _ records: [String: CID]) throws(CommandError) -> RepoCopy {
        guard TID.isValid(commit.rev) else {
            throw rejection(ATProtoError("CommitRevMismatch", "`\(commit.rev)` is not a revision"))
        }
        return RepoCopy(did: did, rev: commit.rev, hash: commit.hash, records: records)
    }

    /// Refuses a commit older than what the folder has: a host that goes back hides what was written since.
    func requireProgress(_ commit: SignedCommit, _ copy: RepoCopy?) throws(CommandError) {
        guard let copy, UTF8Bytes.precedes(commit.rev, copy.rev) else { return }
        throw rejection(
            ATProtoError("CommitRevMismatch", "it shows revision `\(commit.rev)`, older than `\(copy.rev)` seen before")
        )
    }
}
