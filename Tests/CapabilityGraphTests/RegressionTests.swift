import CapTesting
import CapabilityGraph
import Multiformats
import Testing
import UCAN

/// One test for each defect that was found, in the order found.
@Suite struct RegressionTests {
    typealias First = FirstStepsTests

    @Test func aQueryNeverSeenBeforeIsNotTakenForNone() throws {
        let rig = try First.filled()
        for suffix in ["?x", "#x"] {
            var child = First.subgrant
            child.id = "with " + suffix
            child.statement = child.id
            child.capabilities[0].resource += suffix
            #expect(try rig.admit(child, at: First.now) == "abilityNotCovered")
            #expect(throws: InvocationDenial.self) {
                try rig.graph.snapshot().checkInvocation(
                    InvocationQuestion(
                        invoker: try DID(First.helper), proofs: [Plain.multihash("subgrant")],
                        capabilities: [try child.capabilities[0].graphValue()]),
                    at: Timestamp(microseconds: First.now))
            }
        }
    }

    @Test func theSameCaveatsCoverThemselvesHoweverNumbersAreWritten() throws {
        let rig = try First.filled()
        let text = #"[{"b":1.0,"a":[1e2,-0,0.50,12345678901234567890123]}]"#
        guard case .array(let list) = try JSON.parse(Array(text.utf8)) else { return }
        var parent = try First.subgrant.graphValue()
        parent.id = Plain.multihash("caveated")
        parent.statementID = Plain.digest("caveated")
        parent.capabilities[0].caveats = Caveats(list)
        let at = Timestamp(microseconds: First.now)
        guard case .admitted = try rig.writer.admit(parent, at: at) else {
            Issue.record("the narrowed delegation is refused")
            return
        }
        var child = parent
        child.id = Plain.multihash("passed on")
        child.statementID = Plain.digest("passed on")
        child.issuer = try DID(First.helper)
        child.audience = try DID(KeyName.did("Last"))
        child.proofs = [parent.id]
        guard case .admitted = try rig.writer.admit(child, at: at) else {
            Issue.record("the same caveats are refused under themselves")
            return
        }
        rig.writer.commit()
        let question = CheckQuestion(
            principal: child.audience, ability: child.capabilities[0].ability,
            resource: child.capabilities[0].resource, context: CheckContext(caveats: Caveats(list)))
        // They are met by themselves, and are still nothing that could be judged here.
        guard case .deny(let denial) = rig.graph.snapshot().check(question, at: at) else {
            Issue.record("a caveat nobody knows is allowed")
            return
        }
        #expect(denial.cause == .caveatFailed(reason: CaveatFailure.unjudged.text))
    }

    @Test func aRevokedProofIsNamedBeforeAnExpiredOne() throws {
        let rig = try First.filled()
        var other = First.subgrant
        other.id = "second"
        other.statement = "second"
        other.expires = First.now + 2 * First.hour
        #expect(try rig.admit(other, at: First.now) == "admitted")
        #expect(
            try rig.revoke(PlainRevocation(id: "r", target: "second", signer: First.owner), at: First.now) == "revoked")
        let snapshot = rig.graph.snapshot()
        do {
            _ = try snapshot.checkInvocation(
                InvocationQuestion(
                    invoker: try DID(First.helper), proofs: [Plain.multihash("subgrant"), Plain.multihash("second")],
                    capabilities: [try First.subgrant.capabilities[0].graphValue()]),
                at: Timestamp(microseconds: First.now + First.hour))
            Issue.record("an invocation under a revoked proof is allowed")
        } catch let denial as InvocationDenial {
            #expect(denial.text.hasPrefix("delegation-revoked: "))
        }
    }

    @Test func aPageOfNothingDoesNotClaimToBeTheLast() throws {
        let rig = try First.filled()
        let snapshot = rig.graph.snapshot()
        let at = Timestamp(microseconds: First.now)
        let space = try Space(First.space)
        let asker = try snapshot.asker(invoker: try DID(First.agent), proofs: [], at: at)
        let page = snapshot.list(
            ListQuery(space: space, asker: asker), limit: 0, selectedAt: at, now: at, current: snapshot)
        #expect(!page.rows.isEmpty || page.next != nil)
    }
}
