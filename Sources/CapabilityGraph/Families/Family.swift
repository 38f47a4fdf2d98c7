import Multiformats
public import UCAN

/// A family of protocols as the graph knows it: one value, registered when a graph is made.
///
/// It says how its resources are written, which abilities and kinds of statements it has, what its caveats mean, what a
/// question may say of a use, and what a use takes beside the right to it. The walk itself is the same for all.
public protocol Family: Sendable {
    var name: FamilyName { get }

    // MARK: resources

    /// What texts of its resources and spaces begin with: a scheme with its colon, or a namespace of URNs. Such a text is
    /// the family's: where it is not well formed it is refused, never opaque.
    var prefixes: [String] { get }
    /// Reads a text that begins with one of the prefixes; throws `malformedResource`.
    func resource(_ text: String) throws(GraphError) -> Resource
    /// Reads the text of a space; throws `malformedResource`.
    func space(_ text: String) throws(GraphError) -> Space
    /// True where the members of a space are a principal, named by the space's text.
    var membersArePrincipals: Bool { get }
    /// True for a use of a place that takes in what lies below it, as a listing does.
    func reachesBelow(_ ability: Ability, _ resource: Resource, _ registry: AbilityRegistry) -> Bool

    // MARK: statements

    var abilities: [AbilityRegistry.Entry] { get }
    var kinds: [EdgeKind] { get }
    /// The ability by which somebody manages a space, ends edges that a manager may end, and asks about others.
    var managing: Ability? { get }
    /// The ability without which nobody is told that a space is there; nil where spaces are no secret.
    var knowing: Ability? { get }
    /// True for a capability by whose statement an owner has its space hosted here.
    func hosts(_ capability: Capability) -> Bool

    /// What ending an edge by itself comes to.
    func loneEnd(of edge: EdgeView) -> LoneEnd

    // MARK: questions

    var caveats: [any Caveat.Type] { get }
    /// What a question may say of a use.
    var context: [ContextMember] { get }
    /// True for what is the asking principal's own, whatever edges say.
    func isOwn(_ question: CheckQuestion) -> Bool
    /// True where what the question brings along allows it, without any edge: somebody else's word that was verified.
    func isAttested(_ question: CheckQuestion, _ registry: AbilityRegistry, at now: Timestamp) -> Bool
    /// What a use takes beside the right, which is held: the answer that refuses it; nil where nothing is wanting.
    func unmetCondition(of question: CheckQuestion, in graph: Snapshot, at now: Timestamp) -> Decision?
    /// What a use lacks that `unmetCondition` refused with this denial, and which steps would mend it; nil where that says
    /// all there is to say.
    func remedy(of question: CheckQuestion, refused: Denial, in graph: Snapshot, at now: Timestamp) -> Remedy?
    /// The change by which who manages a space admits a principal to what is asked, which holds so much there already; nil
    /// where there is none.
    func admission(of question: CheckQuestion, holding: [Ability], _ registry: AbilityRegistry) -> AdmissionStep?
}

extension Family {
    public var membersArePrincipals: Bool { false }
    public func reachesBelow(_ ability: Ability, _ resource: Resource, _ registry: AbilityRegistry) -> Bool { true }
    public var managing: Ability? { nil }
    public var knowing: Ability? { nil }
    public func hosts(_ capability: Capability) -> Bool { false }
    public func loneEnd(of edge: EdgeView) -> LoneEnd { .plain }
    public var caveats: [any Caveat.Type] { [] }
    public var context: [ContextMember] { [] }
    public func isOwn(_ question: CheckQuestion) -> Bool { false }
    public func isAttested(_ question: CheckQuestion, _ registry: AbilityRegistry, at now: Timestamp) -> Bool { false }
    public func unmetCondition(of question: CheckQuestion, in graph: Snapshot, at now: Timestamp) -> Decision? { nil }
    public func remedy(of question: CheckQuestion, refused: Denial, in graph: Snapshot, at now: Timestamp) -> Remedy? {
        nil
    }
    public func admission(
        of question: CheckQuestion, holding: [Ability], _ registry: AbilityRegistry
    ) -> AdmissionStep? { nil }
}

/// Names a family.
public struct FamilyName: Hashable, Sendable, CustomStringConvertible {
    public let text: String
    public init(_ text: StaticString) { self.text = "\(text)" }
    public var description: String { text }
}

/// What holds of all spaces of a family beside what edges say.
public struct SpaceRules: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// What somebody holds in them need not be cited: this host stated it, and no client can name it before it asks.
    public static let impliesProofs = SpaceRules(rawValue: 1)
    /// What is granted to anyone, and to members of spaces that are members, is asked for as well.
    public static let admitsOthers = SpaceRules(rawValue: 2)
}
