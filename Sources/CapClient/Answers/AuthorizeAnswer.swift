public import Multiformats

/// Holds a decision of the gate with its reason and the chain that decided it.
public struct AuthorizeAnswer: Sendable, Hashable {
    public enum Decision: String, Sendable, CaseIterable {
        case allow
        case deny
        case undetermined
    }

    /// The first cause of a decision.
    public struct Reason: Sendable, Hashable {
        public let code: String
        public let message: String
        /// CID of the delegation at fault, when one is.
        public let edge: String?
        public let hint: String?
    }

    public let decision: Decision
    public let decisionID: String?
    public let revision: Int64?
    public let reason: Reason?
    /// Leaf first; empty when no chain decided.
    public let chain: [ListedDelegation]
    /// The walk of the decision, when asked for.
    public let explanation: JSON?
    /// The answer as it came.
    public let json: JSON

    /// Reads `{decision, decisionId?, revision?, reason?, chain?, explain?}`.
    public init(_ bytes: [UInt8]) throws(ClientError) {
        json = try JSON.answer(bytes)
        let word = try json.text("decision")
        guard let decision = Decision(rawValue: word) else {
            throw ClientError(.invalidAnswer, "`\(word)` is no decision")
        }
        self.decision = decision
        decisionID = json["decisionId"]?.string
        revision = json["revision"]?.number?.int64
        if let reason = json["reason"], !reason.isNull {
            let code = try reason.text("code")
            self.reason = Reason(
                code: code,
                message: reason["message"]?.string ?? code,
                edge: reason["edge"]?.string,
                hint: reason["hint"]?.string
            )
        } else {
            reason = nil
        }
        chain = Self.linked(try ListedDelegation.list(json["chain"] ?? .null))
        explanation = json["explain"].flatMap { $0.isNull ? nil : $0 }
    }

    /// Makes each step of a chain rest on the next one where the answer leaves its proofs out.
    private static func linked(_ steps: [ListedDelegation]) -> [ListedDelegation] {
        steps.enumerated().map { place, step in
            guard step.proofs.isEmpty, place + 1 < steps.count else { return step }
            return step.resting(on: [steps[place + 1].cid])
        }
    }
}
