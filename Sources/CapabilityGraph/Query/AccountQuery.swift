import Synchronization
public import UCAN

/// Lists everything one account granted or received, over all its spaces (tinycloud.md 6.6).
public struct AccountQuery: Sendable {
    /// The account's owner.
    public var owner: DID
    /// The space through whose `delegation` resource the account is asked for.
    public var space: Space
    /// Who asks.
    public var invoker: DID

    public init(owner: DID, space: Space, invoker: DID) {
        self.owner = owner
        self.space = space
        self.invoker = invoker
    }

    /// The capabilities of a row that may be shown: all when owner or invoker issued or received it, else those on what
    /// one of them controls.
    ///
    /// The other keys of an account are the audiences of delegations, which nobody need have asked for: what such a key
    /// holds of others is no business of the account (design law 9).
    public func visible(_ view: EdgeView) -> [Capability] {
        let selves = [owner, invoker]
        if selves.contains(where: { $0.text == view.issuer || $0.text == view.audience }) { return view.capabilities }
        return view.capabilities.filter { $0.resource.rootAuthority.map(selves.contains) ?? false }
    }

    public enum Direction: String, Sendable { case granted, received }

    public struct Row: Sendable {
        public let edge: Snapshot.EdgeID
        public let direction: Direction
    }

    static let maxPrincipals = 256
    static let maxPerLevel = 1024
    static let maxLevels = 64
}

extension Snapshot {
    /// The rows of an account in order of issue, newest first, unknown last, then by CID text.
    ///
    /// Throws `limitExceeded` when the account reaches over more principals than the limits allow.
    public func account(_ query: AccountQuery, at now: Timestamp) throws(GraphError) -> [AccountQuery.Row] {
        let members = try accountPrincipals(query, at: now)
        var rows: [AccountQuery.Row] = []
        var seen: Set<UInt32> = []
        for direction in [AccountQuery.Direction.granted, .received] {
            for member in members {
                var cursor = PrincipalEdges(graph, member, isIssuer: direction == .granted)
                while let edge = cursor.next() {
                    guard isVisible(edge), governs(query.owner, edge) || governs(query.invoker, edge),
                        seen.insert(edge).inserted
                    else { continue }
                    rows.append(AccountQuery.Row(edge: EdgeID(raw: edge), direction: direction))
                }
            }
        }
        // CID text is base32 of the digest, whose order is the order of the bytes in this alphabet only by value of
        // each letter; `2` to `7` sort before `a`, so texts are compared, not digests.
        let keyed = rows.map { row in
            (row, graph.issuedAt(row.edge.raw), cidText(row.edge.raw))
        }
        return keyed.sorted { left, right in
            switch (left.1, right.1) {
            case (let one?, let other?) where one != other: return one > other
            case (.some, nil): return true
            case (nil, .some): return false
            default: break
            }
            return left.2 < right.2
        }.map(\.0)
    }

    /// The owner and every did:key reached from it through live delegations of `tinycloud.delegation/list` on the
    /// account's `delegation` resource.
    private func accountPrincipals(_ query: AccountQuery, at now: Timestamp) throws(GraphError) -> [UInt32] {
        guard let owner = principal(query.owner) else { return [] }
        var members = [owner]
        var level = [owner]
        let list = Ability(literal: "tinycloud.delegation/list")
        for _ in 0..<AccountQuery.maxLevels {
            var next: [UInt32] = []
            var visited = 0
            for member in level {
                var cursor = PrincipalEdges(graph, member, isIssuer: true)
                while let edge = cursor.next() {
                    visited += 1
                    guard visited <= AccountQuery.maxPerLevel * 64 else {
                        throw GraphError(.limitExceeded, "the account reaches over too many delegations")
                    }
                    let audience = graph.info[edge].audience
                    guard isVisible(edge), !members.contains(audience), !next.contains(audience),
                        graph.terms.bytes(audience).starts(with: "did:key:".utf8),
                        status(of: edge, at: now.microseconds) == .active,
                        capabilities(of: edge).contains(where: { listsAccount($0, query.space, list) })
                    else { continue }
                    next.append(audience)
                    guard members.count + next.count <= AccountQuery.maxPrincipals else {
                        throw GraphError(.limitExceeded, "the account reaches over too many principals")
                    }
                }
            }
            guard !next.isEmpty else { return members }
            members += next
            level = next
        }
        throw GraphError(.limitExceeded, "the account reaches over too many levels")
    }

    private func listsAccount(_ number: UInt32, _ space: Space, _ list: Ability) -> Bool {
        let held = capability(number)
        guard case .tinycloud(space, "delegation", let path, "") = held.resource else { return false }
        return (path ?? "").isEmpty && graph.registry.covers(held: held.ability, required: list)
    }

    /// True when some edge in the closure of this one, itself included, was issued by the principal.
    public func closure(of edge: EdgeID, hasIssuer issuer: DID) -> Bool {
        guard let number = principal(issuer) else { return false }
        return walkClosure(of: edge.raw) { graph.info[$0].issuer == number ? .stop : .continue } == .stopped
    }
}

/// Walks the edges a principal issued or received, over all spaces, newest first.
struct PrincipalEdges {
    private let graph: Graph
    private let principal: UInt32
    private let isIssuer: Bool
    private var following: UInt32

    init(_ graph: Graph, _ principal: UInt32, isIssuer: Bool) {
        self.graph = graph
        self.principal = principal
        self.isIssuer = isIssuer
        following = 0
        following = newest
    }

    private var newest: UInt32 {
        let heads = graph.terms.heads.base + Int(principal)
        return isIssuer
            ? heads.pointee.issued.load(ordering: .acquiring) : heads.pointee.received.load(ordering: .acquiring)
    }

    mutating func next() -> UInt32? {
        while following != 0 {
            let edge = following - 1
            let info = graph.info[edge]
            // A row that was taken back with its batch may have been given to another principal. Such rows stand
            // before all that a reader can see, so the walk may begin again without giving anything twice.
            guard (isIssuer ? info.issuer : info.audience) == principal else {
                following = newest
                continue
            }
            following = isIssuer ? info.olderOfIssuer : info.olderOfAudience
            return edge
        }
        return nil
    }
}
