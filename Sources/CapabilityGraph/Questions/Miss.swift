public import UCAN

/// A capability that nearly answers a question, the cheapest route from it to a root, and what is wrong on the way.
public struct Miss: Sendable {
    /// The edge the capability stands on.
    public let edge: Snapshot.EdgeID
    public let capability: Capability
    /// The costs of all defects together: the smaller, the nearer to an allowance.
    public let cost: Int
    /// What is wrong, from the capability upwards.
    public let defects: [Defect]
    /// The edges of the route, the capability's own first.
    public let route: [Snapshot.EdgeID]

    /// The dearest defect, of several the nearest to the capability.
    public var first: Defect? { defects.first { $0.cost == defects.map(\.cost).max() } }
}

/// One thing that keeps a capability from answering a question, and at which edge.
public struct Defect: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// A caveat is not met by the use, or judged by what the question does not say.
        case caveat(CaveatFailure)
        case pending(until: Timestamp)
        case expired(at: Timestamp)
        /// The resource is covered and the ability is not.
        case ability(held: Ability)
        /// The ability is covered and the resource is not: so many segments of the held path would have to go.
        case path(held: Resource, drop: Int)
        case ended(Ended)
        /// Nothing that the capability rested on is left.
        case unsupported
        /// Whatever right is held, the use lacks what its family asks beside it.
        case condition(Remedy)
        /// One of the others, on an edge that the viewer may not see: its class alone.
        case unseen(name: String, code: String, cost: Int)
    }

    /// How an edge was ended, in the words of its kind.
    public struct Ended: Sendable, Hashable {
        /// `revoked`, `memberRemoved`, `accessChanged`, `policy`, `appRemoved`, `sessionEnded` or `spaceDeleted`.
        public let code: String
        public let by: String
        public let at: Timestamp?
    }

    public let kind: Kind
    /// Nil where the viewer may not see it.
    public let edge: Snapshot.EdgeID?

    /// A stable name for the defect by itself.
    public var name: String {
        switch kind {
        case .caveat: "caveat"
        case .pending: "pending"
        case .expired: "expired"
        case .ability: "ability"
        case .path: "path"
        case .ended: "ended"
        case .unsupported: "unsupported"
        case .condition: "condition"
        case .unseen(let name, _, _): name
        }
    }

    /// The code of a denial for which this is the cause.
    public func code(in snapshot: Snapshot) -> String {
        switch kind {
        case .caveat(let failure): failure.missing == nil ? "caveatFailed" : "missingContext"
        case .pending: "notYetValid"
        case .expired: "expired"
        case .ability:
            edge.map { snapshot.view($0).kind.traits.contains(.membership) } ?? false
                ? "roleTooLow" : "abilityNotCovered"
        case .path: "resourceNotCovered"
        case .ended(let ended): ended.code
        case .unsupported: "noRoute"
        case .condition(let remedy): remedy.code
        case .unseen(_, let code, _): code
        }
    }

    public var cost: Int {
        switch kind {
        case .caveat: 10
        case .pending: 20
        case .expired: 30
        case .ability: 40
        case .path(_, let drop): 50 + drop
        case .ended: 70
        case .unsupported: 100
        case .condition(let remedy): remedy.isOfContext ? 10 : 45
        case .unseen(_, _, let cost): cost
        }
    }
}

/// The misses of one question, the nearest first.
public struct Misses: Sendable {
    public let shown: [Miss]
    /// Further ones that were found.
    public let moreCount: Int
    /// What was not looked at: nearer ones may be among that. Nil when everything was.
    public let capped: Capped?
    /// How much that came near the viewer may not see.
    public let hidden: Hidden
    /// True where the viewer received anything in the unit.
    let seesUnit: Bool

    public static let usualLimit = 8
}
