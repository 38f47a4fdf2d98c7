public import CapabilityGraph
public import Multiformats
public import UCAN

/// Writes the walk behind a decision as a tree, causes first.
public struct ExplanationAnswer: Sendable {
    public let snapshot: Snapshot
    public let now: Timestamp

    public init(snapshot: Snapshot, now: Timestamp) {
        self.snapshot = snapshot
        self.now = now
    }

    /// Writes `{complete, candidates: [node]}`; a node is `{cid, issuer, audience, capability, state, live, root, …}`.
    public func write(_ explanation: Explanation, into json: inout JSONWriter) {
        json.beginObject()
        json.key("complete")
        json.bool(explanation.isComplete)
        json.key("candidates")
        json.beginArray()
        for node in explanation.candidates { write(node, into: &json) }
        json.endArray()
        json.endObject()
    }

    private func write(_ node: RouteNode, into json: inout JSONWriter) {
        let view = snapshot.view(node.edge)
        json.beginObject()
        for (key, text) in [
            ("cid", view.cid.text), ("issuer", view.issuer), ("audience", view.audience), ("kind", view.kind.name),
            ("state", node.state.name),
        ] {
            json.key(key)
            json.string(text)
        }
        switch node.state {
        case .live: break
        case .revoked(let revoker): member("by", revoker, &json)
        case .expired(let at): member("at", at.rfc3339, &json)
        case .pending(let until): member("at", until.rfc3339, &json)
        }
        json.key("live")
        json.bool(node.isLive)
        json.key("root")
        json.bool(node.isRoot)
        json.key("capability")
        DelegationAnswer.write(node.capability, into: &json)
        if let failure = node.caveatFailure { member("caveatFailure", failure, &json) }
        if let status = node.familyStatus, status != .active, node.isLive {
            let cause = status.cause.map { snapshot.view($0).cid.text } ?? "unknown"
            member(
                "note", "TinyCloud routes refuse this token: `\(cause)` in its closure is \(status.name)", &json)
        }
        if node.isRepeated {
            json.key("repeated")
            json.bool(true)
        }
        json.key("supports")
        json.beginArray()
        for support in node.supports { write(support, into: &json) }
        json.endArray()
        json.endObject()
    }

    private func member(_ key: String, _ text: String, _ json: inout JSONWriter) {
        json.key(key)
        json.string(text)
    }
}
