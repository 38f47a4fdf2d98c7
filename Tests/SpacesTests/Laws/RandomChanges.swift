import ATProto
import CapTesting
import CapabilityGraph
import Multiformats
import Storage
import UCAN

@testable import Spaces

/// A store with a few people and spaces in which random things happen, in the words of the routes.
struct RandomChanges {
    let credentials: CredentialRig
    var rig: SpaceRig { credentials.spaces }
    var draw: SeededGenerator
    private(set) var story: [String] = []
    private var secrets: [(SpaceURI, String)] = []

    static let people = ["alice", "bob", "carol", "dave", "erin"]
    static let names = ["one", "two", "three"]
    static let app = "https://app.example/client.json"

    init(_ draw: SeededGenerator) throws {
        credentials = try CredentialRig()
        self.draw = draw
    }

    /// The same spaces in a store of their own, from a copy of the file.
    init(copying other: RandomChanges) throws {
        credentials = try CredentialRig(copying: other.rig)
        draw = other.draw
        story = other.story
        secrets = other.secrets
    }

    private mutating func pick<Value>(_ values: [Value]) -> Value { values[draw.int(in: 0...values.count - 1)] }

    private mutating func space() throws -> SpaceURI {
        try rig.uri(pick(Self.names), of: pick(Array(Self.people.prefix(2))))
    }

    private mutating func policy() -> String {
        let names = "com.atproto.simplespace.defs#"
        return pick([
            #"{"$type":"\#(names)memberListPolicy"}"#, #"{"$type":"\#(names)publicPolicy"}"#,
            #"{"$type":"\#(names)managingAppPolicy","managingApp":"did:web:app.example#forum"}"#,
        ])
    }

    /// Does something that somebody may or may not do; what is refused changes nothing.
    mutating func step() throws {
        let space = try space()
        let actor = pick(Self.people)
        let other = pick(Self.people)
        let kind = draw.int(in: 0...15)
        let text: String
        do {
            switch kind {
            case 0, 1:
                text = "\(actor) makes \(space)"
                _ = try rig.directory.create(
                    try rig.permit(.createSpace, actor, on: space), SettingsChange(),
                    listsCreator: draw.int(in: 0...1) == 0,
                    at: rig.start)
            case 2, 3, 4:
                let access = pick([
                    MemberAccess.reader, .writer, .readSelf, .write, [], [.read, .write, .manage], [.read, .manage],
                ])
                text = "\(actor) puts \(other) on \(space) for \(access.word)"
                try rig.add(other, to: space, access, by: actor)
            case 5:
                let inner = try self.space()
                text = "\(actor) puts \(inner) on \(space)"
                try rig.add(space: inner, to: space, pick([.reader, .writer, .readSelf]), by: actor)
            case 6:
                text = "\(actor) takes \(other) off \(space)"
                try rig.remove(other, from: space, by: actor)
            case 7, 8:
                let settings = pick([
                    #"{"readPolicy":\#(policy())}"#, #"{"writePolicy":\#(policy())}"#,
                    #"{"appAccess":{"type":"open"}}"#,
                    #"{"appAccess":{"type":"allowList","allowed":["\#(Self.app)"]}}"#,
                    #"{"appAccess":{"type":"denyList","denied":["https://bad.example/c.json"]}}"#,
                    #"{"config":{"membershipPublic":true}}"#, #"{"config":{"recordsPublic":true}}"#,
                    #"{"config":{"membershipPublic":false,"recordsPublic":false}}"#,
                ])
                text = "\(actor) sets \(space) to \(settings)"
                try rig.update(space, settings, by: actor)
            case 9:
                text = "\(actor) invites to \(space)"
                let made = try rig.invites.create(
                    try rig.permit(.manageInvites, actor, on: space), access: pick([.reader, .writer]),
                    maxUses: pick([nil, 1, 2]), expiresAt: nil, at: rig.start)
                secrets.append((space, made.secret))
            case 10 where !secrets.isEmpty:
                let (place, secret) = pick(secrets)
                text = "\(actor) accepts an invite to \(place)"
                _ = try rig.invites.accept(
                    try rig.gate.permit(account: .acceptInvite, try rig.session(actor), at: rig.start), secret: secret,
                    at: rig.start)
            case 12, 13:
                text = "\(actor) has a credential of \(space)"
                _ = try credentials.mint(actor, on: space)
            case 11:
                text = "\(actor) deletes \(space)"
                guard draw.int(in: 0...3) == 0 else { return }
                try rig.delete(space, by: actor)
            default:
                guard let edge = try randomEdge() else { return }
                text = "the authority of \(edge.space) ends \(edge.kind.name) of \(edge.audience)"
                try end(edge.id, byToken: draw.int(in: 0...1) == 0)
            }
            story.append(text)
        } catch let refusal as AccessRefusal {
            _ = refusal
        } catch let refusal as ATProtoError {
            _ = refusal
        }
    }

