import ATProto
import CapTesting
import Multiformats
import UCAN

/// Plays drawn operations against a running host and against the model, and says the first difference.
struct SpacePlay {
    let host: SpaceStage
    private(set) var people: [SpacePerson]
    var model = SpaceModel()
    var random: SeededGenerator
    /// Credentials that were handed out: who, for which space.
    var credentials: [(person: Int, space: Int, reader: SpaceReader)] = []
    private let wires: [Wire]
    private var serial = 0

    init(seed: UInt64, people count: Int = 5) throws {
        let host = try SpaceStage()
        self.host = host
        random = SeededGenerator(seed: seed)
        people = try (0..<count).map { try host.person("person\($0)") }
        wires = people.map { _ in Wire(host.port) }
        for owner in [0, 1, 0] { try createSpace(owner) }
    }

    struct Difference: Error, CustomStringConvertible {
        let description: String
    }

    func expect(_ isRight: Bool, _ what: @autoclosure () -> String) throws {
        if !isRight { throw Difference(description: what()) }
    }

    mutating func pick(_ count: Int) -> Int { random.int(in: 0...(count - 1)) }

    // MARK: asking

    func get(_ person: Int, _ nsid: String, _ query: [(String, String)]) throws -> RawResponse {
        try people[person].get(nsid, query, on: wires[person])
    }

    func post(_ person: Int, _ nsid: String, _ body: JSON) throws -> RawResponse {
        try people[person].post(nsid, body, on: wires[person])
    }

    // MARK: operations

    mutating func step() throws {
        let space = pick(model.spaces.count)
        switch pick(20) {
        case 0, 1: try add(space)
        case 2: try put(space)
        case 3: try remove(space)
        case 4: try revokeMembership(space)
        case 5: try nest(space)
        case 6: try changePolicy(space)
        case 7: try invite(space)
        case 8, 9: try accept(space)
        case 10: try revokeInvite(space)
        case 11: try mint(space)
        case 12: try deleteOrCreate(space)
        case 13 where pick(4) == 0: try deleteRepo(space)
        default: try write(space)
        }
    }

    /// Sessions and credentials end, and what may be written in an hour begins anew.
    mutating func passTwoHours() throws {
        host.pass(7200)
        for one in credentials {
            let answer = try one.reader.get("com.atproto.space.listRepos")
            try expect(answer.refusal == "JwtExpired" || answer.refusal == "CredentialRevoked", answer.text)
        }
        credentials = []
        for index in people.indices { people[index].token = try host.session(of: people[index].did) }
    }

    mutating func createSpace(_ owner: Int) throws {
        let uri = try people[owner].createSpace(skey: "space\(model.spaces.count)")
        model.spaces.append(.init(owner: owner, uri: uri))
    }

    private func managed(_ space: Int, _ nsid: String, _ fields: [JSONObject.Member], by person: Int) throws -> Bool {
        let members = [("space", JSON.string(model.spaces[space].uri))] + fields
        let answer = try post(person, nsid, JSONObject(members).map { .object($0) } ?? .null)
        let mayManage = person == model.spaces[space].owner && !model.spaces[space].isDeleted
        try expect((answer.status < 300) == mayManage, "\(nsid) of \(space) by \(person): \(answer.text)")
        return mayManage
    }

    /// Mostly the owner, sometimes anybody.
    private mutating func manager(_ space: Int) -> Int {
        pick(8) == 0 ? pick(people.count) : model.spaces[space].owner
    }

    private mutating func add(_ space: Int) throws {
        let (member, by) = (pick(people.count), manager(space))
        let name = ["read", "write", "read_self"][pick(3)]
        guard member != model.spaces[space].owner, model.spaces[space].people[member] == nil else { return }
        let fields: [JSONObject.Member] = [("did", .string(people[member].did)), ("access", .string(name))]
        if try managed(space, "com.atproto.simplespace.addMember", fields, by: by) {
            model.spaces[space].people[member] = SpaceModel.Level.named[name]
        }
    }

    private mutating func put(_ space: Int) throws {
        let (member, by, read, write) = (pick(people.count), manager(space), pick(2) == 0, pick(2) == 0)
        guard member != model.spaces[space].owner else { return }
        let fields: [JSONObject.Member] = [
            ("did", .string(people[member].did)), ("read", .bool(read)), ("write", .bool(write)),
        ]
        if try managed(space, "com.atproto.simplespace.putMember", fields, by: by) {
            model.spaces[space].people[member] = .init(read: read, write: write)
        }
    }

    private mutating func remove(_ space: Int) throws {
        let (member, by) = (pick(people.count), manager(space))
        guard member != model.spaces[space].owner else { return }
        let fields: [JSONObject.Member] = [("did", .string(people[member].did))]
        if try managed(space, "com.atproto.simplespace.removeMember", fields, by: by) {
            model.spaces[space].take(off: member)
        }
    }

    private mutating func nest(_ space: Int) throws {
        let (inner, by) = (pick(model.spaces.count), manager(space))
        guard inner != space else { return }
        let uri = JSON.string(model.spaces[inner].uri)
        if model.spaces[space].spaces[inner] == nil {
            let name = ["read", "write"][pick(2)]
            let fields: [JSONObject.Member] = [("did", uri), ("access", .string(name)), ("isDelegation", true)]
            if try managed(space, "com.atproto.simplespace.addMember", fields, by: by) {
                model.spaces[space].spaces[inner] = SpaceModel.Level.named[name]
            }
        } else if try managed(space, "com.atproto.simplespace.removeMember", [("did", uri)], by: by) {
            model.spaces[space].spaces[inner] = nil
        }
    }

    private mutating func changePolicy(_ space: Int) throws {
        // Mostly closed, so that membership matters.
        let (reads, writes, by) = (pick(4) == 0, pick(4) == 0, manager(space))
        func policy(_ isPublic: Bool) -> JSON {
            ["$type": .string("com.atproto.simplespace.defs#" + (isPublic ? "publicPolicy" : "memberListPolicy"))]
        }
        let fields: [JSONObject.Member] = [("readPolicy", policy(reads)), ("writePolicy", policy(writes))]
        if try managed(space, "com.atproto.simplespace.updateSpace", fields, by: by) {
            model.spaces[space].readsPublicly = reads
            model.spaces[space].writesPublicly = writes
        }
    }
}
