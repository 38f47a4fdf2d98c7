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
        /// Which records the space takes, whoever writes them.
        case take
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
        let caveats: Caveats

        init(_ role: Role, _ kind: EdgeKind, _ audience: DID, _ abilities: [Ability], under caveat: SpaceCaveat? = nil)
        {
            caveats = Caveats(caveat.map { [$0.json] } ?? [])
            key = Key(role: role, subject: caveat.map(Self.subject) ?? audience.text)
            self.kind = kind
            self.audience = audience
            self.abilities = abilities
        }

        /// Other caveats make another edge.
        private static func subject(_ caveat: SpaceCaveat) -> String {
            SpaceEdges.caveated + Base16.encode(BLAKE3.hash(caveat.json.canonical()).bytes)
        }
    }

    /// Begins the subject of an edge that is for everybody under a caveat.
    static let caveated = "caveat:"

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
            grants.append(
                Grant(.read, .policy, .anyone, [.spaceRead], under: .admitted(by: app, access: .read)))
        }
        switch settings.writePolicy {
        case .memberList: grants.append(Grant(.listWrite, .policy, authority, [.spaceWrite]))
        case .open:
            grants.append(Grant(.listWrite, .policy, authority, [.spaceWrite]))
            grants.append(Grant(.write, .policy, .anyone, [.spaceWrite]))
        case .managingApp(let app):
            grants.append(
                Grant(.write, .policy, .anyone, [.spaceWrite], under: .admitted(by: app, access: .write)))
        }
        switch settings.appAccess {
        case .open: grants.append(Grant(.app, .appAccess, .anyone, [.spaceConnect]))
        case .allowList(let clients):
            // What is no client id cannot be attested either, so it needs no edge.
            for case let client? in clients.map({ try? DID(application: $0) }) {
                grants.append(Grant(.app, .appAccess, client, [.spaceConnect]))
            }
        case .denyList(let clients):
            grants.append(Grant(.app, .appAccess, .anyone, [.spaceConnect], under: .clientsExcept(clients)))
        }
        grants.append(
            Grant(
                .take, .policy, .anyone, [.spaceTake],
                under: settings.config.allowedCollections.map(SpaceCaveat.collections)))
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
            if wanted.contains(where: { $0.key == key }) || staysForDenyList(key, space.settings)
                || staysForManagingApp(key, space.settings)
            {
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
                capabilities: grant.abilities.map {
                    Capability(resource: resource, ability: $0, caveats: grant.caveats)
                }, actor: actor))
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

    /// What earlier releases stated for a managing application itself stays as long as the policy does: credentials rest
    /// on it.
    private func staysForManagingApp(_ key: SpaceEdges.Key, _ settings: SpaceSettings) -> Bool {
        let app: String?
        switch key.role {
        case .read: app = settings.readPolicy.managingApp
        case .write: app = settings.writePolicy.managingApp
        default: app = nil
        }
        return app.map { UTF8Bytes.equal(key.subject, $0) || UTF8Bytes.equal(key.subject, $0 + "#atproto_pds") }
            ?? false
    }

    /// Under a denylist an application is given an edge of its own with its first credential, which rests on it and stays
    /// until the application is named.
    private func staysForDenyList(_ key: SpaceEdges.Key, _ settings: SpaceSettings) -> Bool {
        guard case .denyList(let denied) = settings.appAccess, key.role == .app,
            !UTF8Bytes.equal(key.subject, DID.anyone.text), !key.subject.utf8.starts(with: SpaceEdges.caveated.utf8)
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
