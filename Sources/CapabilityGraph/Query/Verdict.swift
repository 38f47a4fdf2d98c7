public import UCAN

/// The bare answer of the hot path, before anything is said about it.
public enum Verdict: Hashable, Sendable {
    /// The principal controls the resource itself.
    case owner
    /// The number of the capability whose route is live.
    case allowed(UInt32)
    /// The numbers of the capabilities that lead from the principal through spaces it is a member of.
    case allowedThroughSpaces([UInt32])
    case denied
    case undetermined
}

extension Snapshot {
    /// Answers a resolved question without a lock; integers only and no allocation while no caveat has to be judged.
    ///
    /// Every resource that could cover the asked one is a prefix of its path, so the candidates are found by a few
    /// table look-ups and not by walking what the principal holds.
    public func verdict(_ question: ResolvedQuestion, at: Timestamp) -> Verdict {
        var (budget, bound) = (graph.limits.maxCheckNodes, graph.limits.maxCheckNodes)
        return verdict(question, at: at, &budget, asMember: &bound)
    }

    /// The same, which says what it left of its bounds: the one for all, and the one for what members as such may.
    @inline(__always)
    func verdict(
        _ question: ResolvedQuestion, at: Timestamp, _ budget: inout Int, asMember bound: inout Int
    ) -> Verdict {
        if question.isAuthority { return .owner }
        guard question.hasKnownResource else { return question.isOwn ? .owner : .denied }
        let own = ownVerdict(question, at: at, &budget)
        guard case .denied = own, question.rules.contains(.admitsOthers) else { return own }
        let throughOthers = verdictThroughOthers(question, at: at, &budget, asMember: &bound)
        guard question.isOwn else { return throughOthers }
        return switch throughOthers {
        case .denied, .undetermined: .owner
        case .owner, .allowed, .allowedThroughSpaces: throughOthers
        }
    }

    /// Answers by the principal's own edges alone.
    @inline(__always)
    func ownVerdict(_ question: ResolvedQuestion, at: Timestamp, _ budget: inout Int) -> Verdict {
        guard question.isKnown else { return .denied }
        let search = CandidateSearch(snapshot: self, question: question)
        return search.first { capability in
            searchRoute(from: capability, at: at.microseconds, budget: &budget)
        }
    }
}

/// Enumerates the capabilities of a principal that cover a resource and ability, narrowest resource first.
struct CandidateSearch {
    let snapshot: Snapshot
    let question: ResolvedQuestion
    /// True when candidates are wanted whatever their caveats say.
    var ignoresCaveats = false

    /// How an enumeration ended.
    enum End {
        case finished
        /// The candidate at which the caller said stop.
        case stopped(UInt32)
        /// More capabilities stand on these resources than may be looked at.
        case exhausted
    }

    /// Returns the first candidate found live.
    @inline(__always)
    func first(_ judge: (UInt32) -> RouteSearch) -> Verdict {
        var exhausted = false
        let end = forEach { capability in
            switch judge(capability) {
            case .live: return true
            case .dead: return false
            case .budgetExhausted:
                exhausted = true
                return true
            }
        }
        return switch end {
        case .finished: .denied
        case .exhausted: .undetermined
        case .stopped(let capability): exhausted ? .undetermined : .allowed(capability)
        }
    }

    /// Calls `body` for each candidate, the narrowest resource first, until it says stop.
    @inline(__always)
    func forEach(_ body: (UInt32) -> Bool) -> End {
        // Rows that do not match are cheap to pass by, but not free: sixteen of them weigh as much as a visit.
        var remaining = snapshot.graph.limits.maxCheckNodes * 16
        guard question.isHierarchical else {
            return (question.path ?? []).withUnsafeBytes { group(path: $0, &remaining, body) ?? .finished }
        }
        if let path = question.path, let end = path.withUnsafeBytes({ along($0, &remaining, body) }) { return end }
        return group(path: nil, &remaining, body) ?? .finished
    }

