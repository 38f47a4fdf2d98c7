import ATProto
import Multiformats
import Spaces
import UCAN

/// com.atproto.space: whole repos, their commits and logs, and who writes a space (atproto-spaces.md 10, 13.4 to 13.6).
enum RepoRoutes {
    static let methods: [XRPCMethod] = [
        .query("com.atproto.space.getLatestCommit", latestCommit),
        .query("com.atproto.space.getRepoState", aliases: ["dev.happyview.space.getRepoState"], state),
        // It goes over the index of the repo before the first byte.
        .query("com.atproto.space.getRepo", work: .blocking, export),
        .query("com.atproto.space.listRepoOps", operations),
        .query("com.atproto.space.listRepos", writers),
        .procedure("dev.capabilitygraph.space.deleteRepo", delete),
    ]

    /// `{commit}`, made for this reader.
    private static func latestCommit(_ call: XRPCCall) throws -> XRPCOutput {
        let repo = try RepoCall(call)
        let (author, permit) = try repo.reading()
        let head = try repo.repos.read(permit, of: author) { $1 }
        return .json(["commit": try repo.repos.commit(to: head).json])
    }

    /// `{rev, commit, lthashState?}`, null where nothing was written; the state of the set hash is for the author alone.
    private static func state(_ call: XRPCCall) throws -> XRPCOutput {
        let repo = try RepoCall(call)
        let (author, permit) = try repo.reading()
        var json = JSONObject()
        json["rev"] = .null
        json["commit"] = .null
        let found = try repo.repos.readIfWritten(permit, of: author) { reader, head in
            (head, repo.repos.isAuthor(permit, author) ? try reader.hashState(of: head).state : nil)
        }
        guard let (head, hashState) = found else { return .json(.object(json)) }
        json["rev"] = .string(head.rev.text)
        switch try repo.commitIfHeld(to: head) {
        case .some(let commit): json["commit"] = commit.json
        case nil: json["commitError"] = "CommitUnavailable"
        }
        if let hashState { json["lthashState"] = RecordData.json(.bytes(hashState)) }
        return .json(.object(json))
    }

    /// The repo as a CAR, piece by piece from one consistent state.
    private static func export(_ call: XRPCCall) throws -> XRPCOutput {
        let repo = try RepoCall(call)
        let excludes = try repo.parsing { try call.parameters.flag("excludeValues") }
        let (author, permit) = try repo.reading()
        let export = try repo.repos.export(
            permit, of: author, excludeValues: excludes, from: call.request.clientShare)
        return .response(
            HTTPResponse(
                status: 200, headers: [("Content-Type", "application/vnd.ipld.car")],
                body: .stream(ExportSource(export: export))))
    }

    private struct ExportSource: HTTPBodySource {
        let export: RepoExport

        func next(maxBytes: Int) throws -> [UInt8]? { try export.next() }
    }

    /// `{ops, commit?, cursor?}`: the cursor while there is more, the commit once the head is reached.
    private static func operations(_ call: XRPCCall) throws -> XRPCOutput {
        let repo = try RepoCall(call)
        let listing = try repo.parsing { try OperationListing(call) }
        let (author, permit) = try repo.reading()
        let (page, head) = try repo.repos.read(permit, of: author) { reader, head in
            (try reader.operations(of: head, listing, limits: repo.repos.limits), head)
        }
        var json = JSONWriter(reserving: 256 + page.operations.count * 300)
        json.beginObject()
        json.key(plain: "ops")
        json.beginArray()
        for operation in page.operations { try json.value(operation) }
        json.endArray()
        if let cursor = page.cursor {
            json.key(plain: "cursor")
            json.string(cursor)
        } else if let commit = try repo.commitIfHeld(to: head) {
            json.key(plain: "commit")
            json.value(commit.json)
        } else {
            json.key(plain: "commitError")
            json.string("CommitUnavailable")
        }
        json.endObject()
        return .json(json.bytes)
    }

