public import Multiformats
public import UCAN

/// A use of capabilities under cited proofs, judged by the TinyCloud family's rule (tinycloud.md 4, ucan.md B.6).
public struct InvocationQuestion: Sendable {
    public var invoker: DID
    public var proofs: [Multihash]
    public var capabilities: [Capability]

    public init(invoker: DID, proofs: [Multihash], capabilities: [Capability]) {
        self.invoker = invoker
        self.proofs = proofs
        self.capabilities = capabilities
    }
}

/// Says why an invocation was refused; `text` is what the reference node answers.
public struct InvocationDenial: Error, Sendable, Hashable {
    public let text: String
    public let denial: Denial
}

extension Snapshot {
    /// Judges an invocation by every proof it cites: each must be stored, made for the invoker, and live in its whole
    /// closure, and each capability must be owned or covered by one of them.
    ///
    /// Returns the edges the permission rests on, leaf first; empty when the invoker owns every resource.
    public func checkInvocation(
        _ question: InvocationQuestion, at now: Timestamp
    ) throws(InvocationDenial) -> [EdgeID] {
        let dependent = question.capabilities.filter { $0.resource.rootAuthority != question.invoker }
        guard let first = dependent.first else { return [] }
        let cited = try citedEdges(question)
        let unauthorized = "Unauthorized Action: \(first.resource.text) / \(first.ability.text)"
        for edge in cited {
            switch status(of: edge, at: now.microseconds) {
            case .active: continue
            case .revoked(let cause):
                let text =
                    cause.raw == edge
                    ? "delegation-revoked: \(cidText(edge))"
                    : "delegation-ancestor-revoked: ancestor=\(cidText(cause.raw)) invoked=\(cidText(edge))"
                throw InvocationDenial(
                    text: text, denial: Denial(cause: .revoked(by: revoker(of: cause.raw)), edge: cause))
            case .expired(let cause):
                let expires = Timestamp(microseconds: graph.hot.base[Int(cause.raw)].expires)
                throw InvocationDenial(
                    text: unauthorized, denial: Denial(cause: .expired(at: expires), edge: cause))
            case .pending(let cause):
                let notBefore = Timestamp(microseconds: graph.hot.base[Int(cause.raw)].notBefore)
                throw InvocationDenial(
                    text: unauthorized, denial: Denial(cause: .notYetValid(until: notBefore), edge: cause))
            case .undetermined:
                throw InvocationDenial(
                    text: "delegation-chain-traversal-limit-exceeded", denial: Denial(cause: .noRoute, edge: nil))
            }
        }
        var used: [EdgeID] = []
        for capability in dependent {
            let edge = EdgeID(raw: try coveringEdge(capability, question.invoker, cited))
            if !used.contains(edge) { used.append(edge) }
        }
        return used
    }

    private func citedEdges(_ question: InvocationQuestion) throws(InvocationDenial) -> [UInt32] {
        let missing = "Cannot find parent delegation"
        guard !question.proofs.isEmpty else {
            throw InvocationDenial(text: missing, denial: Denial(cause: .missingProof, edge: nil))
        }
        var cited: [UInt32] = []
        for proof in question.proofs {
            guard let edge = edge(proof)?.raw, !cited.contains(edge) else {
                throw InvocationDenial(text: missing, denial: Denial(cause: .missingProof, edge: nil))
            }
            cited.append(edge)
        }
        let invoker = principal(question.invoker)
        for edge in cited where graph.info[edge].audience != invoker {
            let expected = graph.terms.text(graph.info[edge].audience)
            throw InvocationDenial(
                text: "Unauthorized Invoker: \(question.invoker.text)",
                denial: Denial(cause: .audienceMismatch(expected: expected), edge: EdgeID(raw: edge)))
        }
        return cited
    }

    private func coveringEdge(
        _ capability: Capability, _ invoker: DID, _ cited: [UInt32]
    ) throws(InvocationDenial) -> UInt32 {
        let question = resolve(
            CheckQuestion(principal: invoker, ability: capability.ability, resource: capability.resource))
        var failure: (CaveatFailure, UInt32)?
        for edge in cited {
            for number in capabilities(of: edge) {
                let row = graph.capabilities[number]
                guard
                    coversAbility(
                        held: row.ability, required: question.ability, requiredNumber: question.abilityNumber),
                    graph.resources.contains(row.resource, question)
                else { continue }
                guard let reason = caveatFailure(row, capability.caveats) else { return edge }
                failure = failure ?? (reason, edge)
            }
        }
        if let failure {
            throw InvocationDenial(
                text: "invocation-caveats-not-subset-of-chain: \(failure.0.rawValue)",
                denial: Denial(
                    cause: capability.caveats.isEmpty
                        ? .missingContext : .caveatFailed(reason: failure.0.rawValue),
                    edge: EdgeID(raw: failure.1)))
        }
        let decision = check(
            CheckQuestion(principal: invoker, ability: capability.ability, resource: capability.resource),
            at: Timestamp(microseconds: .min))
        var denial = Denial(cause: .noRoute, edge: cited.first.map(EdgeID.init(raw:)))
        if case .deny(let found) = decision { denial = narrowed(found) }
        throw InvocationDenial(
            text: "Unauthorized Action: \(capability.resource.text) / \(capability.ability.text)", denial: denial)
    }

    /// Keeps only causes that are about coverage: the invocation's own proofs were found live already.
    private func narrowed(_ denial: Denial) -> Denial {
        switch denial.cause {
        case .abilityNotCovered, .resourceNotCovered: denial
        default: Denial(cause: .noRoute, edge: nil)
        }
    }
}
