public import UCAN

/// Names an access boundary controlled by one DID, in the words of its family (`Families.space`).
public struct Space: Hashable, Sendable, CustomStringConvertible {
    /// Spaces are handed from question to question: what they are called is kept once.
    private final class Names: Sendable {
        let family: FamilyName
        let rules: SpaceRules
        let owner: DID
        let name: String
        let text: String

        init(_ family: FamilyName, _ rules: SpaceRules, _ owner: DID, _ name: String, _ text: String) {
            self.family = family
            self.rules = rules
            self.owner = owner
            self.name = name
            self.text = text
        }
    }

    private let names: Names

    /// `text` is the one form in which the family writes this space.
    public init(_ family: FamilyName, _ rules: SpaceRules = [], owner: DID, name: String, text: String) {
        names = Names(family, rules, owner, name, text)
    }

    public var family: FamilyName { names.family }
    public var rules: SpaceRules { names.rules }
    /// The DID that controls the space without any proof: the owner, or the authority.
    public var owner: DID { names.owner }
    /// What tells it from other spaces of its owner.
    public var name: String { names.name }
    /// The canonical text, as it is parsed.
    public var text: String { names.text }

    public static func == (left: Space, right: Space) -> Bool {
        left.names === right.names || left.names.text == right.names.text
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(names.text) }

    public var description: String { text }
}
