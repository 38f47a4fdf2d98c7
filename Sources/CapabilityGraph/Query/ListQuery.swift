public import UCAN

/// Selects the delegations of one space (tinycloud.md 8.4, taking each BETTER).
public struct ListQuery: Sendable {
    public enum Direction: String, Sendable {
        case created
        /// What is not created; a row that is both is created only (tinycloud.md 6.6).
        case received
        case all
        /// Created or received.
        case party
        /// Created, received, or minted on what the asker received: its credentials too, which keys hold.
        case concerning
    }

    public var space: Space
    public var direction: Direction = .all
    public var asker: AskerIdentity
    /// Keeps edges with a capability inside this path; nil or empty keeps all.
    public var path: String?
    /// Keeps edges with one of these abilities, judged on the same capability as the path; nil keeps all.
    public var abilities: [Ability]?
    /// Keeps edges of these kinds; nil keeps all.
    public var kinds: Set<EdgeKind>?
    /// The states that are kept.
    public var statuses: Set<Status> = [.active]

    public enum Status: String, Sendable, CaseIterable { case active, pending, expired, revoked }

    public init(space: Space, asker: AskerIdentity) {
        self.space = space
        self.asker = asker
    }
}

/// A page of a listing, newest first.
public struct ListPage: Sendable {
    public struct Row: Sendable {
        public let edge: Snapshot.EdgeID
        public let status: EdgeStatus

        public init(edge: Snapshot.EdgeID, status: EdgeStatus) {
            self.edge = edge
            self.status = status
        }
    }

    public let rows: [Row]
    /// Where the next page begins, or nil when nothing is left.
    public let next: Snapshot.EdgeID?
}

extension Snapshot {
    /// Returns up to `limit` (at least one) matching edges below `bound`, newest first.
    ///
    /// Which rows match is judged at `selectedAt` in this snapshot, so that pages of one listing agree with each
    /// other; each row's status is judged at `now` in `current`.
    public func list(
        _ query: ListQuery, below bound: EdgeID? = nil, limit: Int, selectedAt: Timestamp, now: Timestamp,
        current: Snapshot
    ) -> ListPage {
        var walker = ListWalker(self, query, below: bound?.raw ?? .max)
        let limit = max(limit, 1)
        var rows: [ListPage.Row] = []
        rows.reserveCapacity(min(limit, 1024))
        // On a first page the instants agree, and the status a row was selected by is the one it is shown with.
        let isSame = current.revision == revision && now == selectedAt
        var last: UInt32?
        while let (edge, selected) = walker.next(at: selectedAt.microseconds) {
            guard rows.count < limit else { return ListPage(rows: rows, next: last.map(EdgeID.init(raw:))) }
            let status = isSame ? selected : current.status(of: edge, at: now.microseconds)
            rows.append(ListPage.Row(edge: EdgeID(raw: edge), status: status))
            last = edge
        }
        return ListPage(rows: rows, next: nil)
    }
}

extension Snapshot {
    /// True when a principal issued or received an edge, or it was minted by this host on what the principal received.
    public func concerns(_ edge: EdgeID, _ principal: DID) -> Bool {
        self.principal(principal).map { concerns(edge.raw, [$0]) } ?? false
    }

    func concerns(_ edge: UInt32, _ principals: [UInt32]) -> Bool {
        let info = graph.info[edge]
        if principals.contains(graph.issuer(edge)) || principals.contains(graph.audience(edge)) { return true }
        guard graph.families.traits(code: info.kind).contains(.minted) else { return false }
        return (0..<UInt32(info.proofCount)).contains { offset in
            let proof = graph.proof(offset, of: info)
            // A session is its account's: what was asked for in it was asked for by the account.
            return principals.contains(graph.audience(proof))
                || (graph.families.traits(code: graph.info[proof].kind).contains(.session)
                    && principals.contains(graph.issuer(proof)))
        }
    }
}

/// Walks the lists of a query newest first, each edge once.
public struct ListWalker: Sendable {
    private let snapshot: Snapshot
    /// A heap: the cursor at the newest edge stands first.
    private var cursors: [EdgeLists.Cursor]
    private let space: UInt32?
    private let path: [UInt8]?
    private let abilities: [(term: UInt32, number: UInt8)]?
    private let statuses: Set<ListQuery.Status>
    private let kinds: Set<UInt8>?
    private let direction: ListQuery.Direction
    private let selves: [UInt32]
    private let sessions: [UInt32: Tenures]

