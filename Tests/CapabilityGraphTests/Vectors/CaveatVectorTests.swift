import CapTesting
import CapabilityGraph
import Multiformats
import Testing

@Suite struct CaveatVectorTests {
    @Test func sqlContainmentGivesTheListedVerdictsAndCodes() throws {
        let vectors = try #require(Fixture.json("vectors/tinycloud/caveats/sql-containment.json")["vectors"]?.array)
        try #require(!vectors.isEmpty)
        for vector in vectors {
            let parent = Caveats([try #require(vector["auth_caveat"])])
            let child = Caveats([try #require(vector["req_caveat"])])
            let name = vector["name"]?.string ?? ""
            for purpose in [Caveats.Purpose.delegation, .invocation] {
                let failure = try parent.failure(containing: child, for: purpose, .standard())
                #expect((failure == nil) == vector["contained"]?.bool, "\(name)")
                #expect(failure?.text == vector["rejection_code"]?.string, "\(name)")
            }
        }
    }

    static let sql = PlainCaveat.sql(
        readOnly: true, statements: [PlainQuery(name: "one", sql: "SELECT ?", pinned: [0: "a"])])

    /// Parent, child, and what is said when one is used under the other to delegate and to invoke.
    @Test(
        arguments: [
            ([], [], nil, nil),
            ([], [.note("a")], nil, nil),
            ([], [sql], nil, nil),
            ([.note("a")], [.note("a")], nil, nil),
            ([.note("a")], [], .different, .different),
            ([.note("a")], [.note("b")], .different, .different),
            ([.note("a")], [.note("a"), .note("b")], .different, .different),
            ([.note("a"), .note("b")], [.note("b"), .note("a")], .different, .different),
            ([sql], [], .caveatRequired, .caveatRequired),
            ([sql], [.note("a")], .caveatRequired, .caveatRequired),
            ([sql], [sql, sql], .caveatRequired, .caveatRequired),
            ([.note("a")], [sql], .different, .different),
            ([], [.selector(isPrefix: false, value: "urn:a")], .selectorNotContained, nil),
            (
                [.selector(isPrefix: true, value: "urn:a")], [.selector(isPrefix: false, value: "urn:a/b")], nil,
                .different
            ),
            (
                [.selector(isPrefix: true, value: "urn:a")], [.selector(isPrefix: true, value: "urn:a/b")], nil,
                .different
            ),
            (
                [.selector(isPrefix: true, value: "urn:a")], [.selector(isPrefix: true, value: "urn:ab")],
                .selectorNotContained, .different
            ),
            (
                [.selector(isPrefix: false, value: "urn:a")], [.selector(isPrefix: true, value: "urn:a")],
                .selectorNotContained, .different
            ),
            ([.selector(isPrefix: false, value: "urn:a")], [], .selectorNotContained, .different),
        ] as [([PlainCaveat], [PlainCaveat], CaveatFailure?, CaveatFailure?)])
    func caveatsContain(
        parent: [PlainCaveat], child: [PlainCaveat], delegating: CaveatFailure?, invoking: CaveatFailure?
    ) throws {
        let outer = Plain.caveats(parent)
        let inner = Plain.caveats(child)
        #expect(try outer.failure(containing: inner, for: .delegation, .standard()) == delegating)
        #expect(try outer.failure(containing: inner, for: .invocation, .standard()) == invoking)
    }
}