    /// `{repos, cursor?}`, each entry with the names of both profiles; to all but holders of credentials also the space's
    /// `spaceRev` (13.6).
    private static func writers(_ call: XRPCCall) throws -> XRPCOutput {
        let repo = try RepoCall(call)
        let isSyncer = if case .credential = repo.caller { true } else { false }
        let query = try repo.parsing { try WriterQuery(call, isSyncer: isSyncer) }
        let page = try repo.repos.writers(try repo.permit(.listRepos)) { reader, space in
            switch query.order {
            case .did(let after): try reader.writers(of: space, after: after, limit: query.limit)
            case .revision(let after): try reader.writers(of: space, after: after, limit: query.limit)
            }
        }
        let rows = page.writers.map { writer -> JSON in
            [
                "did": .string(writer.did), "rev": .string(writer.rev.text), "repoRev": .string(writer.rev.text),
                "hash": RecordData.json(.bytes(writer.hash)), "spaceRev": .string(writer.spaceRev.text),
            ]
        }
        var json = JSONObject()
        json["repos"] = .array(rows)
        json["cursor"] = page.cursor.map { .string($0) }
        // A syncer goes on from the last entry it was given: a revision beside the page would be ahead of it.
        if !isSyncer { json["spaceRev"] = page.spaceRev.map { .string($0.text) } }
        return .json(.object(json))
    }

    /// `{space, repo?}` → `{}`: deletes the caller's own repo for good, also one whose space is gone (reading 9).
    private static func delete(_ call: XRPCCall) throws -> XRPCOutput {
        let repo = try RepoCall(call)
        try repo.repos.deleteRepo(try repo.permit(.deleteRepo(author: repo.author())), at: call.now)
        return .json([:])
    }
}

/// How listRepos is asked: by DID, or by the space's revisions, as holders of credentials always do (13.6).
private struct WriterQuery {
    enum Order {
        case did(after: String?)
        case revision(after: TID?)
    }

    let limit: Int
    let order: Order

    init(_ call: XRPCCall, isSyncer: Bool) throws {
        limit = try call.parameters.number("limit", in: 1...1000, usual: 100)
        let cursor = try call.parameters.optionalText("cursor")
        let since = try call.revision("since")
        let named = try call.parameters.optionalText("order")
        guard named == nil || named == "spaceRev" || named == "did" else {
            throw XRPCError.invalidRequest("`order` takes `did` or `spaceRev`")
        }
        if isSyncer {
            // Any text is a cursor: nothing stands before one that is no revision, such as `0`. It counts before `since`.
            order = .revision(after: cursor == nil ? since : cursor.flatMap { try? TID($0) })
        } else if let rev = cursor.flatMap({ try? TID($0) }) {
            order = .revision(after: rev)
        } else if named == "spaceRev" || since != nil {
            guard cursor == nil else { throw Self.malformed }
            order = .revision(after: since)
        } else {
            guard cursor.map({ ATProtoDID.isValid($0) }) ?? true else { throw Self.malformed }
            order = .did(after: cursor)
        }
    }

    private static var malformed: XRPCError { XRPCError("MalformedCursor", "the cursor is malformed") }
}

extension RepoCall {
    /// A commit for this reader; nil when this host does not hold the author's key.
    fileprivate func commitIfHeld(to head: RepoHead) throws -> SignedCommit? {
        do {
            return try repos.commit(to: head)
        } catch let error as ATProtoError where error.name == "CommitUnavailable" {
            return nil
        }
    }
}

extension OperationListing {
    fileprivate init(_ call: XRPCCall) throws {
        self.init()
        since = try call.revision("since")
        cursor = try call.parameters.optionalText("cursor")
        limit = try call.parameters.number("limit", in: 1...1000, usual: 100)
        includesValues = try !call.parameters.flag("excludeValues")
    }
}

extension JSONWriter {
    /// Writes `{rev, collection, rkey, cid, prev, value?}`, null for a CID that is not there.
    fileprivate mutating func value(_ logged: LoggedOperation) throws {
        let operation = logged.operation
        beginObject()
        key(plain: "rev")
        string(operation.rev)
        key(plain: "collection")
        string(operation.collection)
        key(plain: "rkey")
        string(operation.rkey)
        key(plain: "cid")
        optional(operation.cid)
        key(plain: "prev")
        optional(operation.prev)
        try member(value: logged.value)
        endObject()
    }

    private mutating func optional(_ cid: CID?) {
        if let cid { string(cid) } else { null() }
    }
}
