import Multiformats
import Synchronization
public import UCAN

/// Lists everything one account granted or received, over all its spaces (tinycloud.md 6.6).
public struct AccountQuery: Sendable {
    /// The account's owner.
    public var owner: DID
    /// Who asks.
    public var invoker: DID
    /// The sides that are asked for. What others gave is not looked at for what was granted, however much that is.
    public var directions = Set(Direction.allCases)
    /// Gives only what comes after this one, itself a row or not.
    public var after: Snapshot.EdgeID?

    public init(owner: DID, invoker: DID) {
        self.owner = owner
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

    /// True when a capability of a row that may be shown lies in a space that `filter` means, or it means everything.
    public func lies(_ edge: Snapshot.EdgeID, in filter: inout SpaceFilter, _ snapshot: Snapshot) -> Bool {
        guard filter.text != nil else { return true }
        let graph = snapshot.graph
        let selves = [owner, invoker].compactMap(snapshot.principal)
        let isParty = selves.contains(graph.issuer(edge.raw)) || selves.contains(graph.audience(edge.raw))
        return snapshot.capabilities(of: edge.raw).contains { number in
            let resource = graph.resources.row(graph.capabilities[number].resource)
            guard resource.space != 0, isParty || selves.contains(resource.authority) else { return false }
            return filter.means(resource.space - 1, graph)
        }
    }

    public enum Direction: String, Sendable, CaseIterable { case granted, received }

    public struct Row: Sendable {
        public let edge: Snapshot.EdgeID
        public let direction: Direction
    }

    static let maxPrincipals = 1 << 14
}

/// The spaces that a text means: the one whose id it is, or each whose name it is; without a text, everything.
public struct SpaceFilter: Sendable {
    fileprivate let text: String?
    private let families: Families
    /// What was found of spaces that came up.
    private var known: [UInt32: Bool] = [:]

    public init(_ text: String?, _ families: Families) {
        self.text = text
        self.families = families
    }

    mutating func means(_ number: UInt32, _ graph: Graph) -> Bool {
        if let known = known[number] { return known }
        let id = graph.terms.text(graph.spaces.row(number).text)
        let isMeant = id == text || (try? families.space(id))?.name == text
        known[number] = isMeant
        return isMeant
    }
}

extension Snapshot {
    /// The rows of an account in order of issue, newest first, unknown last, then by CID text: the `first` of them.
    ///
    /// Granted is what the owner issued, and what a key of the account issued before it ceased to be one; received is
    /// what else the owner, a session key while it was one, or the invoker received. Throws `limitExceeded` when what
    /// the account itself issued is more than the limits allow; what others gave it is nobody's to refuse, so however much
    /// that is, each row costs a look and no more.
    public func account(
        _ query: AccountQuery, first limit: Int = .max
    ) throws(GraphError) -> [AccountQuery.Row] {
        let owner = principal(query.owner)
        let invoker = principal(query.invoker)
        var budget = graph.limits.maxAccountStatements
        var (members, sessions): ([UInt32: Tenures], [UInt32: Tenures]) = ([:], [:])
        if let owner {
            members = tenures(try accountKeys(of: owner, &budget))
            sessions = tenures(try signIns(of: owner))
        }
        func grants(_ issuer: UInt32, _ edge: UInt32) -> Bool {
            issuer == owner || members[issuer].map { holds($0, at: edge) } ?? false
        }
        func receives(_ audience: UInt32, _ edge: UInt32) -> Bool {
            audience == owner || audience == invoker || sessions[audience].map { holds($0, at: edge) } ?? false
        }
        let parties = [owner, invoker].compactMap { $0 }
        let after = query.after.map { place(of: $0.raw) }
        var rows = FirstRows(limit)
        var holders = Set(members.keys).union(sessions.keys)
        holders.formUnion(parties)
        for holder in holders {
            for direction in AccountQuery.Direction.allCases where query.directions.contains(direction) {
                var cursor = PrincipalEdges(graph, holder, isIssuer: direction == .granted)
                while let edge = cursor.next() {
                    if direction == .granted { try spend(&budget) }
                    guard isVisible(edge), parties.contains(where: { governs($0, edge) }) else { continue }
                    let isGranted = grants(graph.issuer(edge), edge)
                    // A row that is both counts as granted only.
                    guard direction == .granted ? isGranted : !isGranted && receives(holder, edge) else { continue }
                    let place = place(of: edge)
                    if let after, !(after < place) { continue }
                    rows.add(AccountQuery.Row(edge: EdgeID(raw: edge), direction: direction), place)
                }
            }
        }
        return rows.taken()
    }

    private func place(of edge: UInt32) -> RowAge {
        RowAge(issuedAt: graph.issuedAt(edge), name: CIDOrder(graph.ids[edge]))
    }