    /// Tries the path itself, then each prefix that covers it, longest first: most uses are granted close by.
    @inline(__always)
    private func along(
        _ bytes: UnsafeRawBufferPointer, _ remaining: inout Int, _ body: (UInt32) -> Bool
    ) -> End? {
        // What is longer than every path there is needs no look-up.
        let bound = question.longestPath
        if bytes.count <= bound, let end = group(path: bytes, &remaining, body) { return end }
        var index = min(bytes.count - 1, bound)
        while index >= 0 {
            if bytes[index] == 0x2F {
                if index < bound, index + 1 < bytes.count,
                    let end = group(path: prefix(bytes, index + 1), &remaining, body)
                {
                    return end
                }
                // Behind another slash this prefix is that slash's own; at the start it is the empty path, which
                // covers only itself and what begins with a slash.
                if index == 0 || bytes[index - 1] != 0x2F,
                    let end = group(path: prefix(bytes, index), &remaining, body)
                {
                    return end
                }
            }
            index -= 1
        }
        return nil
    }

    @inline(__always)
    private func prefix(_ bytes: UnsafeRawBufferPointer, _ count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: bytes.baseAddress, count: count)
    }

    @inline(__always)
    private func group(
        path: UnsafeRawBufferPointer?, _ remaining: inout Int, _ body: (UInt32) -> Bool
    ) -> End? {
        let graph = snapshot.graph
        let hash = graph.resources.groupHash(audience: question.principal, base: question.base, path: path)
        var next = newest(hash, path)
        var resource: ResourceKey?
        while let capability = next {
            guard remaining > 0 else { return .exhausted }
            remaining -= 1
            let row = graph.capabilities[capability]
            // A row that was taken back with its batch may have been given to another group meanwhile: begin again.
            let isOfGroup =
                resource.map { row.resource == $0 }
                ?? graph.resources.matches(row.resource, base: question.base, path: path)
            guard isOfGroup, graph.audience(row.edge) == question.principal, row.nextInGroup != CapabilityRow.notEntered
            else {
                next = newest(hash, path)
                continue
            }
            resource = row.resource
            // Caveats must be parsed to be judged, so they weigh by their length.
            if row.caveats != 0, !ignoresCaveats {
                remaining -= min(remaining, graph.terms.bytes(row.caveats).count / 16)
            }
            if snapshot.covers(row, question, ignoringCaveats: ignoresCaveats), body(capability) {
                return .stopped(capability)
            }
            next = row.nextInGroup == 0 ? nil : row.nextInGroup - 1
        }
        return nil
    }

    @inline(__always)
    private func newest(_ hash: UInt64, _ path: UnsafeRawBufferPointer?) -> UInt32? {
        let graph = snapshot.graph
        return graph.groups.find(hash) { capability in
            let row = graph.capabilities[capability]
            return graph.resources.matches(row.resource, base: question.base, path: path)
                && graph.audience(row.edge) == question.principal
        }
    }
}

extension Snapshot {
    @inline(__always)
    func coversAbility(held: UInt32, required: UInt32, requiredNumber: UInt8) -> Bool {
        if held == required { return true }
        let number = graph.terms.registryIndex[held]
        return number != 0 && requiredNumber != 0 && graph.registry.covers(held: number, required: requiredNumber)
    }

    @inline(__always)
    fileprivate func covers(
        _ row: CapabilityRow, _ question: ResolvedQuestion, ignoringCaveats: Bool
    ) -> Bool {
        guard coversAbility(held: row.ability, required: question.ability, requiredNumber: question.abilityNumber)
        else {
            return false
        }
        return row.caveats == 0 || ignoringCaveats || caveatFailure(row, question.use) == nil
    }

    /// Returns why a use is outside the caveats of a capability, or nil when it is within: within those that are held,
    /// and within those the use is said to be bound by, which must be no wider.
    func caveatFailure(_ row: CapabilityRow, _ use: CaveatUse?) -> CaveatFailure? {
        guard row.caveats != 0 else { return nil }
        guard let use else { return .unjudged }
        guard let held = caveats(of: row) else { return .malformed }
        // What a use says it is bound by answers to what somebody signed, not to this host's own statements.
        let isSigned = !graph.families.traits(code: graph.info[row.edge].kind).contains(.hostStatement)
        guard isSigned, let claimed = use.context?.caveats else { return held.failure(use, graph.families) }
        return held.failure(containing: claimed, for: .invocation, graph.families)
            ?? held.failure(use, graph.families) ?? claimed.failure(use, graph.families)
    }

    /// The caveats a capability is held under; nil when they cannot be read.
    func caveats(of row: CapabilityRow) -> Caveats? {
        row.caveats == 0 ? Caveats.none : try? Caveats(canonicalBytes: graph.terms.bytes(row.caveats))
    }
}
