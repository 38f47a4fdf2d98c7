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
    /// What the reference's words leave out: one sentence, or nil.
    public var explanation: String?
    /// True when the walk was too large to be judged, which the gate treats as a denial.
    public var isUndetermined = false
}

extension Snapshot {
    /// Judges an invocation by every proof it cites: each must be stored, made for the invoker, and live in its whole
    /// closure, and each capability must be owned or covered by one of them.
    ///
    /// Returns the cited edges that are used, each once; empty when the invoker owns every resource.
    @discardableResult
    public func checkInvocation(
        _ question: InvocationQuestion, at now: Timestamp
    ) throws(InvocationDenial) -> [EdgeID] {
        var edges: [EdgeID] = []
        for use in try coveringCapabilities(question, nil, at: now) {
            for number in use.numbers {
                let edge = EdgeID(raw: graph.capabilities[number].edge)
                if !edges.contains(edge) { edges.append(edge) }
            }
        }
        return edges
    }

    /// Judges an invocation that this host is about to carry out: beyond what `checkInvocation` asks, each use must be
    /// within the caveats it carries. One whose meaning nobody here knows leaves that undetermined, and so refused.
    @discardableResult
    public func checkUse(_ question: InvocationQuestion, at now: Timestamp) throws(InvocationDenial) -> [EdgeID] {
        let edges = try checkInvocation(question, at: now)
        for capability in question.capabilities {
            let use = CaveatUse(ability: capability.ability, resource: capability.resource, context: nil)
            guard let failure = capability.caveats.failure(use, graph.families) else { continue }
            throw InvocationDenial(
                text: "invocation-caveats-not-subset-of-chain: \(failure.text)",
                denial: Denial(cause: .caveatFailed(reason: failure.text), edge: edges.first),
                isUndetermined: failure == .unjudged)
        }
        return edges
    }

    /// Judges an invocation and says what it rests on: a route for its first capability that is not the invoker's own.
    ///
    /// With `wanted`, the invocation must also name something that covers it under caveats that the wanted use is within,
    /// and the route is of that: of several, of what is named most narrowly. Where that is the invoker's own, there is no
    /// route. Without, everything it names must be within its own caveats.
    public func decide(
        _ question: InvocationQuestion, wanted: (ability: Ability, resource: Resource)?, context: CheckContext? = nil,
        at now: Timestamp
    ) -> Decision {
        let judged: [Capability]
        switch wanted.map({ uses(question, of: $0.ability, on: $0.resource, context) }) {
        case .success(let named)?: judged = [named]
        case .failure(let denial)?:
            return wanted.flatMap { asMember(question, of: $0.ability, on: $0.resource, context, at: now) }
                ?? .deny(denial)
        case nil:
            judged = question.capabilities
            for capability in judged {
                let use = CaveatUse(ability: capability.ability, resource: capability.resource, context: context)
                guard let failure = capability.caveats.failure(use, graph.families) else { continue }
                return .deny(Denial(cause: failure.cause, edge: nil))
            }
        }
        do throws(InvocationDenial) {
            let used = try coveringCapabilities(question, context, open: wanted?.resource, at: now)
            let numbers =
                wanted == nil ? used.first?.numbers : used.first { $0.capability == judged.first }?.numbers
            let route = numbers?.first.map { liveRoute(from: $0, at: now.microseconds) } ?? []
            // What rests on nothing is the invoker's own: its space, or its repo in somebody else's.
            let authority =
                wanted != nil && route.isEmpty
                ? question.invoker : (wanted?.resource ?? question.capabilities.first?.resource)?.rootAuthority
            return .allow(Allowance(route: route, rootAuthority: authority))
        } catch {
            // What is one's own needs no proof, so one that does not serve takes nothing away.
            if let wanted,
                isOwn(
                    CheckQuestion(
                        principal: question.invoker, ability: wanted.ability, resource: wanted.resource,
                        context: context))
            {
                return .allow(Allowance(route: [], rootAuthority: question.invoker))
            }
            if error.isUndetermined { return .undetermined(.budgetExhausted) }
            // Whoever cites a proof that is not its own learns no more than of one that is not known (law 9).
            if case .audienceMismatch = error.denial.cause {
                return .deny(Denial(cause: .missingProof, edge: nil))
            }
            return .deny(error.denial)
        }
    }

