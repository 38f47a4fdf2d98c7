import Multiformats
import Testing
import UCAN

/// AuthZEN 1.0 at /access/v1/evaluation and /access/v1/evaluations.
@Suite struct EvaluationTests {
    private let line: Line
    private var scene: Scene { line.scene }

    init() throws { line = try Line() }

    private func subject(_ key: PrivateKey) -> JSON { ["type": "did", "id": .string(key.did.text)] }

    private func resource(_ rest: String) -> JSON {
        ["type": "tinycloud", "id": .string(scene.space.resource(rest))]
    }

    private func post(_ path: String, _ json: JSON, by asker: PrivateKey? = nil) throws -> RawResponse {
        try scene.wire.post(
            "/access/v1/\(path)", scene.invocation(asker ?? line.helper, [], proofs: []), json: json)
    }

    @Test func oneQuestionIsAnsweredTrueOrFalse() throws {
        let asked: JSON = [
            "subject": subject(line.helper), "action": ["name": "tinycloud.kv/get"], "resource": resource("kv/notes/a"),
        ]
        let allowed = try post("evaluation", asked)
        #expect(allowed.status == 200 && allowed.json["decision"]?.bool == true)
        #expect(allowed.json["context"]?["reason"]?.string == "delegated")
        #expect(allowed.json["context"]?["revision"]?.number?.int64 == Int64(try scene.revision()))
        var other = asked.object ?? JSONObject()
        other["action"] = ["name": "tinycloud.kv/put", "properties": ["method": "PUT"]]
        let denied = try post("evaluation", .object(other)).json
        #expect(denied["decision"]?.bool == false)
        #expect(denied["context"]?["reason"]?.string == "abilityNotCovered")
        #expect(denied["context"]?["message"]?.string?.isEmpty == false)
    }

    @Test func contextMayNameATimeAndHoldWhatMeansNothingHere() throws {
        func ask(_ context: JSON) throws -> Bool? {
            let json: JSON = [
                "subject": subject(line.helper), "action": ["name": "tinycloud.kv/get"],
                "resource": resource("kv/notes/a"), "context": context,
            ]
            return try post("evaluation", json).json["decision"]?.bool
        }
        #expect(try ask(["ip": "192.0.2.1", "nested": ["a": 1]]) == true)
        #expect(try ask(["time": "2026-07-10T12:29:59Z"]) == true)
        #expect(try ask(["time": "2026-07-10T12:30:00Z"]) == false)
    }

    @Test func manyQuestionsShareDefaults() throws {
        let json: JSON = [
            "subject": subject(line.helper), "action": ["name": "tinycloud.kv/get"],
            "evaluations": [
                ["resource": resource("kv/notes/a")], ["resource": resource("kv/notes/b")],
                ["resource": resource("kv/notes/a"), "action": ["name": "tinycloud.kv/put"]],
                ["resource": resource("kv/notes/a/b")],
            ],
        ]
        let answer = try post("evaluations", json)
        #expect(answer.json["evaluations"]?.array?.map { $0["decision"]?.bool } == [true, false, false, true])
        // Without a list it is one question.
        let single = try post(
            "evaluations",
            [
                "subject": subject(line.helper), "action": ["name": "tinycloud.kv/get"],
                "resource": resource("kv/notes/a"),
            ])
        #expect(single.json["decision"]?.bool == true)
    }

    @Test func theSemanticsSayWhereToStop() throws {
        func ask(_ semantic: JSON) throws -> [Bool?]? {
            let json: JSON = [
                "subject": subject(line.helper), "action": ["name": "tinycloud.kv/get"],
                "options": ["evaluations_semantic": semantic],
                "evaluations": [
                    ["resource": resource("kv/notes/a")], ["resource": resource("kv/x")],
                    ["resource": resource("kv/notes/a/1")],
                ],
            ]
            return try post("evaluations", json).json["evaluations"]?.array?.map { $0["decision"]?.bool }
        }
        #expect(try ask("execute_all") == [true, false, true])
        #expect(try ask("deny_on_first_deny") == [true, false])
        #expect(try ask("permit_on_first_permit") == [true])
        #expect(try ask("whatever") == nil)
        #expect(try ask(7) == nil, "what is no text is not taken for the default")
    }

    @Test func whatIsAskedWrongly() throws {
        let good: [(String, JSON)] = [
            ("subject", subject(line.helper)), ("action", ["name": "tinycloud.kv/get"]),
            ("resource", resource("kv/notes/a")),
        ]
        func json(_ change: (inout JSONObject) -> Void) throws -> JSON {
            var object = try #require(JSONObject(good.map { (key: $0.0, value: $0.1) }))
            change(&object)
            return .object(object)
        }
        for (name, asked) in [
            ("no subject", try json { $0["subject"] = nil }), ("no type", try json { $0["subject"] = ["id": "x"] }),
            ("no DID", try json { $0["subject"] = ["type": "did", "id": "agent"] }),
            ("no action", try json { $0["action"] = nil }), ("no ability", try json { $0["action"] = ["name": "get"] }),
            ("no resource", try json { $0["resource"] = nil }),
            ("a time of words", try json { $0["context"] = ["time": "soon"] }), ("a list", []),
        ] {
            #expect(try post("evaluation", asked).status == 400, "\(name)")
        }
        #expect(try post("evaluation", json { _ in }, by: Cast.key(0x99)).status == 403)
        let anonymous = try scene.wire.post("/access/v1/evaluation", nil, json: json { _ in })
        #expect(anonymous.status == 401 && anonymous.reason == "missingAuthorization")
    }

    @Test func theRequestsOwnIdComesBack() throws {
        let token = try scene.invocation(line.helper, [], proofs: [])
        let answer = try scene.wire.post(
            "/access/v1/evaluation", token,
            json: [
                "subject": subject(line.helper), "action": ["name": "tinycloud.kv/get"],
                "resource": resource("kv/notes/a"),
            ], headers: ["X-Request-ID: bfe9eb29-ab87-4ca3-be83-a1d5d8305716"])
        #expect(answer.header("x-request-id") == "bfe9eb29-ab87-4ca3-be83-a1d5d8305716")
    }
}
