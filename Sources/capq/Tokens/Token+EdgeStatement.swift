import CapabilityGraph
import UCAN

extension Token {
    /// Turns what the token says into a statement the graph can judge.
    func edgeStatement(audience: DID, _ families: Families) throws(GraphError) -> EdgeStatement {
        var edges: [Capability] = []
        for capability in capabilities {
            edges.append(
                Capability(
                    resource: try families.resource(capability.resource),
                    ability: try Ability(capability.ability),
                    caveats: Caveats(capability.caveats)
                )
            )
        }
        return EdgeStatement(
            id: id,
            statementID: statementID,
            kind: kind == .cacao ? .cacao : .ucan,
            issuer: issuer,
            audience: audience,
            capabilities: edges,
            notBefore: notBefore,
            expires: expires,
            issuedAt: issuedAt,
            proofs: proofs,
            isTerminal: isTerminal
        )
    }

    /// Returns `now`, or the nearest moment within the window, so that attenuation is judged apart from time.
    func someMomentInWindow(near now: Timestamp) -> Timestamp {
        if let notBefore, now < notBefore { return notBefore }
        if let expires, now >= expires { return Timestamp(microseconds: expires.microseconds - 1) }
        return now
    }
}

extension Refusal {
    /// Says at which step of an offline verification this refusal falls.
    var step: Verification.Step {
        switch code {
        case .expired, .notYetValid: .window
        case .missingProof, .audienceMismatch, .parentRevoked, .ancestorRevoked, .unauthorizedRevoker: .proofs
        case .terminalParent, .expiryExceedsParent, .notBeforePrecedesParent, .abilityNotCovered, .caveatsNotContained,
            .chainLimitExceeded, .limitExceeded, .unsupportedProfile, .selfDelegation, .wrongTokenKind,
            .malformedCapability, .unhostedQuota, .senderQuota:
            .attenuation
        }
    }

    /// What is wrong with a proof that is at hand and that its issuer has no part in.
    static let strangeProof = "a proof was made for somebody other than its issuer"

    /// Words the refusal as the rest of capq speaks.
    var sentence: String {
        switch code {
        case .expired: "it is expired"
        case .notYetValid: "it is not yet valid"
        case .missingProof: "it needs a proof and cites none that is here"
        case .audienceMismatch: Self.strangeProof
        case .parentRevoked, .ancestorRevoked: "a delegation it relies on is revoked"
        case .terminalParent: "a proof may not be passed on"
        case .expiryExceedsParent: "it outlives its proof"
        case .notBeforePrecedesParent: "it begins before its proof"
        case .abilityNotCovered: "no proof covers `\(text.split(separator: ": ", maxSplits: 1).last ?? "")`"
        case .caveatsNotContained: "its caveats are wider than its proof's"
        case .chainLimitExceeded, .limitExceeded, .unsupportedProfile, .selfDelegation, .wrongTokenKind,
            .unauthorizedRevoker, .malformedCapability, .unhostedQuota, .senderQuota:
            explanation ?? text
        }
    }
}
