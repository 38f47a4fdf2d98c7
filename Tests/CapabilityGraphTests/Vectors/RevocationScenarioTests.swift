import CapTesting
import CapabilityGraph
import Multiformats
import Testing
import UCAN

/// `fixtures/vectors/tinycloud/revocation`: chains with placeholder CIDs, played through the graph.
@Suite struct RevocationScenarioTests {
    static let now: Int64 = 1_800_000_000_000_000

    /// The principal that a vector names, where it is a placeholder a key of that name.
    static func person(_ text: String) throws -> String {
        guard text.hasPrefix("did:key:"), (try? DID(text)) == nil else { return try DID(text).text }
        return KeyName.did(text)
    }

    /// Admits a chain root first; nil when all of it was admitted, else the text of the first refusal.
    static func admit(_ chain: [JSON], into rig: GraphRig) throws -> String? {
        let owner = try person(try #require(chain.first?["issuer"]?.string))
        let capability = chain.compactMap { $0["capability"] }.last
        let path = capability?["path"]?.string ?? "xyz.tinycloud.listen/conversations"
        let space = "tinycloud:\(owner.dropFirst(4)):\(capability?["space"]?.string ?? "applications")"
        var parent: String?
        for link in chain {
            let id = try #require(link["cid"]?.string)
            let isRoot = parent == nil
            let actions = capability?["actions"]?.array?.compactMap(\.string) ?? ["tinycloud.sql/read"]
            let statement = PlainStatement(
                id: id, isCacao: isRoot, issuer: try person(try #require(link["issuer"]?.string)),
                audience: try person(try #require(link["audience"]?.string)),
                capabilities: actions.map { PlainCapability("\(space)/sql/\(path)", $0) },
                expires: now + 1_000_000, proofs: parent.map { [$0] } ?? [],
                isTerminal: link["mode"]?.string == "terminal")
            var edge = try statement.graphValue()
            if let caveat = link["capability"]?["caveats"] {
                for index in edge.capabilities.indices { edge.capabilities[index].caveats = Caveats([caveat]) }
            }
            if case .refused(let refusal) = try rig.writer.admit(edge, at: Timestamp(microseconds: now)) {
                return refusal.text
            }
            rig.writer.commit()
            parent = id
        }
        return nil
    }

    /// Uses everything an edge carries, by its audience; nil when allowed, else the text of the refusal.
    static func invoke(_ id: String, in rig: GraphRig) throws -> String? {
        let snapshot = rig.graph.snapshot()
        let view = snapshot.view(try #require(snapshot.edge(Plain.multihash(id))))
        do {
            _ = try snapshot.checkInvocation(
                InvocationQuestion(
                    invoker: try DID(view.audience), proofs: [view.id], capabilities: view.capabilities),
                at: Timestamp(microseconds: now))
            return nil
        } catch let denial as InvocationDenial {
            return denial.text
        }
    }

    static func play(_ chain: [JSON], revoked: [String]) throws -> String? {
        let rig = try GraphRig()
        if let refusal = try admit(chain, into: rig) { return refusal }
        for id in revoked {
            let link = chain.first { $0["cid"]?.string == id }
            let signer = try person(link?["issuer"]?.string ?? "did:key:zNobody")
            let outcome = try rig.revoke(PlainRevocation(id: "end " + id, target: id, signer: signer), at: now)
            #expect(outcome == (link == nil ? "unauthorizedRevoker" : "revoked"))
        }
        return try invoke(try #require(chain.last?["cid"]?.string), in: rig)
    }

    static func expect(_ text: String?, isAccepted: Bool, code: String?, _ name: String) {
        if isAccepted {
            #expect(text == nil, "\(name)")
        } else {
            #expect(text?.prefix { $0 != ":" } == code.map { $0[...] }, "\(name)")
        }
    }

    @Test(arguments: ["leaf-revocation", "ancestor-revocation", "terminal-as-parent"])
    func scenariosEndAsListed(file: String) throws {
        let vectors = try #require(Fixture.json("vectors/tinycloud/revocation/\(file).json")["vectors"]?.array)
        try #require(!vectors.isEmpty)
        for vector in vectors {
            let chain = try #require(vector["chain"]?.array)
            let revoked = vector["revoked_cids"]?.array?.compactMap(\.string) ?? []
            Self.expect(
                try Self.play(chain, revoked: revoked), isAccepted: vector["expected"]?.string == "accept",
                code: vector["rejection_code"]?.string, vector["name"]?.string ?? "")
        }
    }

    @Test func readsAreDeniedFromTheRevocationOn() throws {
        let root = try Fixture.json("vectors/tinycloud/revocation/native-read-denial.json")
        var steps = 0
        for scenario in ["leaf_revocation_denial", "ancestor_revocation_denial"] {
            let chain = try #require(root[scenario]?["chain"]?.array)
            for step in try #require(root[scenario]?["trace"]?.array) where step["revoke_request"] == nil {
                guard let status = step["expected_response"]?["status"]?.number?.int64 else { continue }
                steps += 1
                let revoked = step["engine_state"]?["revoked_cids"]?.array?.compactMap(\.string) ?? []
                Self.expect(
                    try Self.play(chain, revoked: revoked), isAccepted: status == 200,
                    code: step["expected_response"]?["body"]?["code"]?.string, "\(scenario) \(steps)")
            }
        }
        #expect(steps >= 5)
    }
}
