import Multiformats
public import UCAN

/// Asks whether a principal may use an ability on a resource.
public struct CheckQuestion: Sendable, Hashable {
    public var principal: DID
    public var ability: Ability
    public var resource: Resource
    /// What the asker says about the use; nil when nothing.
    public var context: CheckContext?

    public init(principal: DID, ability: Ability, resource: Resource, context: CheckContext? = nil) {
        self.principal = principal
        self.ability = ability
        self.resource = resource
        self.context = context
    }
}

extension CheckQuestion {
    /// True for what is an author's own: its repo in a space is the author's to read and to take away, whatever became of
    /// its membership or of the space, and in a space that another host holds also to write.
    var isOfAuthor: Bool {
        guard case .atproto(_, let path?) = resource,
            UTF8Bytes.equal(String(path.prefix { $0 != "/" }), principal.text)
        else { return false }
        if [Ability.spaceReadSelf, .spaceDelete].contains(ability) { return true }
        guard context?.isHeldElsewhere ?? false else { return false }
        return [Ability.spaceCreate, .spaceUpdate, .spaceBelong].contains(ability)
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
    let isHierarchical: Bool
    let ability: UInt32
    let abilityNumber: UInt8
    /// What caveats are held against; nil where none that is narrowed is followed.
    let use: CaveatUse?
    /// False when the resource or the ability has never been named, so no edge of anybody can match.
    let hasKnownResource: Bool
    /// True for a resource in a permissioned space, which others than the principal itself may be admitted for.
    let isPermissioned: Bool
    /// True for what is the principal's own as its author, where nothing else gives it.
    var isOfAuthor = false

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
        var isPermissioned = false
        var space: UInt32 = 0
        var service: UInt32 = 0
        var suffixTerm: UInt32 = 0
        var authority: UInt32 = 0
        var path: [UInt8]?
        var isHierarchical = false
        switch question.resource {
        case .tinycloud(let name, let serviceName, let pathText, let suffix):
            isHierarchical = true
            path = pathText.map { Array($0.utf8) }
            if let found = self.space(name) {
                space = found + 1
                authority = graph.spaces.row(found).owner
            } else {
                isKnown = false
            }
            service = graph.terms.find(.service, serviceName) ?? ResolvedQuestion.unseen
            if service == ResolvedQuestion.unseen { isKnown = false }
            if !suffix.isEmpty {
                suffixTerm = graph.terms.find(.suffix, suffix) ?? ResolvedQuestion.unseen
                if suffixTerm == ResolvedQuestion.unseen { isKnown = false }
            }
        case .atproto(let name, let pathText):
            isHierarchical = true
            isPermissioned = true
            path = pathText.map { Array($0.utf8) }
            if let found = self.space(name) {
                space = found + 1
                authority = graph.spaces.row(found).owner
            } else {
                isKnown = false
            }
        case .encryptionNetwork(let owner, _), .account(let owner):
            path = Array(question.resource.text.utf8)
            authority = self.principal(owner) ?? ResolvedQuestion.unseen
            if authority == ResolvedQuestion.unseen { isKnown = false }
        case .opaque(let text):
            path = Array(text.utf8)
        }
        let base = graph.resources.findBase(
            ResourceBase(space: space, service: service, suffix: suffixTerm, authority: authority))
        if base == nil { isKnown = false }
        return ResolvedQuestion(
            principal: principal ?? ResolvedQuestion.nobody, isAuthority: isAuthority, base: base ?? Resources.unseen,
            space: space,
            path: path,
            isHierarchical: isHierarchical, ability: ability, abilityNumber: number,
            use: CaveatUse(ability: question.ability, resource: question.resource, context: question.context),
            hasKnownResource: isKnown, isPermissioned: isPermissioned, isOfAuthor: question.isOfAuthor)
    }
}
