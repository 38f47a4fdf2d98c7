import ATSyntax
import Multiformats
public import UCAN

/// The word of an authority elsewhere that a key reads one of its spaces: a credential whose signature was verified
/// (atproto-spaces.md 4.4). It is evidence and no edge, for nothing is known here of what it rests on.
public struct ForeignCredential: ContextValue, Hashable {
    public var space: Space
    /// Who holds the key it is bound to.
    public var holder: DID
    public var expires: Timestamp

    /// How much the clocks of hosts may differ (4).
    static let clockSkew: Int64 = 5_000_000

    public init(space: Space, holder: DID, expires: Timestamp) {
        self.space = space
        self.holder = holder
        self.expires = expires
    }

    /// Reads `{"space":…,"holder":…,"expires":…}`, the last in seconds; throws `malformedContext`.
    init(_ json: JSON, _ families: Families) throws(GraphError) {
        guard let object = json.object, object.count == 3, let space = object["space"]?.string,
            let holder = object["holder"]?.string, let seconds = object["expires"]?.number?.int64,
            (0...(1 << 40)).contains(seconds), let space = try? families.space(space), space.family == .atproto
        else { throw GraphError(.malformedContext, "`credential` is not `space`, `holder` and `expires`") }
        self.init(space: space, holder: try families.principal(holder), expires: Timestamp(seconds: seconds))
    }

    /// True where it lets its holder do what is asked: read the space by whatever application.
    func allows(_ question: CheckQuestion, _ registry: AbilityRegistry, at now: Timestamp) -> Bool {
        guard question.resource.space == space, question.principal == holder else { return false }
        let (end, overflow) = expires.microseconds.addingReportingOverflow(Self.clockSkew)
        return (overflow || now.microseconds < end)
            && [Ability.spaceRead, .spaceConnect].contains { registry.covers(held: $0, required: question.ability) }
    }
}
