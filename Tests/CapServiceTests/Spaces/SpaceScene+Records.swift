import ATProto
import CapTesting
import Multiformats
import Testing
import UCAN

/// Short words for records and repos.
extension SpaceScene {
    static let post = "com.example.post"

    /// The body of createRecord or putRecord.
    func body(_ space: String, _ rkey: String?, _ text: String, _ more: JSONObject = JSONObject()) -> JSON {
        var body = JSONObject()
        body["space"] = .string(space)
        body["collection"] = .string(Self.post)
        body["rkey"] = rkey.map { .string($0) }
        body["record"] = ["$type": .string(Self.post), "text": .string(text)]
        for member in more.members { body[member.key] = member.value }
        return .object(body)
    }

    @discardableResult
    func write(
        _ rkey: String, _ text: String = "", to space: String, by person: Person, method: String = "putRecord"
    ) throws -> JSON {
        let written = try post(Self.space + method, body(space, rkey, text), by: person)
        try #require(written.status == 200, "\(written.text)")
        return written.json
    }

    /// One write of applyWrites in the encoding of `com.atproto`.
    func tagged(_ kind: String, _ rkey: String?, _ text: String? = "") -> JSON {
        var write = JSONObject()
        write["$type"] = .string("com.atproto.space.applyWrites#\(kind)")
        return .object(filled(write, rkey, text))
    }

    /// One write of applyWrites in the older encoding.
    func acted(_ kind: String, _ rkey: String?, _ text: String? = "") -> JSON {
        var write = JSONObject()
        write["action"] = .string(kind)
        return .object(filled(write, rkey, text))
    }

    private func filled(_ write: JSONObject, _ rkey: String?, _ text: String?) -> JSONObject {
        var write = write
        write["collection"] = .string(Self.post)
        write["rkey"] = rkey.map { .string($0) }
        if let text { write["value"] = ["$type": .string(Self.post), "text": .string(text)] }
        return write
    }

    func apply(
        _ writes: [JSON], to space: String, by person: Person, swapCommit: String? = nil, name: String? = nil
    ) throws -> RawResponse {
        var body = JSONObject()
        body["space"] = .string(space)
        body["repo"] = .string(person.did)
        body["writes"] = .array(writes)
        body["swapCommit"] = swapCommit.map { .string($0) }
        return try post(name ?? Self.space + "applyWrites", .object(body), by: person)
    }

    func read(_ rkey: String, of author: Person, in space: String, by reader: Person) throws -> RawResponse {
        try get(
            Self.space + "getRecord",
            [("space", space), ("repo", author.did), ("collection", Self.post), ("rkey", rkey)], by: reader)
    }

    /// A method about one author's repo.
    func repo(
        _ method: String, of author: String, in space: String, _ more: [(String, String)] = [], by reader: Person?
    ) throws -> RawResponse {
        try get(Self.space + method, [("space", space), ("repo", author)] + more, by: reader)
    }

    func repo(
        _ method: String, of author: Person, in space: String, _ more: [(String, String)] = [], by reader: Person?
    ) throws -> RawResponse {
        try repo(method, of: author.did, in: space, more, by: reader)
    }

    /// The `#atproto` key that the author's document publishes.
    func key(of author: String) throws -> PublicKey {
        let answer = try get("com.atproto.identity.resolveDid", [("did", author)])
        let json = try #require(answer.json["didDoc"])
        let document = try DIDDocument(json, of: author)
        return try #require(try document.key(KeyID.account))
    }

    /// Verifies a commit as a reader does.
    func verified(_ commit: JSON?, of author: String, in space: String) throws -> SignedCommit {
        let json = try #require(commit)
        let commit = try SignedCommit(json: json)
        try commit.verify(space: space, author: author, key: try key(of: author))
        return commit
    }

    /// Verifies a whole export; gives its commit and the DAG-CBOR of each record by path.
    func unpack(
        _ archive: [UInt8], of author: String, in space: String, values: SpaceCARVerifier.Values = .included
    ) throws -> (commit: SignedCommit, index: [SpaceCARIndex.Entry], records: [String: [UInt8]]) {
        var verifier = SpaceCARVerifier(space: space, author: author, key: try key(of: author), values: values)
        verifier.append(archive)
        var commit: SignedCommit?
        var index: [SpaceCARIndex.Entry] = []
        var records: [String: [UInt8]] = [:]
        while let part = try verifier.next() {
            switch part {
            case .commit(let found): commit = found
            case .index(let entries): index = entries
            case .record(let entry, let bytes): records[entry.path] = bytes
            }
        }
        try verifier.finish()
        return (try #require(commit), index, records)
    }
}
