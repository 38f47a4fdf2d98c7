public import UCAN

/// The fewest steps after which a refused question is allowed, and who can take them.
public struct Fix: Sendable {
    /// 0 for what the asker does alone, 1 for one statement of one other, 2 for a change of settings.
    public let effort: Int
    public let steps: [FixStep]
    /// Who takes the step, of several the nearest; nil where nobody else has to, or nobody whom the viewer may see can.
    public let by: DID?
    /// Others that could, at most seven.
    public let alsoBy: [DID]
    /// Further ones, those included whom the viewer may not see.
    public let moreSigners: Int
    /// Which bound kept further ones from being counted.
    public let capped: Capped?

    public static let usualLifetime: Int64 = 7 * 86_400

    /// The effort is that of the step that takes most.
    init(steps: [FixStep], by: DID? = nil, alsoBy: [DID] = [], moreSigners: Int = 0, capped: Capped? = nil) {
        effort = steps.map(\.effort).max() ?? 0
        self.steps = steps
        self.by = by
        self.alsoBy = alsoBy
        self.moreSigners = moreSigners
        self.capped = capped
    }
}

/// One step of a fix.
public enum FixStep: Sendable, Hashable {
    /// Say with the question that the use is bound by these caveats.
    case context(Caveats)
    /// Say that member of the context with the question, by one of these values where any are known.
    case say(member: String, values: [String])
    /// Ask at that instant.
    case wait(until: Timestamp)
    /// Sign this delegation.
    case delegate(DelegationStep)
    /// Put a principal on the list of a space's members, with this access in place of what it has.
    case putMember(space: Space, principal: DID, access: MemberStep)
    /// Let an application act in a space.
    case allowApplication(space: Space, application: DID)
    /// Let the list of a space's members give this ability.
    case setPolicy(space: Space, ability: Ability)

    /// 0 for what goes with the question, 1 for one statement of one other, 2 for a change of settings.
    public var effort: Int {
        switch self {
        case .context, .say, .wait: 0
        case .delegate, .putMember, .allowApplication: 1
        case .setPolicy: 2
        }
    }
}

/// What a use lacks beside the right to it, and the steps after which it lacks that no more.
public struct Remedy: Sendable, Hashable {
    public let code: String
    /// The end of a sentence that begins with what is held.
    public let message: String
    /// What the context would have to say; nil where that is not what is wanting.
    public let missing: String?
    /// Empty where no single step does.
    public let steps: [FixStep]

    public init(_ code: String, _ message: String, missing: String? = nil, steps: [FixStep] = []) {
        self.code = code
        self.message = message
        self.missing = missing
        self.steps = steps
    }

    var isOfContext: Bool { missing != nil }
}

/// The change by which a principal is admitted to what it asks.
public struct AdmissionStep: Sendable {
    public let step: FixStep
    /// What the list of members gives by it, and a policy has to let the list give; nil where it is no matter of a list.
    public let given: Ability?

    public init(_ step: FixStep, given: Ability?) {
        self.step = step
        self.given = given
    }
}

/// A delegation as it would have to be signed.
public struct DelegationStep: Sendable, Hashable {
    public let issuer: DID
    public let audience: DID
    public let capability: Capability
    public let notBefore: Timestamp?
    public let expires: Timestamp
    /// The one edge that the issuer holds by; none where it controls the resource.
    public let proofs: [Snapshot.EdgeID]
}

/// Access to a space in the word that stands on the list of its members, and whether it takes in managing the space.
public struct MemberStep: Sendable, Hashable {
    public let word: String
    public let manages: Bool

    public init(word: String, manages: Bool) {
        self.word = word
        self.manages = manages
    }
}

/// Why no step would help.
public enum Unfixable: String, Sendable {
    /// The resource belongs to nobody, and nobody holds it.
    case nobodyControls
    /// The principal is none that anything can be made for.
    case principalIsNobody
    case deleted
    /// What is asked comes by no single statement, such as a use that the family sets conditions to.
    case noSingleStep
    /// The walk did not come to an end, so that it is not known what is lacking.
    case undetermined
}

/// What can be done about a refusal: the smallest fix of each effort, at most three, or why there is none.
public struct Fixes: Sendable {
    public let fixes: [Fix]
    public let unfixable: Unfixable?
    /// False where a bound was hit, so that something smaller, or somebody nearer, may have been passed by.
    public let isComplete: Bool
    /// How many capabilities were looked at.
    let visited: Int

    init(_ fixes: [Fix], else reason: Unfixable, isComplete: Bool = true, visited: Int = 0) {
        self.fixes = fixes
        unfixable = fixes.isEmpty ? reason : nil
        self.isComplete = isComplete
        self.visited = visited
    }
}
