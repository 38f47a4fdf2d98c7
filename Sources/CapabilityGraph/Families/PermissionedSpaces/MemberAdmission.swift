import UCAN

extension PermissionedSpaces {
    /// The change of a space's list, or of its applications, by which a question is allowed: the access that is held and as
    /// little more as gives the ability. Reading one's own comes before reading all, and managing only where nothing else
    /// will do.
    public func admission(
        of question: CheckQuestion, holding held: [Ability], _ registry: AbilityRegistry
    ) -> FixStep? {
        guard let space = question.resource.space else { return nil }
        let principal = question.principal
        if question.ability == .spaceConnect, principal.text.utf8.starts(with: "http".utf8) {
            return .allowApplication(space: space, application: principal)
        }
        guard principal.text.utf8.starts(with: "did:".utf8) else { return nil }
        let levels: [Ability] = [.spaceReadSelf, .spaceRead, .spaceWrite, .spaceManage]
        guard let wanted = levels.first(where: { registry.covers(held: $0, required: question.ability) }) else {
            return nil
        }
        let abilities = held + [wanted]
        return .putMember(
            space: space, principal: principal,
            access: MemberStep(word: Self.word(of: abilities), manages: abilities.contains(.spaceManage)))
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