    /// The keys that ever acted for an account, and when: those it signed in with, and every did:key reached from the
    /// owner through delegations of `tinycloud.delegation/list` on the `delegation` service of one of its spaces.
    private func accountKeys(of owner: UInt32, _ budget: inout Int) throws(GraphError) -> [UInt32: [Tenure]] {
        var found: [UInt32: [Tenure]] = [:]
        var waiting = [owner]
        while let member = waiting.popLast() {
            var issued = PrincipalEdges(graph, member, isIssuer: true)
            while let edge = issued.next() {
                try spend(&budget)
                let audience = graph.audience(edge)
                guard isVisible(edge), audience != owner, graph.isKey(audience),
                    graph.info[edge].flags.contains(.signsIn) && graph.issuer(edge) == owner
                        || listsAccount(edge, of: owner),
                    let tenure = tenure(by: edge)
                else { continue }
                if found[audience] == nil { waiting.append(audience) }
                found[audience, default: []].append(tenure)
                guard found.count <= AccountQuery.maxPrincipals else {
                    throw GraphError(.limitExceeded, "the account reaches over too many principals")
                }
            }
        }
        return found
    }

    private func spend(_ budget: inout Int) throws(GraphError) {
        budget -= 1
        guard budget >= 0 else {
            throw GraphError(.limitExceeded, "the account reaches over too many delegations")
        }
    }

    private func listsAccount(_ edge: UInt32, of owner: UInt32) -> Bool {
        capabilities(of: edge).contains { number in
            let row = graph.capabilities[number]
            let resource = graph.resources.row(row.resource)
            return resource.authority == owner && graph.isWholeDelegation(resource)
                && graph.gives(row, "tinycloud.delegation/list")
        }
    }

    /// True when some edge in the closure of this one, itself included, was issued by the principal.
    public func closure(of edge: EdgeID, hasIssuer issuer: DID) -> Bool {
        guard let number = principal(issuer) else { return false }
        return walkClosure(of: edge.raw) { graph.issuer($0) == number ? .stop : .continue } == .stopped
    }
}

/// Where a row stands in a history: newest first, unknown last, then by the text of its CID.
private struct RowAge: Comparable {
    let issuedAt: Int64?
    let name: CIDOrder

    static func < (left: RowAge, right: RowAge) -> Bool {
        switch (left.issuedAt, right.issuedAt) {
        case (let one?, let other?) where one != other: one > other
        case (.some, nil): true
        case (nil, .some): false
        case (.some, .some), (nil, nil): left.name < right.name
        }
    }
}

/// Keeps the first of the rows it is given, in the room of twice as many.
private struct FirstRows {
    private let limit: Int
    private var rows: [(row: AccountQuery.Row, place: RowAge)] = []
    /// The last row that can still be among the first, once there are enough.
    private var bound: RowAge?

    init(_ limit: Int) { self.limit = limit }

    mutating func add(_ row: AccountQuery.Row, _ place: RowAge) {
        if let bound, bound < place { return }
        rows.append((row, place))
        if rows.count / 2 >= limit { cut() }
    }

    private mutating func cut() {
        rows.sort { $0.place < $1.place }
        rows.removeLast(max(0, rows.count - limit))
        bound = rows.count == limit ? rows.last?.place : nil
    }

    mutating func taken() -> [AccountQuery.Row] {
        cut()
        return rows.map(\.row)
    }
}

/// Orders edges as the texts of their CIDs are ordered, without making the texts.
///
/// A text is base32, five bits a letter, and in its alphabet `2` to `7` come last, in ASCII first. So five bits are replaced
/// by their rank among the letters, and ranks are compared in the place of letters.
struct CIDOrder: Comparable {
    /// Twelve ranks in each of four words, four in the fifth.
    private var words = SIMD8<UInt64>()

    init(_ digest: Digest) {
        var (place, word): (Int, UInt64) = (0, 0)
        // What stands before a digest is the same in all; its last two bits, which are 0, share a letter with the digest.
        var (bits, count): (UInt64, Int) = (0, 2)
        for source in [digest.w0, digest.w1, digest.w2, digest.w3] {
            for shift in stride(from: 56, through: 0, by: -8) {
                bits = (bits << 8 | source >> UInt64(shift) & 0xFF) & 0xFFFF
                count += 8
                while count >= 5 {
                    count -= 5
                    let letter = bits >> UInt64(count) & 31
                    word = word << 5 | (letter < 26 ? letter + 6 : letter - 26)
                    place += 1
                    if place % 12 == 0 {
                        words[place / 12 - 1] = word
                        word = 0
                    }
                }
            }
        }
        let letter = bits << UInt64(5 - count) & 31
        words[4] = word << 5 | (letter < 26 ? letter + 6 : letter - 26)
    }

    static func < (left: CIDOrder, right: CIDOrder) -> Bool {
        for index in 0..<5 where left.words[index] != right.words[index] {
            return left.words[index] < right.words[index]
        }
        return false
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
            guard (isIssuer ? graph.issuer(edge) : graph.audience(edge)) == principal else {
                following = newest
                continue
            }
            following = isIssuer ? info.olderOfIssuer : info.olderOfAudience
            return edge
        }
        return nil
    }
}
