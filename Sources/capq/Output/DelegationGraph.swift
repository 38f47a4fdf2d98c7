import CapClient

/// Holds delegations as a graph: principals are nodes, delegations point from issuer to audience.
struct DelegationGraph: Sendable, Equatable {
    struct Edge: Sendable, Equatable {
        /// Places in `principals`.
        let issuer: Int
        let audience: Int
        let cid: String
        let abilities: [String]
        let status: String?
    }

    /// DIDs in order of first appearance.
    let principals: [String]
    let edges: [Edge]

    init(_ delegations: [ListedDelegation]) {
        var principals: [String] = []
        var places: [[UInt8]: Int] = [:]
        func place(_ did: String) -> Int {
            let key = Array(did.utf8)
            if let known = places[key] { return known }
            places[key] = principals.count
            principals.append(did)
            return principals.count - 1
        }
        edges = delegations.map { delegation in
            var abilities: [String] = []
            for capability in delegation.capabilities where !abilities.contains(capability.ability) {
                abilities.append(capability.ability)
            }
            return Edge(
                issuer: place(delegation.issuer),
                audience: place(delegation.audience),
                cid: delegation.cid,
                abilities: abilities,
                status: delegation.status
            )
        }
        self.principals = principals
    }
}
