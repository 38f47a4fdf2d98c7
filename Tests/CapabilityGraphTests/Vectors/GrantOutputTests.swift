import CapTesting
import CapabilityGraph
import Multiformats
import Testing
import UCAN

/// `fixtures/vectors/tinycloud/grant-output`: real tokens, decoded and verified, at their own instants.
@Suite struct GrantOutputTests {
    let accept: JSON
    let now: Int64

    init() throws {
        accept = try Fixture.json("vectors/tinycloud/grant-output/accept.json")
        now = try #require(accept["fixedInstantEpochSeconds"]?.number?.int64)
    }

    static func token(_ authorization: String) throws -> Token {
        try UnverifiedToken.decode(authorization: authorization.utf8).verify()
    }

    func root() throws -> Token {
        try Self.token(try #require(accept["parentFormatVector"]?["dagCborBase64Url"]?.string))
    }

    func grant() throws -> Token {
        try Self.token(try #require(accept["cases"]?.array?.first?["ucan"]?["encoded"]?.string))
    }

    /// Admits a statement in a batch of its own; `admitted` or the code of the refusal.
    static func admit(_ statement: EdgeStatement, into rig: GraphRig, at seconds: Int64) throws -> String {
        defer { rig.writer.commit() }
        switch try rig.writer.admit(statement, at: Timestamp(seconds: seconds)) {
        case .admitted: return "admitted"
        case .existing: return "existing"
        case .twin: return "twin"
        case .refused(let refusal): return refusal.code.rawValue
        }
    }

    func filled() throws -> GraphRig {
        let rig = try GraphRig()
        #expect(try Self.admit(try EdgeStatement(try root()), into: rig, at: now) == "admitted")
        #expect(try Self.admit(try EdgeStatement(try grant()), into: rig, at: now) == "admitted")
        return rig
    }

    @Test func theAcceptedChainIsAdmittedUnderItsCIDs() throws {
        let rig = try filled()
        let snapshot = rig.graph.snapshot()
        for item in try #require(accept["cases"]?.array) {
            guard let encoded = item["ucan"]?["encoded"]?.string else { continue }
            let token = try Self.token(encoded)
            #expect(token.cid.text == item["ucan"]?["delegationId"]?.string)
            let leaf = try #require(snapshot.edge(token.id))
            let chain = try #require(snapshot.chain(of: leaf))
            #expect(
                chain.edges.map { snapshot.view($0).cid.text }
                    == [token.cid.text, accept["parentFormatVector"]?["expectedCid"]?.string ?? ""])
            #expect(snapshot.view(leaf).isTerminal)
            #expect(try Self.admit(try EdgeStatement(token), into: rig, at: now) == "existing")
        }
        let expected = try #require(accept["cases"]?.array?.first?["expectedExtractedCapability"])
        let leaf = try #require(snapshot.edge(try grant().id))
        let capability = try #require(
            snapshot.view(leaf).capabilities.first { $0.ability.text == expected["ability"]?.string })
        #expect(capability.resource.text == expected["resource"]?.string)
        #expect(capability.caveats.keyed == expected["notaBene"])
    }

    /// The refusals of the reference node by the name they have here.
    static let refusals = [
        "expired-at-import": "expired", "missing-parent": "missingProof", "terminal-parent": "terminalParent",
        "child-exp-after-parent-exp": "expiryExceedsParent", "capability-not-contained": "abilityNotCovered",
        "caveat-not-contained": "caveatsNotContained",
    ]

    @Test func importsAreRefusedForTheListedReason() throws {
        let vectors = try Fixture.json("vectors/tinycloud/grant-output/node-import-reject.json")
        let cases = try #require(vectors["cases"]?.array)
        #expect(cases.count == Self.refusals.count + 1)
        for item in cases {
            let reason = try #require(item["reason"]?.string)
            let encoded = try #require(item["ucan"]?["encoded"]?.string)
            if reason == "invalid-signature" {
                #expect(throws: UCANError(.badSignature, "")) { try Self.token(encoded) }
                continue
            }
            var parent = try EdgeStatement(try root())
            if item["alternatePersistedParent"]?["delegationMode"]?.string == "terminal" { parent.isTerminal = true }
            if let caveat = item["alternateParentCaveat"] {
                for index in parent.capabilities.indices where parent.capabilities[index].ability.text.contains("sql") {
                    parent.capabilities[index].caveats = Caveats([caveat])
                }
            }
            if let expires = item["parentExpiresAtEpochSeconds"]?.number?.int64 {
                parent.expires = Timestamp(seconds: expires)
            }
            let rig = try GraphRig()
            if item["persistedParentCids"]?.array?.isEmpty != true {
                #expect(try Self.admit(parent, into: rig, at: now) == "admitted")
            }
            let instant = item["validationTimeEpochSeconds"]?.number?.int64 ?? now
            let outcome = try Self.admit(try EdgeStatement(try Self.token(encoded)), into: rig, at: instant)
            #expect(outcome == Self.refusals[reason], "\(reason)")
        }
    }

    @Test func usesAreRefusedForTheListedReason() throws {
        let vectors = try Fixture.json("vectors/tinycloud/grant-output/node-invocation-reject.json")
        let cases = try #require(vectors["cases"]?.array)
        #expect(cases.count == 4)
        let token = try grant()
        for item in cases {
            let rig = try filled()
            if let revoked = item["revokedCid"]?.string {
                let revocation = RevocationStatement(
                    target: try CID(text: revoked.utf8).hash, signer: try root().issuer, proofs: [], id: .zero)
                let (target, acting) = try rig.writer.working.revocable(revocation, at: Timestamp(seconds: now))
                let end = EdgeEnd(by: acting, reason: "revoked")
                #expect(try rig.writer.end(target, end, at: Timestamp(seconds: now)) != nil)
                rig.writer.commit()
            }
            let statement = try EdgeStatement(token)
            var question = InvocationQuestion(
                invoker: statement.audience,
                proofs: [try CID(text: (item["importedDelegationId"]?.string ?? "").utf8).hash],
                capabilities: statement.capabilities)
            if let invoker = item["invokerDid"]?.string { question.invoker = try DID(invoker) }
            if let requested = item["requested"] {
                question.capabilities = [
                    try PlainCapability(
                        requested["resource"]?.string ?? "", requested["ability"]?.string ?? ""
                    ).graphValue()
                ]
            }
            let instant = item["invocationTimeEpochSeconds"]?.number?.int64 ?? now
            let reason = try #require(item["reason"]?.string)
            do {
                _ = try rig.graph.snapshot().checkInvocation(question, at: Timestamp(seconds: instant))
                Issue.record("allowed in spite of \(reason)")
            } catch {
                let expected: (text: String, code: String) =
                    switch reason {
                    case "wrong-invoker": ("Cannot find parent delegation", "missingProof")
                    case "proof-chain-expired": ("Unauthorized Action", "expired")
                    case "revoked-ancestor": ("delegation-ancestor-revoked", "revoked")
                    case "requested-action-not-authorized": ("Unauthorized Action", "abilityNotCovered")
                    default: ("", "")
                    }
                #expect(error.text.prefix { $0 != ":" } == expected.text, "\(reason)")
                #expect(error.denial.code == expected.code, "\(reason)")
            }
        }
        let rig = try filled()
        let statement = try EdgeStatement(token)
        let used = try rig.graph.snapshot().checkInvocation(
            InvocationQuestion(
                invoker: statement.audience, proofs: [statement.id], capabilities: statement.capabilities),
            at: Timestamp(seconds: now))
        #expect(used.map(\.raw) == [1])
    }
}