    /// Answers for what is given to the members of a space as such, by an edge that is made for the space: an invocation
    /// has it by naming that it belongs there, itself or by what it cites. Nil where it does not, or nothing is given.
    private func asMember(
        _ question: InvocationQuestion, of ability: Ability, on resource: Resource, _ context: CheckContext?,
        at now: Timestamp
    ) -> Decision? {
        guard let space = resource.space, ability != .spaceBelong, space.rules.contains(.admitsOthers)
        else { return nil }
        // Its own edge alone counts: what the space has as a member of others, also of one that is a member of it, is theirs.
        let asked = CheckQuestion(
            principal: DID(space: space), ability: ability, resource: resource, context: context)
        var budget = graph.limits.maxCheckNodes
        guard case .allowed(let given) = ownVerdict(resolve(asked), at: now, &budget),
            case .allow(let standing) = decide(
                question, wanted: (.spaceBelong, Resource(space: space)), context: context, at: now)
        else { return nil }
        // What everybody may makes nobody a member, though a member may have named what everybody may.
        guard standing.route.first.map({ view($0.edge).audience != DID.anyone.text }) ?? true else {
            let own = CheckQuestion(
                principal: question.invoker, ability: ability, resource: resource, context: context)
            var bound = graph.limits.maxCheckNodes
            switch verdictAsMember(resolve(own), at: now, &bound) {
            case .allowedThroughSpaces(let path):
                let route = path.flatMap { liveRoute(from: $0, at: now.microseconds) }
                return .allow(Allowance(route: route, rootAuthority: resource.rootAuthority))
            case .undetermined: return .undetermined(.budgetExhausted)
            case .owner, .allowed, .denied: return nil
            }
        }
        let route = standing.route + liveRoute(from: given, at: now.microseconds)
        return .allow(Allowance(route: route, rootAuthority: resource.rootAuthority))
    }

    /// The capability of an invocation that names a use, caveats and all: of several the narrowest. It says nothing of what
    /// the invocation rests on.
    public func uses(
        _ question: InvocationQuestion, of ability: Ability, on resource: Resource, _ context: CheckContext? = nil
    ) -> Result<Capability, Denial> {
        let use = CaveatUse(ability: ability, resource: resource, context: context)
        var failure: CaveatFailure?
        var named: Capability?
        for capability in question.capabilities
        where graph.registry.covers(held: capability.ability, required: ability)
            && capability.resource.contains(resource)
        {
            if let outside = capability.caveats.failure(use, graph.families) {
                failure = failure ?? outside
            } else if named.map({ $0.resource.text.utf8.count < capability.resource.text.utf8.count }) ?? true {
                named = capability
            }
        }
        if let named { return .success(named) }
        return .failure(Denial(cause: failure?.cause ?? .notInvoked, edge: nil))
    }

    /// One capability of an invocation, and those of edges that it is covered by: none where it is the invoker's own.
    private struct Use {
        let capability: Capability
        let numbers: [UInt32]
    }

    /// What each capability of the invocation that is not its invoker's own is covered by. A space that the invoker may not
    /// know of is as one that is not there, but for the space of `open`: whoever asks about that sees to what is told of it.
    private func coveringCapabilities(
        _ question: InvocationQuestion, _ context: CheckContext?, open: Resource? = nil, at now: Timestamp
    ) throws(InvocationDenial) -> [Use] {
        let dependent = question.capabilities.filter { $0.resource.rootAuthority != question.invoker }
        guard let first = dependent.first else { return [] }
        if question.proofs.isEmpty, dependent.allSatisfy({ $0.resource.space?.rules.contains(.impliesProofs) ?? false })
        {
            return try impliedCapabilities(dependent, question.invoker, context, open: open, at: now)
        }
        let cited = try citedEdges(question)
        try requireUnrevoked(cited)
        try requireInWindow(
            cited, at: now, otherwise: "Unauthorized Action: \(first.resource.text) / \(first.ability.text)")
        var used: [Use] = []
        for capability in dependent {
            let number = try coveringCapability(capability, question.invoker, cited)
            used.append(Use(capability: capability, numbers: [number]))
        }
        return used
    }

    /// Judges an invocation that cites nothing by what its invoker holds in spaces where that need not be cited: no client
    /// can name its membership before it asks (atproto-spaces.md 5).
    private func impliedCapabilities(
        _ wanted: [Capability], _ invoker: DID, _ context: CheckContext?, open: Resource?, at now: Timestamp
    ) throws(InvocationDenial) -> [Use] {
        var used: [Use] = []
        for capability in wanted {
            var given = context ?? CheckContext()
            given.caveats = capability.caveats
            let withholds = open == nil || capability.resource.space != open?.space
            let question = CheckQuestion(
                principal: invoker, ability: capability.ability, resource: capability.resource, context: given)
            switch verdict(resolve(question), at: now) {
            case .owner: used.append(Use(capability: capability, numbers: []))
            case .allowed(let number) where !withholds || isTold(number, to: invoker, at: now):
                used.append(Use(capability: capability, numbers: [number]))
            case .allowedThroughSpaces(let path): used.append(Use(capability: capability, numbers: path))
            case .allowed, .denied, .undetermined:
                var denial = Denial(cause: .noRoute, edge: nil)
                var decision = check(question, at: now)
                if withholds { decision = told(decision, on: capability.resource, to: invoker, at: now) }
                switch decision {
                case .allow: break
                case .deny(let found): denial = found
                case .undetermined:
                    throw InvocationDenial(
                        text: "delegation-chain-traversal-limit-exceeded", denial: denial, isUndetermined: true)
                }
                throw InvocationDenial(
                    text: "Unauthorized Action: \(capability.resource.text) / \(capability.ability.text)",
                    denial: denial)
            }
        }
        return used
    }