    struct Chosen {
        let id: Multihash
        let kind: EdgeKind
        let space: Space
        let audience: String
    }

    /// A live edge of this host about a space, if there is any.
    mutating func randomEdge() throws -> Chosen? {
        let graph = rig.store.unprovenSnapshot()
        let live = (0..<graph.edgeCount).map { graph.view(Snapshot.EdgeID(raw: UInt32($0))) }.filter {
            $0.kind.isHostStatement && $0.ending == nil && $0.kind != .session
        }
        guard !live.isEmpty else { return nil }
        let view = pick(live)
        guard let space = view.capabilities.lazy.compactMap(\.resource.space).first else { return nil }
        return Chosen(id: view.id, kind: view.kind, space: space, audience: view.audience)
    }

    /// Ends an edge by one of two doors: a revocation signed with the authority's own key, or its request at the gate.
    func end(_ edge: Multihash, byToken: Bool) throws {
        let graph = rig.store.unprovenSnapshot()
        guard let id = graph.edge(edge), let space = graph.view(id).spaceURI else { return }
        let authority = try DID(space.authority)
        if byToken {
            let statement = RevocationStatement(
                target: edge, signer: authority, proofs: [], id: BLAKE3.hash(edge.digest.bytes))
            let answered = Locked<Bool>(false)
            rig.store.submit(
                .revoke(statement, token: edge.digest.bytes, now: rig.start) { _ in
                    answered.withLock { $0 = true }
                })
            // Whatever is committed next comes behind it.
            try rig.store.transact(at: rig.start) { _ in }
            guard answered.withLock({ $0 }) else { throw Property.Difference("a revocation was not answered") }
        } else {
            let owner = String(authority.text.dropFirst("did:web:".count).prefix { $0 != "." })
            let permit = try rig.permit(.endEdge(edge), owner, on: space)
            _ = try SpaceGraph(store: rig.store).end(permit, edge, reason: "asked", at: rig.start)
        }
    }

    /// Everything that answers can tell: rows, settings, and what everybody may.
    func answers() throws -> [String] {
        var lines: [String] = []
        let tables = ["space_member", "space_invite"]
        for name in tables {
            guard let table = SpaceTables.all.first(where: { $0.name == name }) else { continue }
            let columns = table.columns.map(\.name).filter { $0 != "granted_by" }
            lines += try rig.store.read { reader in
                try reader.rows(
                    "SELECT \(columns.map { "quote(\($0))" }.joined(separator: " || ',' || ")) FROM \(name)"
                ) {
                    name + ": " + $0.text(0)
                }
            }.sorted()
        }
        let graph = rig.store.unprovenSnapshot()
        for owner in Self.people.prefix(2) {
            for name in Self.names {
                let uri = try rig.uri(name, of: owner)
                guard let record = try rig.store.spaces.space(uri) else { continue }
                lines.append("\(uri): \(record.settings)")
                lines.append("\(uri): \(try rig.store.spaces.edges(of: uri).keys.map { "\($0)" }.sorted())")
                for person in try Self.people.map(rig.did) + [DID.anyone] {
                    for ability in [Ability.spaceRead, .spaceReadSelf, .spaceWrite, .spaceManage, .spaceBelong] {
                        let question = CheckQuestion(
                            principal: person, ability: ability, resource: .atproto(space: try Space(uri), path: nil))
                        if graph.check(question, at: rig.start).isAllowed {
                            lines.append("\(uri): \(person) may \(ability)")
                        }
                    }
                }
            }
        }
        return lines
    }
}
