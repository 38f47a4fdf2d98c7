import CapTesting
import Multiformats
import Testing

@testable import CapabilityGraph

/// The vectors under `fixtures/vectors/tinycloud/caveats`, and what they leave open.
@Suite struct SQLStatementTests {
    private static let folder = "vectors/tinycloud/caveats/"

    static func cases(_ file: String, list: String = "cases", name: String = "case") throws -> [VectorCase] {
        try VectorCase.read(folder + file, list: list, name: name)
    }

    private let families: Families

    init() throws { families = try Families([TinyCloud()]) }

    /// Reading a database by a statement.
    private static func use(_ statement: StatementUse?) throws -> CaveatUse {
        CaveatUse(
            ability: try Ability("tinycloud.sql/read"),
            resource: try Resource("tinycloud:example:owner:main/sql/main.db"),
            context: statement.map { CheckContext(statement: $0) })
    }

    private func caveat(_ vector: VectorCase) throws -> SQLCaveat {
        let json = try #require(vector.json["auth_capability"]?["caveats"])
        return try #require(SQLCaveat(json))
    }

    @Test(arguments: try cases("sql-accept.json"))
    func acceptedUsesPass(_ vector: VectorCase) throws {
        #expect(vector.json["expected"]?.string == "accept")
        let use = try StatementUse(try #require(vector.json["invocation"]))
        #expect(try caveat(vector).failure(using: use) == nil)
    }

    @Test(arguments: try cases("sql-reject.json"))
    func rejectedUsesFailWithTheirCode(_ vector: VectorCase) throws {
        let expected = try #require(vector.json["rejection_code"]?.string)
        if let invocation = vector.json["invocation"] {
            #expect(try caveat(vector).failure(using: StatementUse(invocation))?.text == expected)
        } else {
            // What the caveat binds is refused whichever statement is used.
            for statement in try caveat(vector).statements {
                #expect(SQLText(statement.sql).failure?.text == expected)
            }
        }
    }

    @Test(arguments: try cases("sql-containment.json", list: "vectors", name: "name"))
    func containmentIsThatOfTheVector(_ vector: VectorCase) throws {
        let outer = Caveats([try #require(vector.json["auth_caveat"])])
        let inner = Caveats([try #require(vector.json["req_caveat"])])
        for purpose in [Caveats.Purpose.delegation, .invocation] {
            let failure = outer.failure(containing: inner, for: purpose, families)
            #expect(failure?.text == vector.json["rejection_code"]?.string)
            #expect((failure == nil) == (vector.json["contained"]?.bool))
        }
    }

    @Test func theVectorFilesHoldWhatTheyHeldWhenTheseTestsWereWritten() throws {
        #expect(try Self.cases("sql-accept.json").count == 3)
        #expect(try Self.cases("sql-reject.json").count == 12)
        #expect(try Self.cases("sql-containment.json", list: "vectors", name: "name").count == 6)
    }

    @Test(arguments: [
        ("SELECT 1", nil), ("select 1;", nil), (" (SELECT 1) ;; \n", nil),
        ("WITH a AS (SELECT 1) SELECT * FROM a", nil),
        ("VALUES (1)", nil), ("SELECT ';' FROM \"a;b\" WHERE [c;d] = 'it''s'", nil), ("SELECT 1 /* ; */ -- ;", nil),
        ("SELECT updated_at, deleted FROM a", nil), ("SELECT CASE a WHEN 1 THEN 2 END FROM b", nil),
        ("INSERT INTO a VALUES (1)", "sql-write-blocked"), ("WITH a AS (SELECT 1) DeLeTe FROM b", "sql-write-blocked"),
        ("SELECT 1; DROP TABLE a", "sql-write-blocked"), ("PRAGMA writable_schema", "sql-write-blocked"),
        ("SELECT load_extension('a')", "sql-write-blocked"), ("SELECT 'delete'", "sql-write-blocked"),
        ("SELECT 1; SELECT 2", "sql-multistatement-blocked"), ("SELECT 1; -- a", "sql-multistatement-blocked"),
        ("SELECT '\\'; SELECT 2", "sql-multistatement-blocked"), ("SELECT 'a", "sql-multistatement-blocked"),
        ("SELECT 1 /* a", "sql-multistatement-blocked"), ("", "sql-non-read-blocked"),
        ("BEGIN", "sql-non-read-blocked"), ("EXPLAIN SELECT 1", "sql-non-read-blocked"),
        ("SELECT 1\u{0}", "sql-non-read-blocked"), ("\u{FF33}ELECT 1", "sql-non-read-blocked"),
    ])
    func onlyOneReadIsRead(_ text: String, _ expected: String?) {
        #expect(SQLText(text).failure?.text == expected)
    }

    @Test(arguments: [
        ("%standup%", false), ("", false), ("caf\u{E9} - / * or 1 = 1", false), ("floor 1=1", false), ("it's", true),
        ("a\"", true), ("a`", true), ("a;", true), ("a--b", true), ("/*", true), ("*/", true), ("x Or 1=1", true),
        ("a\u{0}", true),
    ])
    func valuesThatLookLikeEscapesAreSeen(_ text: String, _ expected: Bool) {
        #expect(SQLText(text).looksLikeEscape == expected)
    }

    private static let pinned: JSON = [
        "mode": "constrained-statements", "readOnly": true,
        "statements": [
            [
                "name": "get", "sql": "SELECT * FROM a WHERE b = ? AND c = ?",
                "fixedParams": [["index": 1, "value": "x"]],
            ],
            ["name": "bad", "sql": "SELECT * FROM a WHERE b = ?", "fixedParams": [["index": 0, "value": ["x"]]]],
            ["name": "caf\u{E9}", "sql": "SELECT ?"],
        ],
    ]

    @Test(arguments: [
        (#"{"name":"get"}"#, nil), (#"{"name":"get","params":[5]}"#, nil),
        (#"{"name":"get","params":{"0":null}}"#, nil),
        (#"{"name":"get","params":{"7":true}}"#, nil),
        (#"{"name":"get","params":[5,"x"]}"#, "sql-fixed-param-override"),
        (#"{"name":"get","params":{"1":"x"}}"#, "sql-fixed-param-override"),
        (#"{"name":"get","params":{"0":[],"1":"x"}}"#, "sql-fixed-param-override"),
        (#"{"name":"get","params":{"2":[],"0":"'"}}"#, "sql-escape-blocked"),
        (#"{"name":"get","params":{"0":[],"2":"'"}}"#, "sql-non-primitive-bind"),
        (#"{"name":"bad"}"#, "sql-non-primitive-bind"), (#"{"name":"GET"}"#, "sql-statement-not-allowed"),
        (#"{"name":"cafe\u0301"}"#, "sql-statement-not-allowed"), (#"{"name":"caf\u00e9"}"#, nil),
    ])
    func pinnedPositionsAndValuesAreHeldTo(_ use: String, _ expected: String?) throws {
        let caveat = try #require(SQLCaveat(Self.pinned))
        #expect(try caveat.failure(using: StatementUse(JSON.parse(Array(use.utf8))))?.text == expected)
    }

    @Test(arguments: [
        "[]", "{}", #"{"kind":1,"name":"a"}"#, #"{"kind":"run","name":"a"}"#, #"{"name":1}"#,
        #"{"name":"a","param":{}}"#,
        #"{"name":"a","params":null}"#, #"{"name":"a","params":"x"}"#, #"{"name":"a","params":{"01":1}}"#,
        #"{"name":"a","params":{"":1}}"#, #"{"name":"a","params":{"-1":1}}"#, #"{"name":"a","params":{"+1":1}}"#,
        #"{"name":"a","params":{" 1":1}}"#, #"{"name":"a","params":{"\u0661":1}}"#,
        #"{"name":"a","params":{"32766":1}}"#, #"{"name":"a","params":{"99999999999999999999":1}}"#,
    ])
    func malformedUsesAreNotUses(_ text: String) throws {
        let json = try JSON.parse(Array(text.utf8))
        #expect(throws: GraphError.self) { try StatementUse(json) }
    }

    @Test func usesOfDifferentBytesDiffer() throws {
        let composed = StatementUse.named("caf\u{E9}", parameters: [:])
        let decomposed = StatementUse.named("cafe\u{301}", parameters: [:])
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed, .query, .export, .query]).count == 4)
    }

    @Test func aCaveatWithAMemberNobodyUnderstandsAllowsNothing() throws {
        for text in [
            #"{"mode":"constrained-statements","readOnly":true,"statements":[],"tables":[]}"#,
            #"{"mode":"constrained-statements","readOnly":true,"statements":[{"name":"a","sql":"SELECT 1","rows":1}]}"#,
            #"{"mode":"constrained-statements","readOnly":true,"statements":[{"name":"a","sql":"SELECT 1","fixedParams":[{"index":0,"value":1,"if":2}]}]}"#,
        ] {
            let held = Caveats([try JSON.parse(Array(text.utf8))])
            let use = StatementUse.named("a", parameters: [:])
            #expect(try held.failure(Self.use(use), families) == .malformed)
            #expect(held.failure(containing: held, for: .delegation, families) == .malformed)
        }
    }

    @Test func everyPartOfTheContextMustBeMet() throws {
        let held = Caveats([Self.pinned])
        var narrower = try #require(Self.pinned.object)
        narrower["statements"] = .array([try #require(Self.pinned["statements"]?.array?.first)])
        let claimed = Caveats([.object(narrower)])
        let get = StatementUse.named("get", parameters: [0: 5])
        let other = StatementUse.named("caf\u{E9}", parameters: [:])
        func failure(_ caveats: Caveats, _ use: StatementUse?) throws -> CaveatFailure? {
            try caveats.failure(Self.use(use), families)
        }
        #expect(try failure(held, nil) == .statementMissing)
        #expect(try failure(held, other) == nil)
        #expect(try failure(claimed, get) == nil)
        #expect(try failure(claimed, other) == .statementNotAllowed)
        #expect(try failure(Caveats([Self.pinned, [:]]), get) == .unjudged)
        #expect(try failure(Caveats([["maxBytes": 10]]), get) == .unjudged)
        #expect(try failure(Caveats.none, .query) == nil)
    }
}
