import ATProto
import CapabilityGraph
import Multiformats
import Storage
import UCAN

/// Keeps the edges of a space equal to what its settings say: whom its policies admit, which applications may connect,
/// who owns it, and what the member list may give (atproto-spaces.md 5).
///
/// Members' rights rest on `list` edges, so that a policy that no longer asks the list ends what it gave at once.
enum SpaceEdges {
    /// What an edge is for; with the subject it names the edge among those of one space.
    enum Role: String {
        /// The authority hands the space to its owner.
        case owner
        /// The list gives standing, and to some the right to manage.
        case list
        case listRead, listWrite
        /// Everybody, or the managing application.
        case read, write
        case app
        /// Everybody may be told settings, members and writers.
        case describe
        /// Everybody may read without saying who reads.
        case readOpenly
    }

    struct Key: Hashable {
        let role: Role
        /// The audience's text.
        let subject: String
    }

    /// One edge that the settings call for.
    struct Grant {
        let key: Key
        let kind: EdgeKind
        let audience: DID
        let abilities: [Ability]

        init(_ role: Role, _ kind: EdgeKind, _ audience: DID, _ abilities: [Ability]) {
            key = Key(role: role, subject: audience.text)
            self.kind = kind
            self.audience = audience
            self.abilities = abilities
        }
    }

    /// The principal of a managing application: its service, for a bare DID the account's host.
    static func principal(managingApp app: String) throws(GraphError) -> DID {
        try DID(service: app.utf8.contains(UInt8(ascii: "#")) ? app : app + "#atproto_pds")
    }

    static func wanted(_ settings: SpaceSettings, owner: DID, authority: DID) throws -> [Grant] {
        var grants = [
            Grant(.owner, .ownership, owner, [.spaceRead, .spaceWrite, .spaceManage]),
            Grant(.list, .policy, authority, [.spaceManage, .spaceBelong]),
        ]
        switch settings.readPolicy {
        case .memberList: grants.append(Grant(.listRead, .policy, authority, [.spaceRead]))
        case .open:
            grants.append(Grant(.listRead, .policy, authority, [.spaceRead]))
            grants.append(Grant(.read, .policy, .anyone, [.spaceRead]))
        case .managingApp(let app):
            grants.append(Grant(.read, .policy, try principal(managingApp: app), [.spaceRead]))
        }
        switch settings.writePolicy {
        case .memberList: grants.append(Grant(.listWrite, .policy, authority, [.spaceWrite]))
        case .open:
            grants.append(Grant(.listWrite, .policy, authority, [.spaceWrite]))
            grants.append(Grant(.write, .policy, .anyone, [.spaceWrite]))
        case .managingApp(let app):
            grants.append(Grant(.write, .policy, try principal(managingApp: app), [.spaceWrite]))
        }
        switch settings.appAccess {
        case .open: grants.append(Grant(.app, .appAccess, .anyone, [.spaceConnect]))
        case .allowList(let clients):
            // What is no client id cannot be attested either, so it needs no edge.
            for case let client? in clients.map({ try? DID(application: $0) }) {
                grants.append(Grant(.app, .appAccess, client, [.spaceConnect]))
            }
        case .denyList: break
        }
        if settings.config.membershipPublic { grants.append(Grant(.describe, .policy, .anyone, [.spaceDescribe])) }
        if settings.config.recordsPublic {
            grants.append(Grant(.readOpenly, .policy, .anyone, [.spaceReadOpenly]))
        }
        return grants
    }
}

extension StoreTransaction {
    /// Ends what the settings no longer call for and admits what they newly do.
    ///
    /// Returns the roles that were admitted, on which members' edges may now rest.
    @discardableResult
    func reconcileEdges(of space: SpaceRecord, by actor: DID) throws -> Set<SpaceEdges.Role> {
        let authority = try DID(space.uri.authority)
        let wanted = try SpaceEdges.wanted(space.settings, owner: space.owner, authority: authority)
        let held = try edges(of: space.number)
        var kept: Set<SpaceEdges.Key> = []
        for (key, edge) in held {
            if wanted.contains(where: { $0.key == key }) || staysForDenyList(key, space.settings) {
                kept.insert(key)
            } else {
                try end(stored: edge, by: actor, reason: "policyChanged")
                try run(
                    "DELETE FROM space_edge WHERE space = ?1 AND role = ?2 AND subject = ?3",
                    [.integer(space.number), .text(key.role.rawValue), .text(key.subject)])
            }
        }
        var made: Set<SpaceEdges.Role> = []
        for grant in wanted where !kept.contains(grant.key) {
            try admit(grant, to: space, by: actor)
            made.insert(grant.key.role)
        }
        return made
    }

    /// Admits one edge of a space and lists it; gives it.
    @discardableResult
    func admit(_ grant: SpaceEdges.Grant, to space: SpaceRecord, by actor: DID) throws -> Snapshot.EdgeID {
        let resource = Resource.atproto(space: try Space(space.uri), path: nil)
        let authority = try DID(space.uri.authority)
        let edge = try admit(
            HostStatement(
                kind: grant.kind, issuer: authority, audience: grant.audience,
                capabilities: grant.abilities.map { Capability(resource: resource, ability: $0) }, actor: actor))
        try run(
            "INSERT INTO space_edge(space, role, subject, edge) VALUES(?1, ?2, ?3, ?4)",
            [
                .integer(space.number), .text(grant.key.role.rawValue), .text(grant.key.subject),
                .blob(graph.view(edge).id.digest.bytes),
            ])
        return edge
    }

    /// Ends the edge whose id a row holds; nothing when it had ended, or is none.
    func end(stored id: [UInt8]?, by actor: DID, reason: String) throws {
        guard let edge = graph.edge(stored: id) else { return }
        try end(edge, by: actor, reason: reason)
    }

    /// Under a denylist an application's edge is made when it first asks, and stays until it is named.
    private func staysForDenyList(_ key: SpaceEdges.Key, _ settings: SpaceSettings) -> Bool {
        guard case .denyList(let denied) = settings.appAccess, key.role == .app,
            !UTF8Bytes.equal(key.subject, DID.anyone.text)
        else { return false }
        return !denied.contains { UTF8Bytes.equal($0, key.subject) }
    }
}

extension TableReader {
    func edges(of space: Int64) throws -> [(SpaceEdges.Key, [UInt8])] {
        try rows("SELECT role, subject, edge FROM space_edge WHERE space = ?1", [.integer(space)]) { row in
            SpaceEdges.Role(rawValue: row.text(0)).map {
                (SpaceEdges.Key(role: $0, subject: row.text(1)), row.bytes(2))
            }
        }.compactMap { $0 }
    }

    /// The edge of a role that names one subject, or any; nil when there is none.
    func edge(of space: Int64, _ role: SpaceEdges.Role, subject: DID? = nil) throws -> [UInt8]? {
        guard let subject else {
            return try first(
                "SELECT edge FROM space_edge WHERE space = ?1 AND role = ?2",
                [.integer(space), .text(role.rawValue)]
            ) { $0.bytes(0) }
        }
        return try first(
            "SELECT edge FROM space_edge WHERE space = ?1 AND role = ?2 AND subject = ?3",
            [.integer(space), .text(role.rawValue), .text(subject.text)]
        ) { $0.bytes(0) }
    }
}

extension Snapshot {
    /// Finds an edge by the 32 bytes a table keeps of it.
    func edge(stored id: [UInt8]?) -> EdgeID? {
        guard let digest = id.flatMap({ Digest($0) }) else { return nil }
        return edge(Multihash(code: .blake3_256, digest: digest))
    }
}