    /// True for a capability of one's own edge, and for what anyone may in a space that one may know of.
    private func isTold(_ number: UInt32, to invoker: DID, at now: Timestamp) -> Bool {
        let row = graph.capabilities[number]
        if isParty(invoker, to: EdgeID(raw: row.edge)) { return true }
        guard let space = resource(row.resource).space else { return true }
        return mayKnow(invoker, of: space, at: now)
    }

    /// No cited proof is revoked, then nothing above them is; all of them together are at most `maxClosureNodes` edges.
    private func requireUnrevoked(_ cited: [UInt32]) throws(InvocationDenial) {
        for edge in cited where isEnded(edge) {
            throw InvocationDenial(
                text: "delegation-revoked: \(cidText(edge))",
                denial: Denial(cause: .revoked(by: revoker(of: edge)), edge: EdgeID(raw: edge)))
        }
        var revoked: UInt32?
        let end = walkAbove(cited, alreadySeen: cited.count) { node in
            guard isEnded(node) else { return .continue }
            revoked = node
            return .stop
        }
        if let revoked {
            let below = cited.first { isAbove(revoked, $0) } ?? revoked
            throw InvocationDenial(
                text: "delegation-ancestor-revoked: ancestor=\(cidText(revoked)) invoked=\(cidText(below))",
                denial: Denial(cause: .revoked(by: revoker(of: revoked)), edge: EdgeID(raw: revoked)))
        }
        guard end == .finished else {
            throw InvocationDenial(
                text: "delegation-chain-traversal-limit-exceeded", denial: Denial(cause: .noRoute, edge: nil),
                isUndetermined: true)
        }
    }

    private func requireInWindow(
        _ cited: [UInt32], at now: Timestamp, otherwise text: @autoclosure () -> String
    ) throws(InvocationDenial) {
        for edge in cited {
            let cause: Denial.Cause
            let status = status(of: edge, at: now.microseconds)
            switch status {
            case .active: continue
            case .expired(let failing):
                cause = .expired(at: Timestamp(microseconds: graph.window(failing.raw).expires))
            case .pending(let failing):
                cause = .notYetValid(until: Timestamp(microseconds: graph.window(failing.raw).notBefore))
            case .revoked(let failing): cause = .revoked(by: revoker(of: failing.raw))
            case .undetermined: cause = .noRoute
            }
            // The reference names what was asked for, not what is outside its window.
            throw InvocationDenial(
                text: text(), denial: Denial(cause: cause, edge: status.cause),
                explanation: status.cause.map {
                    "delegation `\(cidText($0.raw))`, on which the proof rests, is \(status.name)"
                })
        }
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
        let strange = cited.filter { graph.audience($0) != invoker }
        // Of a delegation that one has no part in, no more is said than of one that is not known (design law 9).
        guard strange.allSatisfy({ governs(question.invoker, $0) }) else {
            throw InvocationDenial(text: missing, denial: Denial(cause: .missingProof, edge: nil))
        }
        if let edge = strange.first {
            let expected = graph.terms.text(graph.audience(edge))
            throw InvocationDenial(
                text: "Unauthorized Invoker",
                denial: Denial(cause: .audienceMismatch(expected: expected), edge: EdgeID(raw: edge)),
                explanation: "a cited proof was not made for `\(question.invoker.text)`")
        }
        return cited
    }

    private func coveringCapability(
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
                guard let held = caveats(of: row) else { continue }
                guard let reason = held.failure(containing: capability.caveats, for: .invocation, graph.families) else {
                    return number
                }
                failure = failure ?? (reason, edge)
            }
        }
        if let failure {
            throw InvocationDenial(
                text: "invocation-caveats-not-subset-of-chain: \(failure.0.text)",
                denial: Denial(
                    cause: capability.caveats.isEmpty
                        ? .missingContext(["caveats"]) : .caveatFailed(reason: failure.0.text),
                    edge: EdgeID(raw: failure.1)))
        }
        // Only the cited proofs are looked at: what else the invoker holds is nothing this invocation rests on.
        throw InvocationDenial(
            text: "Unauthorized Action: \(capability.resource.text) / \(capability.ability.text)",
            denial: nearMiss(question, among: cited))
    }
}
