import Multiformats

extension SignedStatement {
    /// Whether a fact forbids redelegation: it may be invoked, but never be a proof of a delegation (B.5 step 6).
    public var isTerminal: Bool {
        holdsFact("xyz.tinycloud.policy/delegationMode", "terminal")
    }

    /// Whether a fact puts the statement under the policy-session profile, which is another set of rules (B.5).
    public var isPolicySession: Bool {
        holdsFact("profile", "policy-session-ucan/v1")
    }

    /// Whether a fact makes the statement one of the two roots of a policy, which that profile never uses as ordinary
    /// delegations (spec/tinycloud.md 11).
    public var isPolicyRoot: Bool {
        holdsFact("role", "policy-authority") || holdsFact("role", "policy-enforcement")
    }

    private func holdsFact(_ member: String, _ value: String) -> Bool {
        facts.contains { fact in
            guard case .string(let held)? = fact[member] else { return false }
            return held.isExactly(value)
        }
    }
}