    init(_ snapshot: Snapshot, _ query: ListQuery, below bound: UInt32) {
        self.snapshot = snapshot
        space = snapshot.space(query.space)
        let path = query.path.map { Array($0.utf8) }
        self.path = path?.isEmpty == true ? nil : path
        let registry = snapshot.graph.registry
        abilities = query.abilities?.map { ability in
            (
                snapshot.graph.terms.find(.ability, ability.text) ?? 0,
                registry.canonical(registry.number(ability.text))
            )
        }
        statuses = query.statuses
        kinds = query.kinds.map { Set($0.map(\.code)) }
        direction = query.direction
        selves = query.asker.selves
        switch query.direction {
        case .all, .concerning: sessions = [:]
        case .created, .received, .party: sessions = snapshot.tenures(query.asker.sessions)
        }
        let lists = snapshot.graph.lists
        guard let space else {
            cursors = []
            return
        }
        switch query.direction {
        case .all, .concerning: cursors = [lists.cursor(EdgeLists.Key(.space, space), below: bound)]
        case .created:
            cursors = query.asker.numbers.map {
                lists.cursor(EdgeLists.Key(.issuerInSpace, $0, space), below: bound)
            }
        case .received:
            cursors = query.asker.numbers.map {
                lists.cursor(EdgeLists.Key(.audienceInSpace, $0, space), below: bound)
            }
        case .party:
            cursors = query.asker.numbers.flatMap {
                [
                    lists.cursor(EdgeLists.Key(.issuerInSpace, $0, space), below: bound),
                    lists.cursor(EdgeLists.Key(.audienceInSpace, $0, space), below: bound),
                ]
            }
        }
        cursors.removeAll { $0.peek == nil }
        for index in cursors.indices.reversed() { sink(index) }
    }

    /// The next edge that the query keeps at this instant, with its status then.
    mutating func next(at: Int64) -> (edge: UInt32, status: EdgeStatus)? {
        while let edge = nextEdge() {
            guard snapshot.isVisible(edge), kinds?.contains(snapshot.graph.info[edge].kind) ?? true,
                isMeant(edge), matchesCapability(edge)
            else { continue }
            let status = snapshot.status(of: edge, at: at)
            guard isKept(status) else { continue }
            return (edge, status)
        }
        return nil
    }

    private mutating func nextEdge() -> UInt32? {
        guard let newest = cursors.first?.peek else { return nil }
        // An edge stands in one issuer's and one audience's list: taken from both, it cannot come twice.
        while let edge = cursors.first?.peek, edge == newest {
            _ = cursors[0].next()
            if cursors[0].peek == nil {
                cursors.swapAt(0, cursors.count - 1)
                cursors.removeLast()
            }
            sink(0)
        }
        return newest
    }

    /// Moves a cursor down to where none below it is at a newer edge.
    private mutating func sink(_ start: Int) {
        var place = start
        while true {
            var newest = place
            for child in [2 * place + 1, 2 * place + 2] where child < cursors.count {
                if (cursors[child].peek ?? 0) > (cursors[newest].peek ?? 0) { newest = child }
            }
            guard newest != place else { return }
            cursors.swapAt(place, newest)
            place = newest
        }
    }

    /// True when a row of the lists lies in the direction that is asked for.
    private func isMeant(_ edge: UInt32) -> Bool {
        let (issuer, audience) = (snapshot.graph.issuer(edge), snapshot.graph.audience(edge))
        func includes(_ principal: UInt32) -> Bool {
            selves.contains(principal) || sessions[principal].map { snapshot.holds($0, at: edge) } ?? false
        }
        return switch direction {
        case .all: true
        case .created: includes(issuer)
        case .received: includes(audience) && !includes(issuer)
        case .party: includes(issuer) || includes(audience)
        case .concerning: snapshot.concerns(edge, selves)
        }
    }

    private func isKept(_ status: EdgeStatus) -> Bool {
        if statuses.count == ListQuery.Status.allCases.count { return true }
        return switch status {
        case .active: statuses.contains(.active)
        case .pending: statuses.contains(.pending)
        case .expired: statuses.contains(.expired)
        case .revoked: statuses.contains(.revoked)
        case .undetermined: false
        }
    }

    private func matchesCapability(_ edge: UInt32) -> Bool {
        guard path != nil || abilities != nil else { return true }
        guard let space else { return false }
        let graph = snapshot.graph
        return snapshot.capabilities(of: edge).contains { number in
            let row = graph.capabilities[number]
            let resource = graph.resources.row(row.resource)
            guard resource.space == space + 1 else { return false }
            if let path {
                guard let held = resource.path else { return false }
                let covered = path.withUnsafeBytes { Resources.pathContains($0, held) }
                guard covered else { return false }
            }
            guard let abilities else { return true }
            let number = graph.registry.canonical(graph.terms.registryIndex[row.ability])
            return abilities.contains { $0.term == row.ability || (number != 0 && $0.number == number) }
        }
    }
}
