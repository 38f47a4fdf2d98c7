import ATProto
import CapClient
import Multiformats
import Synchronization
import UCAN

@testable import capq

/// Plays the host of a space in memory, truthfully or not.
final class SyncHost: SpaceReading {
    /// One way not to tell the truth.
    enum Lie: Sendable, CaseIterable {
        /// A record's bytes are others than its CID names.
        case otherBytes
        /// A record is left out, of index and blocks alike.
        case leftOut
        /// A block is left out.
        case missingBlock
        /// Two blocks change places.
        case otherOrder
        /// The commit is signed by somebody else.
        case otherSigner
        /// The commit's MAC belongs to another set.
        case otherMAC
        /// The commit is for another space.
        case otherSpace
        /// The archive ends early.
        case cutOff
        /// Only the commit and its revision are older than they were.
        case goneBack
    }

    struct Repo: Sendable {
        var records: [String: JSON] = [:]
        var log: [RepoOperation] = []
        var rev: TID
    }

    struct State: Sendable {
        var repos: [String: Repo] = [:]
        var clock: Int64 = 1_783_684_800_000_000
        var lie: Lie?
        /// Whether operations before the last revision are gone.
        var hasForgotten = false
        /// Whether operations leave one out.
        var skipsOperations = false
        /// Blobs by CID; a lie lies in the bytes.
        var blobs: [String: [UInt8]] = [:]
        /// Methods called, in order.
        var calls: [String] = []
        /// How many writers a page lists.
        var pageSize = 2
        /// Who writes a record after the first page of writers was given.
        var writesBetweenPages: String?
        /// Whether the list of writers names the first of them on each page.
        var repeatsWriters = false
    }

    let space: SpaceURI
    let keys: [String: PrivateKey]
    let state = Mutex(State())

    init(authors: Int = 1) throws {
        let made = try (0..<authors).map { _ in try PrivateKey.generate(.secp256k1) }
        keys = Dictionary(made.map { ($0.did.text, $0) }, uniquingKeysWith: { first, _ in first })
        space = try SpaceURI("at://did:web:host.example/space/com.example.forum/home")
    }

    var authors: [String] { keys.keys.sorted() }

    func lie(_ lie: Lie?) { state.withLock { $0.lie = lie } }
    var calls: [String] { state.withLock { $0.calls } }
    func forgetCalls() { state.withLock { $0.calls = [] } }

    /// Writes a record, or deletes it with nil.
    func write(_ path: String, _ value: JSON?, by author: String? = nil) throws {
        try state.withLock { try Self.write(path, value, by: author ?? authors[0], &$0) }
    }

    private static func write(_ path: String, _ value: JSON?, by author: String, _ state: inout State) throws {
        state.clock += 1_000
        let rev = TID(microseconds: state.clock, clockID: 0)
        var repo = state.repos[author] ?? Repo(rev: rev)
        let parts = path.split(separator: "/").map(String.init)
        let prev = try repo.records[path].map { try PreparedRecord(json: $0, collection: parts[0]).cid }
        let record = try value.map { try PreparedRecord(json: $0, collection: parts[0]) }
        repo.records[path] = record.map { RecordData.json($0.value) }
        repo.rev = rev
        repo.log.append(
            RepoOperation(rev: rev.text, collection: parts[0], rkey: parts[1], cid: record?.cid, prev: prev))
        state.repos[author] = repo
    }

    // MARK: SpaceReading

    func author(_ did: String) throws(CommandError) -> (key: PublicKey, reader: any SpaceReading) {
        guard let key = keys[did] else { throw CommandError(.notFound, "no `\(did)`") }
        return (key.publicKey, self)
    }

    func separate() -> any SpaceReading { self }

    func json(_ request: XRPCRequest) throws(ClientError) -> JSON {
        let result: Result<JSON, ClientError> = state.withLock { state in
            state.calls.append(request.nsid)
            do {
                return .success(try answer(request, &state))
            } catch let error as ClientError {
                return .failure(error)
            } catch {
                return .failure(ClientError(.invalidAnswer, "\(error)"))
            }
        }
        return try result.get()
    }

    func download(_ request: XRPCRequest, _ take: (UnsafeRawBufferPointer) -> Bool) throws(ClientError) {
        let result: Result<[UInt8], ClientError> = state.withLock { state in
            state.calls.append(request.nsid + (request["excludeValues"] == nil ? "" : "?excludeValues"))
            do {
                return .success(try archive(request, state))
            } catch let error as ClientError {
                return .failure(error)
            } catch {
                return .failure(ClientError(.invalidAnswer, "\(error)"))
            }
        }
        var bytes = try result.get()[...]
        while !bytes.isEmpty {
            // Pieces that end anywhere.
            let piece = Array(bytes.prefix(97))
            bytes = bytes.dropFirst(97)
            guard piece.withUnsafeBytes(take) else { throw ClientError(.stopped, "stopped") }
        }
    }
}

extension SyncHost {
    private func answer(_ request: XRPCRequest, _ state: inout State) throws -> JSON {
        switch request.nsid {
        case "com.atproto.space.listRepos":
            return try writers(after: request["cursor"], &state)
        case "com.atproto.space.listRepoOps": return try operations(request, state)
        case "com.atproto.space.getRecord":
            let repo = try repo(request, state)
            let path = "\(request["collection"] ?? "")/\(request["rkey"] ?? "")"
            guard let value = repo.records[path] else { throw Self.refusal("RecordNotFound") }
            return ["value": value]
        default: throw Self.refusal("MethodNotImplemented")
        }
    }

