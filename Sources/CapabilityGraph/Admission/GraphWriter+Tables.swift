/// How far the tables of the index know what stands in its columns, while a log is replayed.
struct Settled {
    fileprivate var terms = 0
    fileprivate var resources = 0
    fileprivate var edges = 0
    var isUpToDate = true

    init() {}

    init(_ graph: Graph) {
        terms = graph.terms.count
        resources = graph.resources.count
        edges = graph.edgeCount
    }
}

extension GraphWriter {
    /// So many rows wait at most before they are entered together: few enough to be still in the processor's caches.
    private static let maxWaiting = 512

    /// Enters what a replay has left waiting, once there is enough of it.
    func settleIfMany() throws(GraphError) {
        settled.isUpToDate = false
        guard
            max(
                graph.edgeCount - settled.edges, graph.resources.count - settled.resources,
                graph.terms.count - settled.terms) >= Self.maxWaiting
        else { return }
        try settle()
    }

    /// Lets everything that was replayed be found.
    func settle() throws(GraphError) {
        try graph.terms.enter(from: settled.terms)
        try graph.resources.enter(from: settled.resources)
        try enter(UInt32(settled.edges)..<UInt32(graph.edgeCount))
        settled = Settled(graph)
    }

    /// Enters finished edges into the tables and lists, from which on they are found.
    func enter(_ edges: Range<UInt32>) throws(GraphError) {
        guard !edges.isEmpty else { return }
        let graph = self.graph
        let capabilities = graph.info[edges.lowerBound].capabilityStart..<graph.info[edges.upperBound].capabilityStart
        try graph.groups.each(capabilities, hashOf: graph.groupHash) { number, hash throws(GraphError) in
            try enterGroup(number, hash)
        }
        try graph.edgesByID.each(edges, hashOf: { graph.hash(graph.ids[$0]) }) { edge, hash throws(GraphError) in
            try graph.edgesByID.insert(edge, hash: hash) { graph.hash(graph.ids[$0]) }
            journal.note(.edgeID(edge))
        }
        try graph.edgesByStatement.each(
            edges, hashOf: { graph.hash(graph.statements[$0]) }
        ) { edge, hash throws(GraphError) in
            try graph.edgesByStatement.insert(edge, hash: hash) { graph.hash(graph.statements[$0]) }
            journal.note(.edgeStatement(edge))
        }
        // Taken out of the writer for as long as it is filled, which spares a check of exclusive access at each step.
        var entries: [(key: EdgeLists.Key, edge: UInt32)] = []
        swap(&entries, &self.entries)
        defer { swap(&entries, &self.entries) }
        entries.removeAll(keepingCapacity: true)
        for edge in edges { collectEntries(of: edge, into: &entries) }
        try graph.lists.append(entries, journal: journal)
    }

    /// Puts a capability in front of the older ones of the same audience and resource.
    private func enterGroup(_ number: UInt32, _ hash: UInt64) throws(GraphError) {
        let graph = self.graph
        let row = graph.capabilities[number]
        let audience = graph.audience(row.edge)
        let head = graph.groups.find(hash) { other in
            let older = graph.capabilities[other]
            return older.resource == row.resource && graph.audience(older.edge) == audience
        }
        if let head {
            graph.capabilities.base[Int(number)].nextInGroup = head + 1
            graph.groups.replace(head, with: number, hash: hash)
        } else {
            graph.capabilities.base[Int(number)].nextInGroup = 0
            try graph.groups.insert(number, hash: hash) { graph.groupHash(of: $0) }
        }
        journal.note(.capability(number, replaced: head))
    }

    /// Notes the lists that an edge belongs to.
    private func collectEntries(of edge: UInt32, into entries: inout [(key: EdgeLists.Key, edge: UInt32)]) {
        let graph = self.graph
        let (issuer, audience) = (graph.issuer(edge), graph.audience(edge))
        let info = graph.info[edge]
        if info.flags.contains(.signsIn) { entries.append((EdgeLists.Key(.signIns, issuer), edge)) }
        let first = entries.count
        for number in graph.capabilities(of: edge) {
            let space = graph.resources.row(graph.capabilities[number].resource).space
            guard space != 0 else { continue }
            let key = EdgeLists.Key(.space, space - 1)
            guard !entries[first...].contains(where: { $0.key == key }) else { continue }
            entries.append((key, edge))
            entries.append((EdgeLists.Key(.issuerInSpace, issuer, space - 1), edge))
            entries.append((EdgeLists.Key(.audienceInSpace, audience, space - 1), edge))
            if graph.families.traits(code: info.kind).contains(.ownership) {
                entries.append((EdgeLists.Key(.ownerships, space - 1), edge))
            }
            if graph.families.isSpace(graph.terms.bytes(audience)) {
                collectEntry(of: edge, admittingMembersTo: space - 1, into: &entries)
            }
        }
    }

    /// Notes the list of an edge whose audience is the members of a space: of another one, whom it admits, or of the space
    /// itself, where it says what the list of members may give.
    private func collectEntry(
        of edge: UInt32, admittingMembersTo space: UInt32, into entries: inout [(key: EdgeLists.Key, edge: UInt32)]
    ) {
        guard working.memberSpace(of: edge) == space else {
            return entries.append((EdgeLists.Key(.memberSpaces, space), edge))
        }
        // What a membership gives has a policy above it because this host says so; no token of others can be one.
        guard graph.families.traits(code: graph.info[edge].kind).contains(.policy) else { return }
        for number in graph.capabilities(of: edge) {
            let ability = graph.terms.registryIndex[graph.capabilities[number].ability]
            guard graph.registry.isPolicy(ability) else { continue }
            entries.append((EdgeLists.Key(.policyInSpace, UInt32(ability), space), edge))
        }
    }
}
