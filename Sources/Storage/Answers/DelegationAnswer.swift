public import CapabilityGraph
public import Multiformats
public import UCAN

/// Writes one edge as the delegation object TinyCloud clients read, with our members beside theirs (tinycloud.md 8.5).
public struct DelegationAnswer: Sendable {
    public let snapshot: Snapshot
    public let tokens: TokenReader
    public let viewer: Viewer
    public let now: Timestamp
    /// True to write `parents` as arrays of byte values, as the reference does, and not as text CIDs.
    public var parentsAsBytes = false

    public init(
        snapshot: Snapshot, tokens: TokenReader, viewer: Viewer, now: Timestamp, parentsAsBytes: Bool = false
    ) {
        self.snapshot = snapshot
        self.tokens = tokens
        self.viewer = viewer
        self.now = now
        self.parentsAsBytes = parentsAsBytes
    }

    /// Writes the object of an edge; its status is judged here and now.
    public func write(_ edge: Snapshot.EdgeID, into json: inout JSONWriter) throws(StorageError) {
        try write(edge, status: snapshot.status(of: edge, at: now), into: &json)
    }

    public func write(
        _ edge: Snapshot.EdgeID, status: EdgeStatus, into json: inout JSONWriter
    ) throws(StorageError) {
        let view = snapshot.view(edge)
        let (capabilities, isWhole) = snapshot.visibleCapabilities(view, to: viewer)
        json.beginObject()
        json.key("cid")
        json.string(view.cid.text)
        json.key("capabilities")
        json.beginArray()
        for capability in capabilities { Self.write(capability, into: &json) }
        json.endArray()
        json.key("delegator")
        json.string(view.issuer)
        json.key("delegate")
        json.string(view.audience)
        json.key("parents")
        json.beginArray()
        for proof in view.proofs { writeParent(snapshot.view(proof).cid, into: &json) }
        json.endArray()
        if isWhole {
            json.key("raw")
            json.string(try authorization(of: view))
        } else {
            json.key("withheld")
            json.beginArray()
            json.string("capabilities")
            json.string("raw")
            json.endArray()
        }
        write(view.expires, "expiry", &json)
        write(view.notBefore, "not_before", &json)
        write(view.issuedAt, "issued_at", &json)
        write(view.recordedAt, "recorded_at", &json)
        json.key("kind")
        json.string(view.kind.name)
        json.key("mode")
        json.string(view.isTerminal ? "terminal" : "attenuable")
        json.key("status")
        json.string(status.name)
        if let cause = status.cause {
            json.key("cause")
            write(cause: cause, of: status, isSelf: cause == edge, into: &json)
        }
        json.endObject()
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

    private func writeParent(_ cid: CID, into json: inout JSONWriter) {
        guard parentsAsBytes else {
            json.string(cid.text)
            return
        }
        json.beginArray()
        for byte in cid.bytes { json.int(byte) }
        json.endArray()
    }

    private func write(_ time: Timestamp?, _ key: String, _ json: inout JSONWriter) {
        guard let time else { return }
        json.key(key)
        json.string(time.rfc3339)
    }

    /// The token in the form it travels in a header: padded base64url of DAG-CBOR, or the JWT.
    public func authorization(of view: EdgeView) throws(StorageError) -> String {
        let bytes = try tokens.token(revision: UInt64(view.admittedAt), expecting: view.id.digest)
        return switch view.kind {
        case .cacao: Base64URL.encode(bytes, padded: true)
        case .ucan: String(decoding: bytes, as: UTF8.self)
        }
    }
}
