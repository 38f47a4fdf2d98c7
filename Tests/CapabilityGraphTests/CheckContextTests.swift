import CapTesting
import Multiformats
import Testing
import UCAN

@testable import CapabilityGraph

/// Asks the gate about a capability that is narrowed by constrained statements.
@Suite struct CheckContextTests {
    private static let caveat = #"""
        {"mode":"constrained-statements","readOnly":true,
         "statements":[{"name":"get","sql":"SELECT * FROM a WHERE b = ?","fixedParams":[{"index":0,"value":1}]}]}
        """#
    private static let space = "tinycloud:example:owner:main"

    private let snapshot: Snapshot
    private let reader: DID
    private let wanted: Capability

    init() throws {
        let owner = try DID("did:example:owner")
        reader = try DID("did:example:reader")
        wanted = Capability(
            resource: try Resource(Self.space + "/sql/main.db"), ability: try Ability("tinycloud.sql/read"))
        let graph = try Graph(families: try Families([TinyCloud()]))
        let writer = GraphWriter(graph)
        var held = wanted
        held.caveats = Caveats([try JSON.parse(Array(Self.caveat.utf8))])
        let digest = SHA256.hash(Array("delegation".utf8))
        let statement = EdgeStatement(
            id: Multihash(code: .blake3_256, digest: digest), statementID: digest, kind: .ucan, issuer: owner,
            audience: reader, capabilities: [held])
        let outcome = try writer.admit(statement, at: Timestamp(seconds: 1000), hosting: .open)
        guard case .admitted = outcome else { throw GraphError(.malformedRecord, "\(outcome)") }
        writer.commit()
        snapshot = graph.snapshot()
    }

    @Test(arguments: [
        (nil, "missingContext"), ("{}", "missingContext"),
        (#"{"statement":{"kind":"executeStatement","name":"get","params":{}}}"#, "allow"),
        (#"{"statement":{"name":"get"}}"#, "allow"),
        (#"{"statement":{"name":"get","params":{"0":1}}}"#, "sql-fixed-param-override"),
        (#"{"statement":{"name":"drop"}}"#, "sql-statement-not-allowed"),
        (#"{"statement":{"kind":"query","sql":"SELECT 1"}}"#, "sql-raw-query-blocked"),
        (#"{"caveats":[]}"#, "containment-caveat-required"), (#"{"caveats":[{}]}"#, "containment-caveat-required"),
        (#"{"caveats":[CAVEAT]}"#, "missingContext"),
        (#"{"caveats":[CAVEAT],"statement":{"name":"get"}}"#, "allow"),
        (#"{"caveats":[CAVEAT],"statement":{"name":"drop"}}"#, "sql-statement-not-allowed"),
        (#"{"caveats":[],"statement":{"name":"get"}}"#, "containment-caveat-required"),
    ])
    func theGateJudgesByWhatTheContextSays(_ context: String?, _ expected: String) throws {
        let text = context.map { $0.replacing("CAVEAT", with: Self.caveat) }
        let parsed = try text.map { try Families.standard().context(JSON.parse(Array($0.utf8))) }
        let question = CheckQuestion(
            principal: reader, ability: wanted.ability, resource: wanted.resource, context: parsed)
        switch snapshot.check(question, at: Timestamp(seconds: 2000)) {
        case .allow: #expect(expected == "allow")
        case .deny(let denial):
            if case .caveatFailed(let reason) = denial.cause {
                #expect(reason == expected)
            } else {
                #expect(denial.code == expected)
            }
        case .undetermined: Issue.record("undetermined")
        }
    }

    @Test(arguments: [
        "[]", #"{"caveat":[]}"#, #"{"caveats":{}}"#, #"{"caveats":[1]}"#, #"{"statement":[]}"#, #"{"statement":null}"#,
    ])
    func aContextIsReadStrictly(_ text: String) throws {
        let json = try JSON.parse(Array(text.utf8))
        let error = #expect(throws: GraphError.self) { try Families.standard().context(json) }
        #expect(error?.code == .malformedContext)
    }
}
