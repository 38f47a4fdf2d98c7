import Multiformats
import Testing

@testable import CapClient

@Suite struct AnswerTests {
    private static let entry = """
        {"capabilities":[{"resource":"tinycloud:key:z6Mk:default/kv/","ability":"tinycloud.kv/get","caveats":{}}],
         "delegator":"did:key:a","delegate":"did:key:b","parents":["p"],"expiry":null,"status":"live","kind":"ucan"}
        """

    @Test func listsComeInEveryShape() throws {
        let keyed = try DelegationPage(Array("{\"bafk\":\(Self.entry)}".utf8))
        let paged = try DelegationPage(
            Array("{\"delegations\":{\"bafk\":\(Self.entry)},\"cursor\":\"n\",\"complete\":false,\"revision\":7}".utf8)
        )
        let bare = try DelegationPage(Array("[]".utf8))
        #expect(keyed.delegations == paged.delegations)
        #expect(keyed.isComplete && keyed.cursor == nil && keyed.revision == nil)
        #expect(!paged.isComplete && paged.cursor == "n" && paged.revision == 7)
        #expect(bare.delegations.isEmpty && bare.isComplete)
        let delegation = try #require(keyed.delegations.first)
        #expect(delegation.cid == "bafk")
        #expect(delegation.proofs == ["p"])
        #expect(delegation.expiresAt == nil)
        #expect(delegation.status == "live")
    }

    @Test func binaryParentsAreReadAsCIDs() throws {
        let bytes =
            "[1,85,30,32,3,75,236,118,183,216,138,42,27,93,145,106,238,227,100,99,152,119,63,252,91,230,98,114,64,"
        let json = try JSON.parse(
            Array(
                "[{\"cid\":\"x\",\"delegator\":\"a\",\"delegate\":\"b\",\"parents\":[\(bytes)207,36,228,57,169,192,114]]}]"
                    .utf8)
        )
        let parents = try ListedDelegation.list(json).first?.proofs
        #expect(parents == ["bafkr4iadjpwhnn6yrivbwxmrnlxogzddtb3t77c34zrheqgpetsdtkoaoi"])
    }

    @Test(arguments: ["7", "\"x\"", "{\"delegations\":[{}]}", "{\"a\":{\"delegator\":\"x\"}}", "{"])
    func answersWithoutDelegationsAreRefused(_ text: String) {
        #expect(throws: ClientError.self) { try DelegationPage(Array(text.utf8)) }
    }

    @Test func decisionsKeepReasonChainAndWalk() throws {
        let answer = try AuthorizeAnswer(
            Array(
                """
                {"decision":"deny","decisionId":"d1","revision":9,
                 "reason":{"code":"expired","message":"delegation expired","edge":"bafk","hint":"renew"},
                 "chain":[{"cid":"bafk","issuer":"did:a:a","audience":"did:b:b"}],"explain":{"visited":3}}
                """.utf8)
        )
        #expect(answer.decision == .deny)
        #expect(answer.reason == .init(code: "expired", message: "delegation expired", edge: "bafk", hint: "renew"))
        #expect(answer.chain.map(\.cid) == ["bafk"])
        #expect(answer.explanation?["visited"] == 3)
        #expect(throws: ClientError.self) { try AuthorizeAnswer(Array(#"{"decision":"maybe"}"#.utf8)) }
    }
}
