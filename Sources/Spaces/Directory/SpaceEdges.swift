import ATProto
import CapabilityGraph
import Multiformats
package import Storage
import UCAN

/// Keeps the edges of a space equal to what its settings say: whom its policies admit, which applications may connect,
/// who owns it, and what the member list may give (atproto-spaces.md 5).
///
/// What a membership gives rests on `list`, and stands under the policy edge of its side: one edge says for all members that
/// the list may give reading, and one that it may give writing, so that a policy that no longer asks the list ends at once
/// what it gave, however many stand on it.
enum SpaceEdges {
    /// What an edge is for; with the subject it names the edge among those of one space.
    enum Role: String {
        /// The authority hands the space to its owner.
        case owner
        /// All that the list can give its members.
        case list
        /// The policies let the list give reading, and writing.
        case listRead, listWrite
        /// Everybody, or the managing application.
        case read, write
        case app
        /// Everybody may be told settings, members and writers.
        case describe
        /// Everybody may read without saying who reads.
        case readOpenly
        /// Everybody may know that the space is there.
        case know
        /// Its members may be shown who is one.
        case listMembers
        /// Which records the space takes, whoever writes them.
        case take
        /// What the memberships of an older release rest on; they stay as long as their space.
        case formerList, formerListRead, formerListWrite

        /// Carries the space itself, so that nobody ends it alone.
        var isCarrier: Bool {
            switch self {
            case .owner, .list, .formerList, .formerListRead, .formerListWrite: true
            case .listRead, .listWrite, .read, .write, .app, .describe, .readOpenly, .know, .listMembers, .take: false
            }
        }
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

    /// The edges that a space's settings call for.
    static func wanted(_ space: SpaceRecord) throws -> [Grant] {
        let settings = space.settings
        let members = DID(space: try Space(space.uri))
        var grants = [
            Grant(.owner, .ownership, space.owner, [.spaceRead, .spaceWrite, .spaceManage]),
            Grant(
                .list, .policy, try DID(space.uri.authority), [.spaceManage, .spaceRead, .spaceWrite, .spaceBelong]),
        ]
        switch settings.readPolicy {
        case .memberList: grants.append(Grant(.listRead, .policy, members, [.spaceListRead]))
        case .open:
            grants.append(Grant(.listRead, .policy, members, [.spaceListRead]))
            grants.append(Grant(.read, .policy, .anyone, [.spaceRead]))
        case .managingApp(let app):
            grants.append(
                Grant(.read, .policy, .anyone, [.spaceRead], under: .admitted(by: app, access: .read)))
        }
        switch settings.writePolicy {
        case .memberList: grants.append(Grant(.listWrite, .policy, members, [.spaceListWrite]))
        case .open:
            grants.append(Grant(.listWrite, .policy, members, [.spaceListWrite]))
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
        return grants + acquaintance(settings, members: members)
    }

    /// Who may know of the space, and whether its members may be shown its list: what earlier releases read off the
    /// settings, without an edge.
    fileprivate static func acquaintance(_ settings: SpaceSettings, members: DID) -> [Grant] {
        var grants: [Grant] = []
        // Whom an application will admit cannot be told beforehand, so that everybody may ask.
        if settings.managingApp != nil { grants.append(Grant(.know, .policy, .anyone, [.spaceKnow])) }
        if settings.config.membersCanList || settings.config.membershipPublic {
            grants.append(Grant(.listMembers, .policy, members, [.spaceListMembers]))
        }
        return grants
    }
}

extension SpaceCatalog {
    package func missingStatements() throws -> (@Sendable (StoreTransaction) throws -> Void)? {
        let lacking = try everything.spaces.values.compactMap { entry -> SpaceURI? in
            guard let record = entry.record else { return nil }
            let wanted = SpaceEdges.acquaintance(record.settings, members: DID(space: try Space(record.uri)))
            return wanted.allSatisfy { entry.edges[$0.key] != nil } ? nil : record.uri
        }
        guard !lacking.isEmpty else { return nil }
        return { change in
            for uri in lacking.sorted(by: { $0.text < $1.text }) {
                guard let record = try change.spaces.space(uri) else { continue }
                try change.reconcileEdges(of: record, by: record.owner)
            }
        }
    }
}

extension StoreTransaction {
    /// Ends what the settings no longer call for and admits what they newly do.
    func reconcileEdges(of space: SpaceRecord, by actor: DID) throws {
        let wanted = try SpaceEdges.wanted(space)
        var kept: Set<SpaceEdges.Key> = []
        let held = try spaces.edges(of: space.uri).sorted { $0.value < $1.value }
        for (key, edge) in held {
            let isWanted = wanted.contains { $0.key == key }
            if isWanted || key.role.isCarrier || staysForDenyList(key, space.settings)
                || staysForManagingApp(key, space.settings)
            {
                kept.insert(key)
            } else {
                try strike(edge, EdgeEnd(by: actor, reason: "policyChanged"))
            }
        }
        for grant in wanted where !kept.contains(grant.key) { try admit(grant, to: space, by: actor) }
    }

    /// Admits one edge of a space; gives it.
    @discardableResult
    func admit(_ grant: SpaceEdges.Grant, to space: SpaceRecord, by actor: DID) throws -> Snapshot.EdgeID {
        let resource = Resource.atproto(space: try Space(space.uri), path: nil)
        return try admit(
            HostStatement(
                kind: grant.kind, issuer: try DID(space.uri.authority), audience: grant.audience,
                capabilities: grant.abilities.map {
                    Capability(resource: resource, ability: $0, caveats: grant.caveats)
                }, actor: actor,
                facts: ["role": .text(grant.key.role.rawValue), "subject": .text(grant.key.subject)]))
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

extension Snapshot {
    /// Finds an edge by the 32 bytes a table keeps of it.
    func edge(stored id: [UInt8]?) -> EdgeID? {
        guard let digest = id.flatMap({ Digest($0) }) else { return nil }
        return edge(Multihash(code: .blake3_256, digest: digest))
    }
}
