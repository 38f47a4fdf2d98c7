public import UCAN

extension EdgeStatement {
    /// Turns a verified delegation into an edge; throws a refusal for what can never become one.
    public init(_ token: Token, _ families: Families) throws(Refusal) {
        guard case .principal(let audience) = token.audience else {
            throw Refusal(
                .wrongTokenKind, "Unauthorized Delegator: \(token.issuer.text)",
                "the token is a revocation, not a delegation")
        }
        if token.isPolicySession {
            throw Refusal(.unsupportedProfile, "policy-descendant-fact-invalid")
        }
        if token.isPolicyRoot {
            throw Refusal(.unsupportedProfile, "policy-root-requires-conjunctive-session")
        }
        // An invocation, status or revocation token is addressed to its own issuer (ucan.md J.3).
        guard audience != token.issuer else {
            throw Refusal(
                .selfDelegation, "Unauthorized Delegator: \(token.issuer.text)",
                "the token is addressed to its own issuer, so it delegates nothing")
        }
        self.init(
            id: token.id, statementID: token.statementID, kind: token.kind == .cacao ? .cacao : .ucan,
            issuer: token.issuer, audience: audience, capabilities: try Capability.parse(token.capabilities, families),
            notBefore: token.notBefore, expires: token.expires, issuedAt: token.issuedAt, proofs: token.proofs,
            isTerminal: token.isTerminal)
    }
}

extension Capability {
    /// Parses what a token carries; throws a refusal naming the first part that is not well formed.
    public static func parse(
        _ capabilities: [TokenCapability], _ families: Families
    ) throws(Refusal) -> [Capability] {
        var parsed: [Capability] = []
        parsed.reserveCapacity(capabilities.count)
        for item in capabilities {
            do throws(GraphError) {
                parsed.append(
                    Capability(
                        resource: try families.resource(item.resource), ability: try Ability(item.ability),
                        caveats: Caveats(item.caveats)))
            } catch {
                // The reference takes such a resource for an opaque one, which nobody controls.
                throw Refusal(
                    .malformedCapability, "Unauthorized Capability: \(item.resource), \(item.ability)", error.message)
            }
        }
        return parsed
    }
}
