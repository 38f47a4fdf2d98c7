extension ReferenceEvaluator {
    /// The capabilities of its proofs that a capability rests on, dead or alive; none for one that its issuer owns.
    public func supports(of grant: Grant) -> [Grant] {
        guard let held = held[grant.statement], !held.owns(grant.index) else { return [] }
        let capability = held.statement.capabilities[grant.index]
        return parents(of: grant.statement).flatMap { parent -> [Grant] in
            guard isEnclosed(held.statement, by: parent) else { return [] }
            return covering(capability, held.parts[grant.index], in: parent).filter {
                PlainRules.caveatsCover(caveats(of: $0), capability.caveats, delegating: true)
            }
        }
    }

    private func isEnclosed(_ child: PlainStatement, by name: String) -> Bool {
        guard let parent = statement(name) else { return false }
        return (parent.expires ?? .max) >= (child.expires ?? .max)
            && (parent.notBefore ?? .min) <= (child.notBefore ?? .min)
    }

    /// How far the nearest of what a principal holds in the unit of a resource is from giving an ability on it, by the costs
    /// of the specification (questions 1.2): every way from every capability is tried. Nil where it holds nothing there.
    public func nearestCost(
        _ principal: String, _ ability: String, _ resource: String, context: [PlainCaveat] = [], at now: Int64
    ) -> Int? {
        let asked = PlainRules.parts(resource)
        var nearest: Int?
        for name in order {
            guard let held = held[name], held.statement.audience == principal else { continue }
            for index in held.parts.indices {
                let own = held.parts[index]
                let capability = held.statement.capabilities[index]
                let isCovered = PlainRules.covers(own, asked)
                let isInUnit: Bool =
                    switch asked {
                    case .place(let space, _, _, _, _): own.space == space
                    case .network(let owner, _): own.space == nil && own.owner == owner
                    case .other: isCovered
                    }
                guard isInUnit else { continue }
                let hasAbility = PlainRules.abilityCovers(capability.ability, ability)
                var cost = costUpwards(Grant(statement: name, index: index), at: now)
                if !hasAbility { cost += 40 }
                if !isCovered { cost += 50 + Self.foldersAway(own, asked) }
                if hasAbility, isCovered, !isWithin(capability.caveats, ability, resource, context) { cost += 10 }
                if cost > 0 { nearest = min(nearest ?? .max, cost) }
            }
        }
        return nearest
    }

    private func costUpwards(_ grant: Grant, at now: Int64) -> Int {
        guard let held = held[grant.statement] else { return 100 }
        var own = 0
        if now < held.statement.notBefore ?? .min { own = 20 }
        if now >= held.statement.expires ?? .max { own = 30 }
        if ended[grant.statement] != nil { own = 70 }
        if held.owns(grant.index) { return own }
        return own + (supports(of: grant).map { costUpwards($0, at: now) }.min() ?? 100)
    }

    private static func foldersAway(_ held: PlainRules.Parts, _ asked: PlainRules.Parts) -> Int {
        guard case .place(_, _, let service, let path?, let suffix) = held,
            case .place(_, _, let askedService, let askedPath, let askedSuffix) = asked, service == askedService,
            suffix == askedSuffix
        else { return 9 }
        let folders = path.split(separator: "/")
        let wanted = (askedPath ?? "").split(separator: "/")
        var shared = 0
        while shared < min(folders.count, wanted.count), folders[shared] == wanted[shared] { shared += 1 }
        return max(1, min(9, folders.count - shared))
    }

    /// The length of the shortest line of live statements from one that `giver` issued to one that `holder` received; nil
    /// where there is none.
    public func distance(from giver: String, to holder: String, live: Set<Grant>) -> Int? {
        var level = Set(live.filter { statement($0.statement)?.audience == holder })
        var length = 1
        while !level.isEmpty, length <= order.count {
            if level.contains(where: { statement($0.statement)?.issuer == giver }) { return length }
            level = Set(level.flatMap { supports(of: $0) }.filter(live.contains))
            length += 1
        }
        return nil
    }
}
