import CapClient
import Multiformats
import Testing
import UCAN

@testable import capq

/// Following the pages of an answer, whoever gives them.
@Suite struct QuestionPagesTests {
    private static let lists =
        #""stays":[],"notSimulated":[],"lost":[],"kept":[],"derived":[],"unmanaged":[],"orphans":[]"#
    private static let bound = #""capped":{"by":"nodes","limit":10,"visited":10}"#
    private static let changes: [JSON] = [["revoke": "a"], ["revoke": "b"]]

    private func page(_ ended: String, _ rest: String) throws -> JSON {
        let text = #"{"ended":[{"cid":"\#(ended)","kind":"ucan"}],\#(Self.lists),"unknown":[],"refused":[],\#(rest)}"#
        return try JSON.parse(Array(text.utf8))
    }

    /// A bound that only the second page hit makes the whole answer undetermined, and no page takes that back.
    @Test(arguments: [0, 1]) func aBoundOfAnyPageIsToldOfTheWhole(_ capped: Int) throws {
        let hidden = #""hidden":{"edges":2,"principals":1}"#
        let rests = [#""cursor":"1","complete":false"#, #""complete":true"#]
        let pages = try [0, 1].map { number in
            try page(
                "edge-\(number)", rests[number] + ",\(hidden)" + (number == capped ? ",\(Self.bound)" : ""))
        }
        let answer = try WhatIfCommand.answer(Self.changes, PageSource(pages: pages), nil, .whole)
        #expect(answer.exit == .undetermined)
        let json = try #require(answer.json)
        #expect(json["complete"] == false && json["cursor"] == nil && json["capped"]?["visited"] == 10)
        #expect(json["ended"]?.array?.count == 2)
        // Every page counts the same, so that they are not added.
        #expect(json["hidden"]?["edges"] == 2 && json["hidden"]?["principals"] == 1)
        #expect(answer.notes.contains("cut short after 10 nodes"))
    }

    @Test func whatIsSaidOnTheFirstPageStays() throws {
        let key =
            #""compromised":[{"principal":"did:web:a.example","can":[],"canMore":false,"governs":3,"controls":[]}]"#
        let pages = [
            try page("edge-0", #""cursor":"1","complete":false,\#(key)"#), try page("edge-1", #""complete":true"#),
        ]
        let answer = try WhatIfCommand.answer(Self.changes, PageSource(pages: pages), nil, .whole)
        #expect(answer.exit == .ok && answer.json?["complete"] == true)
        #expect(answer.json?["compromised"]?.array?.count == 1)
    }

    @Test func anAnswerWithoutItsListsIsNone() {
        let source = PageSource(pages: [["ended": [], "complete": true]])
        let failure = #expect(throws: CommandError.self) {
            try WhatIfCommand.answer(Self.changes, source, nil, .whole)
        }
        #expect(failure?.exit == .failure)
    }
}

/// Gives pages by their number, which is the cursor.
private struct PageSource: AuthoritySource {
    let pages: [JSON]

    var now: Timestamp { Timestamp(microseconds: 0) }
    var space: String? { nil }
    var invoker: DID? { nil }

    func ask(_ question: AuthorityQuestion) throws(CommandError) -> JSON {
        pages[question.cursor.flatMap { Int($0) } ?? 0]
    }

    func list(_ question: ListQuestion) throws(CommandError) -> DelegationPage { throw notAsked }
    func chain(_ cid: CID) throws(CommandError) -> DelegationChain { throw notAsked }
    func check(_ question: DecisionQuestion) throws(CommandError) -> AuthorizeAnswer { throw notAsked }
    func status(_ cid: CID) throws(CommandError) -> DelegationStatus { throw notAsked }

    private var notAsked: CommandError { CommandError(.failure, "only questions about authority are asked") }
}
