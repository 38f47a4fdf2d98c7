import CapTesting
import Multiformats
import Testing

@testable import CapabilityGraph

/// The vectors under `fixtures/vectors/tinycloud/policy`, and what they leave open.
@Suite struct PolicyCapabilityTests {
    private static let folder = "vectors/tinycloud/policy/"
    private let registry: AbilityRegistry

    init() throws {
        registry = try AbilityRegistry(AbilityRegistry.tinyCloudEntries)
    }

    static func cases(_ file: String) throws -> [VectorCase] {
        try VectorCase.read(folder + file, list: "vectors", name: "name")
    }

    private func parse(_ json: JSON?) throws -> Result<PolicyCapability, PolicyRejection> {
        let json = try #require(json)
        return Result { () throws(PolicyRejection) in try PolicyCapability(json, registry: registry) }
    }

    @Test(arguments: try cases("canonicalization-vectors.json"))
    func canonicalBytesAndHashAreThoseOfTheVector(_ vector: VectorCase) throws {
        let capability = try parse(vector.json["input"]).get()
        #expect(capability.json == vector.json["canonical"])
        #expect(Base16.encode(capability.canonicalBytes) == vector.json["canonical_jcs_utf8_hex"]?.string)
        #expect(capability.hash.hex == vector.json["policy_capability_hash_hex"]?.string)
        #expect(try parse(capability.json).get() == capability, "a second pass changes nothing")
    }

    @Test(arguments: try cases("rejection-vectors.json"))
    func rejectedInputsAreRefusedWithTheirCode(_ vector: VectorCase) throws {
        let expected = try #require(vector.json["rejection_code"]?.string)
        #expect(throws: PolicyRejection.self) { try parse(vector.json["input"]).get() }
        guard case .failure(let rejection) = try parse(vector.json["input"]) else { return }
        #expect(rejection.code.text == expected)
    }

    @Test(arguments: try cases("containment-vectors.json"))
    func containmentIsThatOfTheVector(_ vector: VectorCase) throws {
        let isContained: Bool? = vector.json["contained"]?.bool
        let code: String?
        switch (try parse(vector.json["auth"]), try parse(vector.json["req"])) {
        case (.success(let outer), .success(let inner)):
            code = outer.failure(containing: inner, registry: registry)?.text
        case (.failure(let rejection), _), (_, .failure(let rejection)):
            code = rejection.code.text
        }
        #expect((code == nil) == isContained)
        let expected = vector.json["rejection_code"]?.string
        if expected == CaveatFailure.statementAdded.rawValue {
            // The added statement writes, so the capability is refused before it is compared; its caveats alone show
            // the code of the vector.
            #expect(code == CaveatFailure.writeBlocked.rawValue)
            let outer = Caveats([vector.json["auth"]?["caveats"] ?? .null])
            let inner = Caveats([vector.json["req"]?["caveats"] ?? .null])
            #expect(outer.failure(containing: inner, for: .delegation)?.rawValue == expected)
        } else {
            #expect(code == expected)
        }
    }

    @Test func theVectorFilesHoldWhatTheyHeldWhenTheseTestsWereWritten() throws {
        #expect(try Self.cases("canonicalization-vectors.json").count == 4)
        #expect(try Self.cases("rejection-vectors.json").count == 11)
        #expect(try Self.cases("containment-vectors.json").count == 31)
        let file = try Fixture.json(Self.folder + "canonicalization-vectors.json")
        #expect(file["domain"]?.string.map { $0 + "\0" } == PolicyCapability.domain)
    }

