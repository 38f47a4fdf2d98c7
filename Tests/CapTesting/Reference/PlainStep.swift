/// One change offered to a graph at an instant.
public struct PlainStep: Sendable, Hashable {
    public enum Change: Sendable, Hashable {
        case admit(PlainStatement)
        case revoke(PlainRevocation)
        case host(String)
    }

    public var at: Int64
    public var change: Change

    public init(at: Int64, _ change: Change) {
        self.at = at
        self.change = change
    }
}

extension ReferenceEvaluator {
    /// Applies a step and answers in the words of `GraphRig`.
    public mutating func play(_ step: PlainStep) -> String {
        switch step.change {
        case .admit(let statement): admit(statement, at: step.at)
        case .revoke(let revocation): revoke(revocation, urn: Plain.urn, at: step.at)
        case .host(let space): hosted.insert(space).inserted ? "hosted" : "hostedBefore"
        }
    }
}

extension GraphRig {
    /// Offers a step to the open batch and answers in the words of `ReferenceEvaluator`.
    @discardableResult
    public func play(_ step: PlainStep) throws -> String {
        switch step.change {
        case .admit(let statement): try offer(statement, at: step.at)
        case .revoke(let revocation): try offer(revocation, at: step.at)
        case .host(let space): try host(space, at: step.at) ? "hosted" : "hostedBefore"
        }
    }
}

/// Tells which answers to a step change the graph.
public enum PlainOutcome {
    public static func isChange(_ outcome: String) -> Bool {
        ["admitted", "twin", "revoked", "hosted"].contains(outcome)
    }
}
