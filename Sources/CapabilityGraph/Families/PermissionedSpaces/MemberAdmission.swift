public import UCAN

extension PermissionedSpaces {
    /// The change of a space's list, or of its applications, by which a question is allowed: the access that is held and as
    /// little more as gives the ability. Reading one's own comes before reading all, and managing only where nothing else
    /// will do.
    public func admission(
        of question: CheckQuestion, holding held: [Ability], _ registry: AbilityRegistry
    ) -> AdmissionStep? {
        guard let space = question.resource.space else { return nil }
        let principal = question.principal
        if question.ability == .spaceConnect, principal.text.utf8.starts(with: "http".utf8) {
            return AdmissionStep(.allowApplication(space: space, application: principal), given: nil)
        }
        guard principal.text.utf8.starts(with: "did:".utf8) else { return nil }
        let levels: [Ability] = [.spaceReadSelf, .spaceRead, .spaceWrite, .spaceManage]
        guard let wanted = levels.first(where: { registry.covers(held: $0, required: question.ability) }) else {
            return nil
        }
        let abilities = held + [wanted]
        let access = MemberStep(word: Self.word(of: abilities), manages: abilities.contains(.spaceManage))
        // Who is on the list at all belongs to the space, whatever its policies let the list give.
        let isBelonging = registry.covers(held: .spaceBelong, required: question.ability)
        return AdmissionStep(
            .putMember(space: space, principal: principal, access: access), given: isBelonging ? .spaceBelong : wanted)
    }

    /// What `unmetCondition` refuses a use for: that no application is named by which it is, that this one may not act in
    /// the space, that the space takes no such record, or that it is not here.
    public func remedy(of question: CheckQuestion, refused: Denial, in graph: Snapshot, at now: Timestamp) -> Remedy? {
        guard let space = question.resource.space else { return nil }
        if question.context?.isOfNoSpace ?? false { return Remedy("noRoute", "the space is not here") }
        guard question.ability == .spaceRead else {
            return Remedy("caveatFailed", "the space takes no record there")
        }
        let principal = question.principal.text
        let named = question.context?.client ?? (principal.utf8.starts(with: "did:".utf8) ? nil : principal)
        guard let named else {
            let (clients, takesOthers) = graph.connecting(to: space, at: now)
            return Remedy(
                "missingContext", "it is not said by which application the space is read", missing: "client",
                steps: clients.isEmpty && !takesOthers ? [] : [.say(member: "client", values: clients)])
        }
        let steps = (try? DID(application: named)).map { [FixStep.allowApplication(space: space, application: $0)] }
        return Remedy("appNotAllowed", "the space does not let `\(named)` act in it", steps: steps ?? [])
    }

    /// The word for a level; the list knows none that manages and does nothing else, so reading one's own goes with that.
    private static func word(of abilities: [Ability]) -> String {
        switch (abilities.contains(.spaceRead), abilities.contains(.spaceWrite)) {
        case (true, true): "write"
        case (true, false): "read"
        // No word narrows reading beside writing, and nothing that is held is taken away.
        case (false, true): abilities.contains(.spaceReadSelf) ? "write" : "write_only"
        case (false, false): "read_self"
        }
    }
}

extension Snapshot {
    /// Applications that a space lets act in it by name, at most eight, and whether others may as well.
    fileprivate func connecting(to space: Space, at now: Timestamp) -> (clients: [String], others: Bool) {
        let whole = Resource.atproto(space: space, path: nil)
        let asked = resolve(CheckQuestion(principal: .anyone, ability: .spaceConnect, resource: whole))
        var (limit, clients, others) = (graph.limits.maxCheckNodes, [String](), false)
        var budget = QuestionBudget(graph.limits.maxCheckNodes)
        _ = forEachGrant(of: asked, limit: &limit) { number in
            guard clients.count < 8, searchRoute(from: number, at: now.microseconds, budget: &budget.left) == .live
            else { return }
            let row = graph.capabilities[number]
            let audience = graph.terms.text(graph.audience(row.edge))
            if audience.utf8.elementsEqual(DID.anyone.text.utf8) {
                others = true
            } else if row.caveats == 0, (try? DID(application: audience)) != nil, !clients.contains(audience) {
                clients.append(audience)
            }
        }
        return (clients, others)
    }
}