    @Test(arguments: [
        (#"[]"#, "policy-capability-malformed"),
        (#"{"zone":1,"scope":1}"#, "policy-capability-malformed"),
        (#"{"space":"a"}"#, "policy-capability-malformed-service"),
        (#"{"service":"tinycloud.none","space":"a","path":"p","actions":[]}"#, "policy-capability-malformed-service"),
        (#"{"service":"tinycloud.\u212Av","space":"a","path":"p"}"#, "policy-capability-malformed-service"),
        (#"{"service":"tinycloud.kv","space":"a b"}"#, "policy-capability-malformed-space"),
        (#"{"service":"tinycloud.kv","space":"manifest:a"}"#, "policy-capability-malformed-space"),
        (#"{"service":"tinycloud.kv","space":"cafe\u0301"}"#, "policy-capability-malformed-space"),
        (#"{"service":"tinycloud.kv","space":"a","path":"p"}"#, "policy-capability-empty-actions"),
        (#"{"service":"tinycloud.kv","space":"a","path":"p","actions":{}}"#, "policy-capability-malformed-action"),
        (#"{"service":"tinycloud.kv","space":"a","path":"p","actions":[1]}"#, "policy-capability-malformed-action"),
        (
            #"{"service":"tinycloud.kv","space":"a","path":"p","actions":["tinycloud.sql/read"]}"#,
            "policy-capability-malformed-action"
        ),
        (
            #"{"service":"tinycloud.kv","space":"a","path":"p","actions":["tinycloud.kv/*"]}"#,
            "policy-capability-malformed-action"
        ),
    ])
    func otherMalformedInputsAreRefused(_ text: String, _ expected: String) throws {
        guard case .failure(let rejection) = try parse(JSON.parse(Array(text.utf8))) else {
            Issue.record("accepted")
            return
        }
        #expect(rejection.code.text == expected)
    }

    @Test(arguments: [
        "", "..", "a/..", "a/./b", "%2e%2e/a", "a/%2E", "a/%2E%2e/b", "%%32%65%%32%65/a", "a%", "a%2", "a%zz", "a%2f",
        "a/*", "a?b", "a\u{0}b", "a\u{85}b",
    ])
    func pathsWithoutANormalFormAreRefused(_ path: String) { #expect(PolicyPath.normalised(path) == nil) }

    @Test(arguments: [
        ("a/b/", "a/b/"), ("a%2Fb", "a%2Fb"), ("%252E%252E", "%252E%252E"), ("%7e%41", "~A"), ("a//b", "a//b"),
        ("...", "..."), ("%65\u{301}", "\u{E9}"), ("\u{1112}\u{1161}\u{11AB}", "\u{D55C}"),
    ])
    func otherPathsReachTheirNormalFormInOnePass(_ path: String, _ expected: String) throws {
        let normal = try #require(PolicyPath.normalised(path))
        #expect(Array(normal.utf8) == Array(expected.utf8))
        #expect(PolicyPath.normalised(normal).map { Array($0.utf8) } == Array(expected.utf8))
    }

    @Test(arguments: [
        ("docs", "docs", true), ("docs/", "docs/a", true), ("docs/", "docs/", true), ("docs", "docs/a", false),
        ("docs/", "docs", false), ("docs/", "docsx", false), ("a/", "b/", false),
    ])
    func onlyATrailingSlashMakesAPrefix(_ outer: String, _ inner: String, _ expected: Bool) {
        #expect(PolicyPath.contains(outer, inner, service: "tinycloud.kv") == expected)
        #expect(PolicyPath.contains(outer, inner, service: "tinycloud.sql") == (outer == inner))
    }

    @Test func caveatsOfOtherServicesAreNeverDroppedNorChanged() throws {
        func capability(_ caveats: JSON?) throws -> PolicyCapability {
            var object = JSONObject()
            object["service"] = "tinycloud.kv"
            object["space"] = "a"
            object["path"] = "p"
            object["actions"] = ["tinycloud.kv/get"]
            object["caveats"] = caveats
            return try parse(.object(object)).get()
        }
        let narrow = try capability(["maxBytes": 10])
        #expect(
            try narrow.failure(containing: capability(nil), registry: registry)?.text == "containment-caveat-required")
        #expect(
            try narrow.failure(containing: capability(["maxBytes": 11]), registry: registry)?.text
                == "containment-caveat-mismatch")
        #expect(narrow.failure(containing: narrow, registry: registry) == nil)
        #expect(try capability(nil).failure(containing: narrow, registry: registry) == nil)
    }

    @Test(arguments: [
        ("[]", false), ("1", false), (#"{"a":1}"#, true), (#"{"a":9007199254740991}"#, true),
        (#"{"a":9007199254740992}"#, false), (#"{"a":1.5}"#, true), (#"{"a":1.0}"#, false), (#"{"a":1e3}"#, false),
        (#"{"a":-0}"#, false), (#"{"a":0.0000001}"#, false), (#"{"\ud83d\ude00":1}"#, false), (#"{"\uffee":1}"#, true),
    ])
    func caveatsWithSeveralSpellingsAreRefused(_ text: String, _ isAccepted: Bool) throws {
        let input =
            #"{"service":"tinycloud.kv","space":"a","path":"p","actions":["tinycloud.kv/get"],"caveats":\#(text)}"#
        switch try parse(JSON.parse(Array(input.utf8))) {
        case .success: #expect(isAccepted)
        case .failure(let rejection):
            #expect(!isAccepted)
            #expect(rejection.code == .malformedCaveats)
        }
    }

    @Test(arguments: [
        (#"{}"#, "tinycloud.sql/read", "policy-capability-malformed-caveats"),
        (
            #"{"mode":"constrained-statements","readOnly":true}"#, "tinycloud.sql/read",
            "policy-capability-malformed-caveats"
        ),
        (
            #"{"mode":"constrained-statements","readOnly":true,"statements":[],"also":1}"#, "tinycloud.sql/read",
            "policy-capability-malformed-caveats"
        ),
        (
            #"{"mode":"constrained-statements","readOnly":false,"statements":[]}"#, "tinycloud.sql/read",
            "sql-non-readonly-not-permitted"
        ),
        (
            #"{"mode":"constrained-statements","readOnly":true,"statements":[]}"#, "tinycloud.sql/write",
            "policy-capability-malformed"
        ),
        (
            #"{"mode":"constrained-statements","readOnly":true,"statements":[{"name":"a","sql":"SELECT 1; SELECT 2"}]}"#,
            "tinycloud.sql/select", "sql-multistatement-blocked"
        ),
    ])
    func sqlCaveatsAreReadStrictly(_ caveats: String, _ action: String, _ expected: String) throws {
        let input =
            #"{"service":"tinycloud.sql","space":"a","path":"p","actions":["\#(action)"],"caveats":\#(caveats)}"#
        guard case .failure(let rejection) = try parse(JSON.parse(Array(input.utf8))) else {
            Issue.record("accepted")
            return
        }
        #expect(rejection.code.text == expected)
    }
}
