/// Says which capabilities of an edge a reader of one space may see (design law 9): all where it is a party to the edge,
/// else those in the space and those on what it controls.
package struct Visibility: Sendable {
    private let snapshot: Snapshot
    private let space: UInt32?
    private let principals: [UInt32]

    package init(_ snapshot: Snapshot, space: Space, asker: AskerIdentity) {
        self.snapshot = snapshot
        self.space = snapshot.space(space)
        principals = asker.selves
    }

    /// What of an edge may be told to whoever reads the space, party to it or not.
    init(_ snapshot: Snapshot, space: Space) {
        self.snapshot = snapshot
        self.space = snapshot.space(space)
        principals = []
    }

    package func showsAll(of edge: Snapshot.EdgeID) -> Bool {
        principals.contains(snapshot.graph.issuer(edge.raw)) || principals.contains(snapshot.graph.audience(edge.raw))
            || snapshot.capabilities(of: edge.raw).allSatisfy(shows)
    }

    package func shows(capability number: UInt32) -> Bool {
        let resource = snapshot.graph.resources.row(snapshot.graph.capabilities[number].resource)
        if let space, resource.space == space + 1 { return true }
        return resource.authority != 0 && principals.contains(resource.authority)
    }
}
