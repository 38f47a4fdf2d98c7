import ATProto
import CapabilityGraph
import Storage
import UCAN

/// Gathers what a token rests on: a capability for each fact that must stay true, and the edge that shows it.
///
/// A token is in force while all its capabilities are (`Snapshot.isInForce`), so each fact ends it alone.
struct CredentialGrounds {
    private(set) var capabilities: [Capability] = []
    private(set) var proofs: [Snapshot.EdgeID] = []

    mutating func rest(_ ability: Ability, _ resource: Resource, on edge: Snapshot.EdgeID) {
        capabilities.append(Capability(resource: resource, ability: ability))
        if !proofs.contains(edge) { proofs.append(edge) }
    }

    /// The user reads a space: `read` on it and, for a member of member spaces, that it reads in each on the way.
    ///
    /// The authority has no edge but the space's own, which hands the space to its owner.
    mutating func restReading(_ decision: Decision, of record: SpaceRecord, in change: StoreTransaction) throws {
        guard case .allow(let allowance) = decision else { throw AccessRefusal.userNotAuthorized.with(decision) }
        let space = try Space(record.uri)
        guard !allowance.route.isEmpty else {
            guard let edge = try change.spaces.edge(of: record.uri, .owner) else {
                throw AccessRefusal.userNotAuthorized
            }
            return rest(.spaceRead, .atproto(space: space, path: nil), on: edge)
        }
        // Who comes along as the owner of a member space, and not by its list, does so as long as that space is there.
        if let leaf = allowance.route.first.map({ change.graph.view($0.edge) }), leaf.kind == .membership,
            let inner = try? change.graph.families.space(leaf.audience)
        {
            guard let edge = try change.spaces.edge(of: SpaceURI(inner.text), .owner) else {
                throw AccessRefusal.userNotAuthorized
            }
            rest(.spaceReadOnward, .atproto(space: inner, path: nil), on: edge)
        }
        // The route goes space by space, in each from the leaf to the root; what the list gives stands under a policy.
        var last: Space?
        for step in allowance.route {
            guard let place = step.capability.resource.space else { continue }
            let resource = Resource.atproto(space: place, path: nil)
            if step.capability.ability == .spaceListRead {
                rest(.spaceListRead, resource, on: step.edge)
            } else if place != last {
                last = place
                rest(place == space ? .spaceRead : .spaceReadOnward, resource, on: step.edge)
            }
        }
    }

    /// The application may act in the space. Under a deny list, where one edge is for all but those on it, the application
    /// is given an edge of its own, so that naming another one later ends nothing of this.
    mutating func restConnecting(
        _ decision: Decision?, of record: SpaceRecord, app: String?, in change: StoreTransaction
    ) throws {
        guard case .allow(let allowance)? = decision else { throw AccessRefusal.appNotAuthorized.with(decision) }
        let resource = Resource.atproto(space: try Space(record.uri), path: nil)
        if let leaf = allowance.route.first, leaf.capability.caveats.isEmpty {
            return rest(.spaceConnect, resource, on: leaf.edge)
        }
        guard let app else { throw AccessRefusal.appNotAuthorized }
        let grant = SpaceEdges.Grant(.app, .appAccess, try DID(application: app), [.spaceConnect])
        rest(.spaceConnect, resource, on: try change.admit(grant, to: record, by: record.owner))
    }

    /// The user's session lets an application ask in its name.
    mutating func rest(session: Snapshot.EdgeID, of user: DID) {
        rest(.accountDelegate, .account(user), on: session)
    }

    /// When the first of the edges runs out; nil when none does.
    func expiry(in graph: Snapshot) -> Timestamp? {
        proofs.compactMap { graph.view($0).expires }.min { $0.microseconds < $1.microseconds }
    }
}

extension Permit {
    /// The edge of the session that asked; nil where none did.
    var sessionEdge: Snapshot.EdgeID? { grounds.session?.leaf?.edge }
}
