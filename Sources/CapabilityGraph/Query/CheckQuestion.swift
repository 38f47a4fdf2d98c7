import Multiformats
public import UCAN

/// Asks whether a principal may use an ability on a resource.
public struct CheckQuestion: Sendable, Hashable {
    public var principal: DID
    public var ability: Ability
    public var resource: Resource
    /// What the asker says about the use; nil when nothing.
    public var context: CheckContext?
    /// True where the principal asks by an invocation that it signed, which attests nothing but its key.
    var isInvoked = false

    public init(principal: DID, ability: Ability, resource: Resource, context: CheckContext? = nil) {
        self.principal = principal
        self.ability = ability
        self.resource = resource
        self.context = context
    }
}

extension Snapshot {
    /// Answers a question as the routes do: the right itself, and what the use takes beside it.
    public func answer(_ question: CheckQuestion, at now: Timestamp) -> Decision {
        let decision = check(question, at: now)
        guard decision.isAllowed else { return decision }
        return unmetCondition(of: question, at: now) ?? decision
    }

    /// Answers an invocation as the routes do; see `decide`.
    public func answer(
        _ question: InvocationQuestion, wanted: (ability: Ability, resource: Resource)?, context: CheckContext?,
        at now: Timestamp
    ) -> Decision {
        let decision = decide(question, wanted: wanted, context: context, at: now)
        guard decision.isAllowed else { return decision }
        for (ability, resource) in wanted.map({ [$0] }) ?? question.capabilities.map({ ($0.ability, $0.resource) }) {
            var use = CheckQuestion(
                principal: question.invoker, ability: ability, resource: resource, context: context)
            use.isInvoked = true
            if let unmet = unmetCondition(of: use, at: now) { return unmet }
        }
        return decision
    }

    /// The answer that refuses a use whose right is held; nil where nothing is wanting.
    func unmetCondition(of question: CheckQuestion, at now: Timestamp) -> Decision? {
        graph.families.family(of: question.resource)?.unmetCondition(of: question, in: self, at: now)
    }

    /// True for what is the asking principal's own, whatever edges say.
    func isOwn(_ question: CheckQuestion) -> Bool {
        graph.families.family(of: question.resource)?.isOwn(question) ?? false
    }
}

/// A question with every name looked up, ready to be asked many times without allocation.
public struct ResolvedQuestion: Sendable {
    /// Stands for a name that was never seen: unlike 0, which means none, it equals no stored number.
    static let unseen = UInt32.max

    let principal: UInt32
    let isAuthority: Bool
    /// Number of what the resource shares with its neighbours (`Resources.unseen` when no edge names it).
    let base: UInt32
    /// Space number plus one; 0 for resources outside known spaces.
    let space: UInt32
    let path: [UInt8]?
    /// No resource with this base has a longer path; -1 where none has any.
    let longestPath: Int
    let isHierarchical: Bool
    let ability: UInt32
    let abilityNumber: UInt8
    /// What caveats are held against; nil where none that is narrowed is followed.
    let use: CaveatUse?
    /// False when the resource or the ability has never been named, so no edge of anybody can match.
    let hasKnownResource: Bool
    /// Those of the space the resource lies in.
    let rules: SpaceRules
    /// True for what is the principal's own, where nothing else gives it.
    var isOwn = false

    /// False when some name has never been seen, so no edge of the principal can match.
    var isKnown: Bool { hasKnownResource && principal != Self.nobody }

    /// Stands for a principal that was never seen; id 0 means none.
    static let nobody: UInt32 = 0
}

extension Snapshot {
    /// Looks up the names of a question.
    public func resolve(_ question: CheckQuestion) -> ResolvedQuestion {
        let principal = self.principal(question.principal)
        let isAuthority = question.resource.rootAuthority == question.principal
        let number = graph.registry.number(question.ability.text)
        let ability = graph.terms.find(.ability, question.ability.text) ?? 0
        var isKnown = ability != 0 || number != 0
        var space: UInt32 = 0
        var service: UInt32 = 0
        var suffixTerm: UInt32 = 0
        var authority: UInt32 = 0
        let path: [UInt8]?
        if let name = question.resource.space {
            path = question.resource.path.map { Array($0.utf8) }
            if let found = self.space(name) {
                space = found + 1
                authority = graph.spaces.row(found).owner
            } else {
                isKnown = false
            }
            if let name = question.resource.service {
                service = graph.terms.find(.service, name) ?? ResolvedQuestion.unseen
                if service == ResolvedQuestion.unseen { isKnown = false }
            }
            if !question.resource.suffix.isEmpty {
                suffixTerm = graph.terms.find(.suffix, question.resource.suffix) ?? ResolvedQuestion.unseen
                if suffixTerm == ResolvedQuestion.unseen { isKnown = false }
            }
        } else {
            path = Array(question.resource.text.utf8)
            if let owner = question.resource.rootAuthority {
                authority = self.principal(owner) ?? ResolvedQuestion.unseen
                if authority == ResolvedQuestion.unseen { isKnown = false }
            }
        }
        let base = graph.resources.findBase(
            ResourceBase(space: space, service: service, suffix: suffixTerm, authority: authority))
        if base == nil { isKnown = false }
        return ResolvedQuestion(
            principal: principal ?? ResolvedQuestion.nobody, isAuthority: isAuthority, base: base ?? Resources.unseen,
            space: space,
            path: path, longestPath: base.map(graph.resources.longestPath) ?? -1,
            isHierarchical: question.resource.space != nil, ability: ability, abilityNumber: number,
            use: CaveatUse(ability: question.ability, resource: question.resource, context: question.context),
            hasKnownResource: isKnown, rules: question.resource.space?.rules ?? [], isOwn: isOwn(question))
    }
}
