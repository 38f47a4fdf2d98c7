import CapTesting
import CapabilityGraph
import Multiformats
import UCAN

/// A few spaces with owners, lists, policies, applications and one another's members, drawn or put up by hand.
struct SpaceStage {
    let rig: GraphRig
    private(set) var records: [LogRecord] = []
    private(set) var edges: [Snapshot.EdgeID] = []
    private(set) var spaces: [Space] = []
    let now = Timestamp(seconds: 1_700_000_000)

    static let owners = ["did:web:alice.example", "did:plc:bob", "did:plc:carol"]
    static let people = owners + ["did:plc:dan", "did:plc:erin"]
    static let apps = ["https://reader.example", "https://other.example"]

    init() throws { rig = try GraphRig() }

    private init(copying stage: SpaceStage) throws {
        rig = try GraphRig.replaying(stage.records)
        (records, edges, spaces) = (stage.records, stage.edges, stage.spaces)
    }

    /// Draws three spaces.
    init(_ random: inout RandomAuthority) throws {
        try self.init()
        for (place, owner) in Self.owners.enumerated() {
            let space = try put("s\(place)", of: owner)
            if random.percent(80) { try admit(.policy, space, DID(space: space), [.spaceListRead]) }
            if random.percent(80) { try admit(.policy, space, DID(space: space), [.spaceListWrite]) }
            if random.percent(25) { try admit(.policy, space, .anyone, [.spaceRead]) }
            if random.percent(25) { try admit(.policy, space, .anyone, [.spaceDescribe]) }
            if random.percent(35) { try admit(.policy, space, DID(space: space), [.spaceDescribe]) }
            if random.percent(25) { try admit(.policy, space, .anyone, [.spaceKnow]) }
            if random.percent(70) { try admit(.policy, space, .anyone, [.spaceTake]) }
            switch random.int(0, 2) {
            case 0: try admit(.appAccess, space, .anyone, [.spaceConnect])
            case 1: try admit(.appAccess, space, try DID(application: Self.apps[0]), [.spaceConnect])
            default: break
            }
        }
        for _ in 0..<random.int(3, 14) {
            let space = random.pick(spaces)
            let isSpace = random.percent(35)
            let member = isSpace ? DID(space: random.pick(spaces)) : try DID(random.pick(Self.people))
            guard member != DID(space: space) else { continue }
            let ability = random.pick([Ability.spaceRead, .spaceReadSelf, .spaceWrite, .spaceManage])
            try admit(.membership, space, member, [ability, .spaceBelong])
            if random.percent(25), let edge = edges.last { try end(edge, by: space.owner) }
        }
    }

    func copy() throws -> SpaceStage { try SpaceStage(copying: self) }

    var snapshot: Snapshot { rig.graph.snapshot() }

    /// A space that its authority gave to an owner.
    mutating func put(_ name: String, of authority: String, owner: String? = nil) throws -> Space {
        let space = try Space("at://\(authority)/space/com.example.forum/\(name)")
        spaces.append(space)
        try admit(.ownership, space, try DID(owner ?? authority), [.spaceRead, .spaceWrite, .spaceManage])
        return space
    }

    @discardableResult
    mutating func admit(
        _ kind: EdgeKind, _ space: Space, _ audience: DID, _ abilities: [Ability], caveats: Caveats = .none,
        proofs: [Snapshot.EdgeID] = []
    ) throws -> Snapshot.EdgeID {
        let statement = HostStatement(
            kind: kind, issuer: space.owner, audience: audience,
            capabilities: abilities.map {
                Capability(resource: .atproto(space: space, path: nil), ability: $0, caveats: caveats)
            }, expires: nil, proofs: proofs)
        switch try rig.writer.admit(statement, at: now) {
        case .admitted(let admitted, _, _):
            records.append(admitted.record)
            rig.writer.commit()
            edges.append(admitted.edge)
            return admitted.edge
        case .refused(let refusal): throw refusal
        }
    }

    mutating func end(_ edge: Snapshot.EdgeID, by actor: DID, at moment: Timestamp? = nil) throws {
        guard let ended = try rig.writer.end(edge, EdgeEnd(by: actor, reason: "removed"), at: moment ?? now) else {
            return
        }
        records.append(ended.record)
        rig.writer.commit()
    }

    func isAllowed(_ question: CheckQuestion) -> Bool { snapshot.answer(question, at: now).isAllowed }

    func isAllowed(_ principal: DID, _ ability: Ability, _ space: Space) -> Bool {
        isAllowed(CheckQuestion(principal: principal, ability: ability, resource: .atproto(space: space, path: nil)))
    }

    /// Whether the question is allowed when these steps are taken.
    func isAllowed(_ question: CheckQuestion, after steps: [FixStep]) throws -> Bool {
        var stage = try copy()
        var asked = question
        for step in steps {
            switch step {
            case .putMember(let space, let principal, let access):
                let given: [String: [Ability]] = [
                    "read": [.spaceRead], "write": [.spaceRead, .spaceWrite], "read_self": [.spaceReadSelf],
                    "write_only": [.spaceWrite],
                ]
                guard let abilities = given[access.word] else { throw Property.Difference("no such word") }
                try stage.admit(
                    .membership, space, principal,
                    abilities + (access.manages ? [.spaceManage, .spaceBelong] : [.spaceBelong]))
            case .setPolicy(let space, let ability): try stage.admit(.policy, space, DID(space: space), [ability])
            case .allowApplication(let space, let application):
                try stage.admit(.appAccess, space, application, [.spaceConnect])
            case .say("client", let values):
                var context = asked.context ?? CheckContext()
                context.client = values.first ?? Self.apps[0]
                asked.context = context
            case .say, .context, .wait, .delegate: throw Property.Difference("a step of another kind: \(step)")
            }
        }
        return stage.isAllowed(asked)
    }
}
