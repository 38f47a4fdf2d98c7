import CapabilityGraph
import UCAN

/// Whether a member of a space may read a record of it, among ten members and among many.
enum MemberShape {
    static func run(_ scale: Scale) throws -> [Measurement] {
        let few = try time(members: 10, scale)
        let many = try time(members: scale.members, scale)
        return [
            Measurement(
                shape: "member-decision-\(scale.members)", value: many, floor: few, unit: "ns", target: .atMost(1.5))
        ]
    }

    private static let now = Timestamp(seconds: 1_700_000_000)
    private static let questionCount = 1 << 12

    private static func time(members: Int, _ scale: Scale) throws -> Double {
        let graph = try Graph(families: Families.standard())
        let writer = GraphWriter(graph)
        let owner = try DID("did:web:owner.example")
        let space = try Families.standard().space("at://did:web:owner.example/space/com.example.forum/main")
        let dids = try (0..<members).map { try DID("did:plc:member\($0)") }
        // What the list says counts under the policy of the space.
        let place = Resource.atproto(space: space, path: nil)
        let edges: [(EdgeKind, DID, Ability)] =
            [(.policy, DID(space: space), .spaceListRead)] + dids.map { (.membership, $0, .spaceRead) }
        for (kind, audience, ability) in edges {
            let statement = HostStatement(
                kind: kind, issuer: owner, audience: audience,
                capabilities: [Capability(resource: place, ability: ability)])
            guard case .admitted = try writer.admit(statement, at: now) else {
                preconditionFailure("a benchmark member was refused")
            }
        }
        writer.commit()
        let snapshot = graph.snapshot()
        // The same members are asked about in both worlds, so that what differs is how many others there are.
        let questions = try (0..<questionCount).map { number in
            snapshot.resolve(
                CheckQuestion(
                    principal: dids[number % 10], ability: .spaceRead,
                    resource: try Families.standard().resource(
                        "\(space)/\(dids[(number / 10) % 10])/com.example.post/r\(number)")))
        }
        let nanoseconds = Stopwatch.best(of: scale.runs) { keep(ask(questions, snapshot)) }
        return nanoseconds / Double(questionCount)
    }

    @inline(never)
    private static func ask(_ questions: [ResolvedQuestion], _ snapshot: Snapshot) -> Int {
        var allowed = 0
        for question in questions {
            if case .allowed = snapshot.verdict(question, at: now) { allowed += 1 }
        }
        precondition(allowed == questions.count, "a benchmark check was refused")
        return allowed
    }
}
