public import UCAN

extension Snapshot {
    /// Returns the newest edge of a kind that was made for a principal, live or not; nil when there is none.
    public func newestEdge(of kind: EdgeKind, for audience: DID) -> EdgeID? {
        guard let number = principal(audience) else { return nil }
        var cursor = PrincipalEdges(graph, number, isIssuer: false)
        while let edge = cursor.next() {
            if isVisible(edge), graph.info[edge].kind == kind.code { return EdgeID(raw: edge) }
        }
        return nil
    }
}
