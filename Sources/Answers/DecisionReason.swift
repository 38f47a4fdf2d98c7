public import CapabilityGraph
import Multiformats
public import UCAN

/// Says a decision in words: a stable code, one sentence, the edge it is about, and what would mend a refusal.
public struct DecisionReason: Sendable {
    public let code: String
    public let message: String
    public let edge: Snapshot.EdgeID?
    public let hint: String?

    public init(_ decision: Decision, principal: DID, in snapshot: Snapshot, at now: Timestamp) {
        switch decision {
        case .allow(let allowance):
            code = allowance.route.isEmpty ? "owner" : "delegated"
            edge = allowance.route.first?.edge
            hint = nil
            message =
                allowance.route.isEmpty
                ? "`\(principal)` controls the resource itself"
                : "allowed through \(allowance.route.count) live delegation\(allowance.route.count == 1 ? "" : "s")"
        case .undetermined(.budgetExhausted):
            code = "budgetExhausted"
            edge = nil
            message = "the walk needed more steps than the limits allow, so the answer is not known"
            hint = "raise max-check-nodes, or revoke delegations that are no longer needed"
        case .deny(let denial):
            code = denial.code
            edge = denial.edge
            (message, hint) = Self.words(denial, principal, snapshot)
        }
    }

    private static func words(_ denial: Denial, _ principal: DID, _ snapshot: Snapshot) -> (String, String?) {
        let view = denial.edge.map(snapshot.view)
        let name = view.map { "delegation `\(short($0.cid.text))`" } ?? "the delegation"
        let issuer = view.map { "`\($0.issuer)`" } ?? "the issuer"
        switch denial.cause {
        case .noRoute:
            return (
                "`\(principal)` holds nothing that leads to this resource", "ask the space's owner for a delegation"
            )
        case .expired(let at): return ("\(name) expired at \(at.rfc3339)", "ask \(issuer) to reissue it")
        case .notYetValid(let until):
            return ("\(name) is not valid before \(until.rfc3339)", "wait, or ask \(issuer) for an earlier start")
        case .revoked(let revoker):
            return ("\(name) was revoked by `\(revoker)`", "a revocation is final: ask \(issuer) for a new delegation")
        case .abilityNotCovered(let held):
            return (
                "\(name) covers the resource but not the ability; it gives \(held.map { "`\($0)`" }.joined(separator: ", "))",
                "ask \(issuer) for the ability"
            )
        case .resourceNotCovered(let held):
            return ("\(name) gives the ability only on `\(held)`", "ask \(issuer) for the resource")
        case .caveatFailed(let reason):
            return ("a caveat of \(name) is not met: \(reason)", "use what the caveat allows")
        case .missingContext(let missing):
            let members = missing.map { "`\($0)`" }.joined(separator: ", ")
            return (
                "\(name) carries a caveat that is judged by \(members), which the question did not give",
                "give \(members) in `context`"
            )
        case .missingProof: return ("a cited proof is not known here, or none is cited", "register the proof first")
        case .invalidInvocation(_, let text): return (text, "sign a new invocation")
        case .notInvoked:
            return ("the invocation does not name this ability on this resource", "invoke what is to be done")
        case .unmet(let condition): return (condition.message, condition.hint)
        case .audienceMismatch:
            return ("a cited proof was not made for `\(principal)`", "cite a proof made for the invoker")
        }
    }

    /// Shortens a CID for a sentence.
    public static func short(_ text: String) -> String {
        text.utf8.count <= 16 ? text : "\(text.prefix(8))…\(text.suffix(4))"
    }
}
