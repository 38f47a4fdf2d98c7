public import CapabilityGraph
public import Multiformats
public import UCAN

/// Writes a decision with its cause, its chain and, where asked, the whole walk.
public struct DecisionAnswer: Sendable {
    public let snapshot: Snapshot
    public let now: Timestamp

    public init(snapshot: Snapshot, now: Timestamp) {
        self.snapshot = snapshot
        self.now = now
    }

    /// Writes the members `decision`, `reason` and `chain` into an open object.
    public func writeMembers(_ decision: Decision, principal: DID, into json: inout JSONWriter) {
        json.key("decision")
        json.string(decision.name)
        json.key("chain")
        json.beginArray()
        if case .allow(let allowance) = decision {
            for step in allowance.route { write(step, into: &json) }
        }
        json.endArray()
        json.key("reason")
        let reason = DecisionReason(decision, principal: principal, in: snapshot, at: now)
        json.beginObject()
        json.key("code")
        json.string(reason.code)
        json.key("message")
        json.string(reason.message)
        if let edge = reason.edge {
            json.key("edge")
            json.string(snapshot.view(edge).cid.text)
        }
        if let hint = reason.hint {
            json.key("hint")
            json.string(hint)
        }
        json.endObject()
    }

    public func write(_ step: RouteStep, into json: inout JSONWriter) {
        let view = snapshot.view(step.edge)
        json.beginObject()
        json.key("cid")
        json.string(view.cid.text)
        json.key("issuer")
        json.string(view.issuer)
        json.key("audience")
        json.string(view.audience)
        json.key("kind")
        json.string(view.kind.name)
        json.key("status")
        json.string(snapshot.status(of: step.edge, at: now).name)
        json.key("capability")
        DelegationAnswer.write(step.capability, into: &json)
        if let expires = view.expires {
            json.key("expiry")
            json.string(expires.rfc3339)
        }
        json.endObject()
    }
}