    /// Ascending revisions of the space, which are those of the repos here; every page that is not empty has a cursor.
    private func writers(after cursor: String?, _ state: inout State) throws -> JSON {
        if cursor != nil, let author = state.writesBetweenPages {
            state.writesBetweenPages = nil
            try Self.write("com.example.forum.post/between", ["text": "between"], by: author, &state)
        }
        let listed = state.repos.map { (did: $0.key, rev: $0.value.rev) }.sorted { $0.rev < $1.rev }
        var page = listed.filter { $0.rev.text > cursor ?? "" }.prefix(state.pageSize)
        if state.repeatsWriters, !page.isEmpty { page[page.startIndex] = listed[0] }
        let rows = try page.map { entry -> JSON in
            let commit = try commit(entry.did, state)
            return [
                "did": .string(entry.did), "repoRev": .string(commit.rev),
                "hash": RecordData.json(.bytes(commit.hash)), "spaceRev": .string(entry.rev.text),
            ]
        }
        var answer = JSONObject()
        answer["repos"] = .array(rows)
        answer["cursor"] = page.last.map { .string($0.rev.text) }
        return .object(answer)
    }

    private func operations(_ request: XRPCRequest, _ state: State) throws -> JSON {
        guard !state.hasForgotten else { throw Self.refusal("HistoryUnavailable") }
        let repo = try repo(request, state)
        var found = repo.log.filter { $0.rev > request["since"] ?? "" }
        if state.skipsOperations { found.removeFirst(min(1, found.count)) }
        let start = Int(request["cursor"] ?? "0") ?? 0
        // Short pages, so that there are several.
        let page = found.dropFirst(start).prefix(2)
        var answer: JSONObject = JSONObject()
        answer["ops"] = .array(
            page.map { operation in
                var json = JSONObject()
                json["rev"] = .string(operation.rev)
                json["collection"] = .string(operation.collection)
                json["rkey"] = .string(operation.rkey)
                json["cid"] = operation.cid.map { .string($0.text) } ?? .null
                json["prev"] = operation.prev.map { .string($0.text) } ?? .null
                return .object(json)
            })
        if page.count == 2 {
            answer["cursor"] = .string(String(start + 2))
        } else {
            answer["commit"] = try commit(request["repo"] ?? "", state).json
        }
        return .object(answer)
    }

    private func repo(_ request: XRPCRequest, _ state: State) throws -> Repo {
        guard let repo = state.repos[request["repo"] ?? ""] else { throw Self.refusal("RepoNotFound") }
        return repo
    }

    private func commit(_ did: String, _ state: State, _ hash: [UInt8]? = nil) throws -> SignedCommit {
        guard let repo = state.repos[did], var key = keys[did] else { throw Self.refusal("RepoNotFound") }
        var set = LtHash()
        for (path, cid) in try records(repo, state).map({ ($0.path, $0.cid) }) { set.add(path: path, cid: cid) }
        if state.lie == .otherSigner { key = try PrivateKey.generate(.secp256k1) }
        let space = state.lie == .otherSpace ? "at://did:web:host.example/space/com.example.forum/other" : space.text
        let rev = state.lie == .goneBack ? TID(microseconds: 1_000_000_000_000_000, clockID: 0) : repo.rev
        let commit = try SignedCommit.make(space: space, author: did, rev: rev.text, hash: set.digest, key: key)
        guard state.lie == .otherMAC else { return commit }
        return try SignedCommit(hash: commit.hash, ikm: commit.ikm, sig: commit.sig, mac: commit.hash, rev: commit.rev)
    }

    private func records(_ repo: Repo, _ state: State) throws -> [(path: String, cid: CID, bytes: [UInt8])] {
        try repo.records.map { path, value in
            let record = try PreparedRecord(json: value, collection: String(path.prefix { $0 != "/" }))
            return (path, record.cid, record.bytes)
        }.sorted { SpaceCARIndex.precedes($0.path, $1.path) }
    }

    private func archive(_ request: XRPCRequest, _ state: State) throws -> [UInt8] {
        if request.nsid == "com.atproto.space.getBlob" {
            guard let blob = state.blobs[request["cid"] ?? ""] else { throw Self.refusal("BlobNotFound") }
            return blob
        }
        let did = request["repo"] ?? ""
        var found = try records(try repo(request, state), state)
        let commit = try commit(did, state)
        let excludes = request["excludeValues"] != nil
        switch state.lie {
        case .leftOut where !found.isEmpty: found.removeLast()
        case .otherBytes where !found.isEmpty: found[0].bytes[found[0].bytes.count - 1] ^= 1
        default: break
        }
        var bytes = SpaceCARWriter.archive(commit: commit, records: found, excludeValues: excludes)
        switch state.lie {
        case .cutOff: bytes.removeLast(3)
        case .missingBlock, .otherOrder:
            bytes = SpaceCARWriter.archive(commit: commit, records: found, excludeValues: true)
            var blocks = found[...]
            if state.lie == .missingBlock { blocks.removeLast() } else { blocks = ArraySlice(blocks.reversed()) }
            for block in blocks { CARWriter.append(block.cid, block.bytes, to: &bytes) }
        default: break
        }
        return bytes
    }

    private static func refusal(_ name: String) -> ClientError {
        ClientError(.http, "refused", status: 400, serviceCode: name)
    }
}

extension XRPCRequest {
    subscript(_ name: String) -> String? { parameters.first { $0.name == name }?.value }
}
