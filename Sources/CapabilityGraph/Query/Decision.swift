public import UCAN

/// Answers a question at the gate. Only `allow` opens it.
public enum Decision: Sendable, Hashable {
    case allow(Allowance)
    case deny(Denial)
    case undetermined(Undetermined)

    public var name: String {
        switch self {
        case .allow: "allow"
        case .deny: "deny"
        case .undetermined: "undetermined"
        }
    }

    public var isAllowed: Bool {
        if case .allow = self { true } else { false }
    }
}

/// Says what a permission rests on.
public struct Allowance: Sendable, Hashable {
    /// One live route, leaf to root; empty when the principal controls the resource itself.
    public var route: [RouteStep]
    public var rootAuthority: DID?

    public init(route: [RouteStep], rootAuthority: DID?) {
        self.route = route
        self.rootAuthority = rootAuthority
    }
}

/// One edge of a route and which of its capabilities the route uses.
public struct RouteStep: Sendable, Hashable {
    public var edge: Snapshot.EdgeID
    public var capability: Capability
}

/// Says why a question was refused: one cause first, the edge that failed, and what would mend it.
public struct Denial: Error, Sendable, Hashable {
    public var cause: Cause
    /// The edge at which the nearest route fails, if there is one.
    public var edge: Snapshot.EdgeID?

    public init(cause: Cause, edge: Snapshot.EdgeID?) {
        self.cause = cause
        self.edge = edge
    }

    public enum Cause: Sendable, Hashable {
        /// Nothing the principal holds names the space or resource.
        case noRoute
        case expired(at: Timestamp)
        case notYetValid(until: Timestamp)
        case revoked(by: String)
        case abilityNotCovered(held: [String])
        case resourceNotCovered(held: String)
        case caveatFailed(reason: String)
        /// Members of the context that caveats are judged by and the question did not give.
        case missingContext([String])
        case missingProof
        case audienceMismatch(expected: String)
        /// The invocation itself does not hold: its window, signature, audience or shape.
        case invalidInvocation(reason: String, text: String)
        /// The invocation does not name what was asked.
        case notInvoked
        /// The right is held, and what the use takes beside it is wanting, in its family's words.
        case unmet(UnmetCondition)
    }

    public var code: String {
        switch cause {
        case .noRoute: "noRoute"
        case .expired: "expired"
        case .notYetValid: "notYetValid"
        case .revoked: "revoked"
        case .abilityNotCovered: "abilityNotCovered"
        case .resourceNotCovered: "resourceNotCovered"
        case .caveatFailed: "caveatFailed"
        case .missingContext: "missingContext"
        case .missingProof: "missingProof"
        case .audienceMismatch: "audienceMismatch"
        case .invalidInvocation(let reason, _): reason
        case .notInvoked: "notInvoked"
        case .unmet(let condition): condition.code
        }
    }
}

/// What a use takes beside the right, named by its family: a stable camel-case code, one sentence, and what would mend it.
public struct UnmetCondition: Sendable, Hashable {
    public let code: String
    public let message: String
    public let hint: String

    public init(_ code: StaticString, _ message: String, hint: String) {
        self.code = "\(code)"
        self.message = message
        self.hint = hint
    }
}

/// Says why a question could not be answered; the gate treats it as a denial.
public enum Undetermined: String, Sendable, Hashable {
    /// The walk would have cost more than the limits allow.
    case budgetExhausted
}
