public import CapabilityGraph
public import Multiformats
public import Storage
public import UCAN

/// Writes one edge as the delegation object TinyCloud clients read, with our members beside theirs (tinycloud.md 8.5).
public struct DelegationAnswer: Sendable {
    public let snapshot: Snapshot
    public let tokens: TokenReader
    public let viewer: Viewer
    public let now: Timestamp
    /// True to write `parents` as arrays of byte values, as the reference does, and not as text CIDs.
    public let parentsAsBytes: Bool
    private let visibility: Visibility?
    private let rows: RowCache?

    public init(
        snapshot: Snapshot, tokens: TokenReader, viewer: Viewer, now: Timestamp, parentsAsBytes: Bool = false,
        rows: RowCache? = nil
    ) {
        self.snapshot = snapshot
        self.tokens = tokens
        self.viewer = viewer
        self.now = now
        self.parentsAsBytes = parentsAsBytes
        self.rows = rows?.parentsAsBytes == parentsAsBytes ? rows : nil
        visibility = viewer.visibility(in: snapshot)
    }

    /// Gives the members of edges that never change, reading all tokens that takes in one go; nil for an edge of which the
    /// viewer may not see everything.
    func lastingMembers(of edges: some Sequence<Snapshot.EdgeID>) throws(StorageError) -> [[UInt8]?] {
        var whole: [EdgeView] = []
        var isWhole: [Bool] = []
        for edge in edges {
            let showsAll = visibility?.showsAll(of: edge) ?? true
            isWhole.append(showsAll)
            if showsAll { whole.append(snapshot.view(edge)) }
        }
        let names = whole.map(\.tokenName)
        var texts = [[UInt8]](repeating: [], count: names.count)
        let missing = rows?.texts.find(names, into: &texts) ?? Array(names.indices)
        if !missing.isEmpty {
            let read = try tokens.tokens(missing.map { names[$0] })
            for (place, token) in zip(missing, read) {
                var json = JSONWriter(reserving: 1024 + token.count)
                writeLastingMembers(of: whole[place], token: token, into: &json)
                texts[place] = json.takeBytes()
            }
            rows?.texts.add(texts, names, at: missing)
        }
        var next = texts.makeIterator()
        return isWhole.map { $0 ? next.next() : nil }
    }

    /// Writes the object of an edge, with all its lasting members or, without them, those the viewer may see.
    func write(_ edge: Snapshot.EdgeID, status: EdgeStatus, lasting: [UInt8]?, into json: inout JSONWriter) {
        json.beginObject()
        if let lasting {
            json.raw(lasting)
        } else {
            writeLastingMembers(of: snapshot.view(edge), token: nil, into: &json)
        }
        json.key(plain: "status")
        json.string(status.name)
        if let cause = status.cause {
            json.key(plain: "cause")
            write(cause: cause, of: status, isSelf: cause == edge, into: &json)
        }
        json.endObject()
    }

    /// Writes all members of an edge but its status; without its token, what of it the viewer may see.
    private func writeLastingMembers(of view: EdgeView, token: [UInt8]?, into json: inout JSONWriter) {
        json.key(plain: "cid")
        json.string(view.cid)
        json.key(plain: "capabilities")
        json.beginArray()
        for number in view.capabilityNumbers where token != nil || visibility?.shows(capability: number) ?? true {
            write(capability: number, into: &json)
        }
        json.endArray()
        json.key(plain: "delegator")
        json.string(utf8: view.issuerBytes)
        json.key(plain: "delegate")
        json.string(utf8: view.audienceBytes)
        json.key(plain: "parents")
        json.beginArray()
        for index in 0..<view.proofCount { writeParent(snapshot.view(view.proof(index)).cid, into: &json) }
        json.endArray()
        if view.kind.isBearerToken {
            json.key(plain: "withheld")
            json.beginArray()
            json.string("raw")
            json.endArray()
        } else if let token {
            json.key(plain: "raw")
            if view.kind == .ucan {
                token.withUnsafeBufferPointer { json.string(utf8: $0) }
            } else {
                json.string(paddedBase64URL: token)
            }
        } else {
            json.key(plain: "withheld")
            json.beginArray()
            json.string("capabilities")
            json.string("raw")
            json.endArray()
        }
        write(view.expires, "expiry", &json)
        write(view.notBefore, "not_before", &json)
        write(view.issuedAt, "issued_at", &json)
        write(view.recordedAt, "recorded_at", &json)
        json.key(plain: "kind")
        json.string(view.kind.name)
        json.key(plain: "mode")
        json.string(view.isTerminal ? "terminal" : "attenuable")
    }

    private func write(cause: Snapshot.EdgeID, of status: EdgeStatus, isSelf: Bool, into json: inout JSONWriter) {
        let view = snapshot.view(cause)
        json.beginObject()
        json.key("code")
        json.string(isSelf ? status.name : "ancestor" + status.name.prefix(1).uppercased() + status.name.dropFirst())
        json.key("cid")
        json.string(view.cid.text)
        switch status {
        case .revoked:
            if let ending = view.ending {
                json.key("by")
                json.string(ending.revoker)
                json.key("revocation")
                json.string(ending.revocation.text)
                write(ending.at, "at", &json)
            }
        case .expired: write(view.expires, "at", &json)
        case .pending: write(view.notBefore, "at", &json)
        case .active, .undetermined: break
        }
        json.endObject()
    }

    /// Writes `{resource, ability, caveats}`.
    public static func write(_ capability: Capability, into json: inout JSONWriter) {
        json.beginObject()
        json.key("resource")
        json.string(capability.resource.text)
        json.key("ability")
        json.string(capability.ability.text)
        json.key("caveats")
        json.value(capability.caveats.keyed)
        json.endObject()
    }

    /// Writes the same straight from the index.
    private func write(capability number: UInt32, into json: inout JSONWriter) {
        json.beginObject()
        json.key(plain: "resource")
        json.string { piece in snapshot.resourcePieces(ofCapability: number, piece) }
        json.key(plain: "ability")
        json.string(utf8: snapshot.abilityBytes(ofCapability: number))
        json.key(plain: "caveats")
        json.value(snapshot.caveats(ofCapability: number)?.keyed ?? .object(JSONObject()))
        json.endObject()
    }

    private func writeParent(_ cid: CID, into json: inout JSONWriter) {
        guard parentsAsBytes else {
            json.string(cid)
            return
        }
        json.beginArray()
        for byte in cid.bytes { json.int(byte) }
        json.endArray()
    }

    private func write(_ time: Timestamp?, _ key: StaticString, _ json: inout JSONWriter) {
        guard let time else { return }
        json.key(plain: key)
        json.string(time)
    }

    /// The token in the form it travels in a header: padded base64url of DAG-CBOR, or the JWT.
    public func authorization(of view: EdgeView) throws(StorageError) -> String {
        let name = view.tokenName
        let bytes = try tokens.token(revision: name.revision, expecting: name.id)
        return view.kind == .ucan ? String(decoding: bytes, as: UTF8.self) : Base64URL.encode(bytes, padded: true)
    }
}

extension EdgeView {
    fileprivate var tokenName: TokenName { TokenName(revision: UInt64(admittedAt), id: id.digest) }
}
