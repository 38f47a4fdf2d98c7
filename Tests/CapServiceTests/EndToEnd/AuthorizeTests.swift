import Multiformats
import Testing
import UCAN

/// POST /authorize: who may ask what, and what is answered.
@Suite struct AuthorizeTests {
    private struct Questions {
        let line: Line
        var scene: Scene { line.scene }

        init(options: [String] = []) throws { line = try Line(options: options) }

        func about(
            _ principal: PrivateKey, _ ability: String = "tinycloud.kv/get", _ rest: String = "kv/notes/a",
            _ more: [(String, JSON)] = []
        ) -> JSON {
            var object = JSONObject()
            object["principal"] = .string(principal.did.text)
            object["ability"] = .string(ability)
            object["resource"] = .string(scene.space.resource(rest))
            for (key, value) in more { object[key] = value }
            return .object(object)
        }

        func ask(_ json: JSON, by asker: PrivateKey, proofs: [UnverifiedToken] = []) throws -> RawResponse {
            try scene.wire.post(
                "/authorize", scene.invocation(asker, scene.space.readAll, proofs: proofs), json: json)
        }

        func carried(_ token: UnverifiedToken, _ more: [(String, JSON)] = []) throws -> JSON {
            var object = JSONObject()
            object["invocation"] = .string(token.authorization())
            for (key, value) in more { object[key] = value }
            let response = try scene.wire.post("/authorize", nil, json: .object(object))
            try #require(response.status == 200, "\(response.status) \(response.text)")
            return response.json
        }

        func use(_ rest: String = "kv/notes/a", lasts: Int64 = 120) throws -> UnverifiedToken {
            try scene.invocation(
                line.helper, [scene.space.can("tinycloud.kv/get", rest)], proofs: [line.second], lasts: lasts)
        }
    }

    @Test func anAllowanceNamesItsChainLeafToRoot() throws {
        let questions = try Questions()
        let line = questions.line
        let answer = try questions.ask(questions.about(line.helper), by: line.helper).json
        #expect(answer["decision"]?.string == "allow")
        #expect(answer["chain"]?.texts("cid") == [line.second, line.first, line.root].map(\.cid.text))
        #expect(answer["reason"]?["code"]?.string == "delegated")
        #expect(answer["revision"]?.number?.int64 == Int64(try line.scene.revision()))
        #expect(answer["decisionId"]?.string?.utf8.count == 16)
        let step = try #require(answer["chain"]?.array?.first)
        #expect(step["issuer"]?.string == line.agent.did.text && step["audience"]?.string == line.helper.did.text)
        #expect(step["capability"]?["resource"]?.string == line.scene.space.resource("kv/notes/a"))
        #expect(step["status"]?.string == "active" && step["kind"]?.string == "ucan")
    }

    @Test func aDenialSaysOneCauseAndWhatWouldMendIt() throws {
        let questions = try Questions()
        let line = questions.line
        let scene = line.scene
        let bound = try Cast.key(0x50)
        try scene.admit(
            scene.ucan(
                scene.session, to: bound.did,
                [scene.space.can("tinycloud.kv/get", "kv/notes/", caveats: [["only": "mine"]])], proofs: [line.root]))
        let later = try Cast.key(0x51)
        try scene.admit(
            scene.ucan(
                scene.session, to: later.did, [scene.space.can("tinycloud.kv/get", "kv/notes/")],
                proofs: [line.root], lasts: 30))
        func reason(_ asker: PrivateKey, _ question: JSON) throws -> (String?, JSON) {
            let answer = try questions.ask(question, by: asker).json
            #expect(answer["chain"] == [])
            return (answer["decision"]?.string, answer["reason"] ?? .null)
        }
        func expect(
            _ asker: PrivateKey, _ question: JSON, _ code: String, _ edge: UnverifiedToken? = nil
        ) throws {
            let (decision, reason) = try reason(asker, question)
            #expect(decision == "deny" && reason["code"]?.string == code, "\(code): \(reason)")
            #expect(reason["message"]?.string?.isEmpty == false && reason["hint"]?.string?.isEmpty == false)
            if let edge { #expect(reason["edge"]?.string == edge.cid.text, "\(code)") }
        }
        let helper = line.helper
        try expect(helper, questions.about(helper, "tinycloud.kv/put"), "abilityNotCovered", line.second)
        try expect(
            helper, questions.about(helper, "tinycloud.kv/get", "kv/notes/b"), "resourceNotCovered", line.second)
        try expect(helper, questions.about(helper, "tinycloud.kv/get", "kv/notes/ab"), "resourceNotCovered")
        let nobody = try Cast.key(0x52)
        try expect(nobody, questions.about(nobody), "noRoute")
        try expect(bound, questions.about(bound), "caveatFailed")
        try expect(
            bound,
            questions.about(bound, "tinycloud.kv/get", "kv/notes/a", [("context", ["caveats": [["only": "x"]]])]),
            "caveatFailed")
        try expect(
            bound,
            questions.about(bound, "tinycloud.kv/get", "kv/notes/a", [("context", ["caveats": [["only": "mine"]]])]),
            "caveatFailed")
        #expect(try questions.ask(questions.about(later), by: later).json["decision"]?.string == "allow")
        scene.advance(30)
        try expect(later, questions.about(later), "expired")
        #expect(try scene.revoke(line.first, by: scene.session).status == 200)
        try expect(helper, questions.about(helper), "revoked", line.first)
    }

    @Test func theOwnerNeedsNoDelegation() throws {
        let questions = try Questions()
        let scene = questions.scene
        let key = try Cast.key(0x53)
        let own = SpaceName(of: key.did, "mine")
        let answer = try scene.check(key, "tinycloud.kv/put", "kv/x", of: own).json
        #expect(answer["decision"]?.string == "allow" && answer["chain"] == [])
        #expect(answer["reason"]?["code"]?.string == "owner")
    }

    @Test func aTimeMayBeNamed() throws {
        let questions = try Questions()
        let helper = questions.line.helper
        for (time, decision) in [
            (JSON.string("2026-07-10T12:29:59.999999Z"), "allow"), (.string("2026-07-10T12:30:00Z"), "deny"),
            (.number(JSONNumber(Scene.start)), "allow"), (.number(JSONNumber(Scene.start + 1800)), "deny"),
        ] {
            let question = questions.about(helper, "tinycloud.kv/get", "kv/notes/a", [("time", time)])
            #expect(try questions.ask(question, by: helper).json["decision"]?.string == decision, "\(time)")
        }
    }

    @Test func aBatchAnswersAsEachWouldBe() throws {
        let questions = try Questions()
        let helper = questions.line.helper
        let each: [JSON] = [
            questions.about(helper), questions.about(helper, "tinycloud.kv/put"),
            questions.about(helper, "tinycloud.kv/get", "kv/notes/b", [("explain", true)]),
            ["invocation": .string(try questions.use().authorization())],
            questions.about(helper, "tinycloud.kv/get", "kv/notes/a", [("time", .number(JSONNumber(0)))]),
        ]
        func plain(_ json: JSON) -> JSON {
            var object = json.object ?? JSONObject()
            object["decisionId"] = nil
            return .object(object)
        }
        let batch = try questions.ask(["checks": .array(each)], by: helper).json
        let decisions = try #require(batch["decisions"]?.array)
        #expect(decisions.count == each.count && batch["revision"] != nil)
        for (question, decision) in zip(each, decisions) {
            let alone = try questions.ask(question, by: helper).json
            #expect(plain(decision) == plain(alone))
        }
        #expect(try questions.ask(["checks": []], by: helper).json["decisions"] == [])
        let many = JSON.array(Array(repeating: each[0], count: 101))
        #expect(try questions.ask(["checks": many], by: helper).status == 400)
    }

    @Test func aCarriedInvocationIsJudgedAndNotUsedUp() throws {
        let questions = try Questions()
        let line = questions.line
        let scene = line.scene
        let use = try questions.use()
        let revision = try scene.revision()
        for _ in 0..<3 {
            let answer = try questions.carried(use)
            #expect(answer["decision"]?.string == "allow")
            #expect(answer["chain"]?.texts("cid") == [line.second, line.first, line.root].map(\.cid.text))
        }
        let wanted = [
            ("ability", JSON.string("tinycloud.kv/get")),
            ("resource", .string(scene.space.resource("kv/notes/a/deep"))),
        ]
        #expect(try questions.carried(use, wanted)["decision"]?.string == "allow", "it names what covers that")
        let other = [
            ("ability", JSON.string("tinycloud.kv/get")), ("resource", .string(scene.space.resource("kv/notes/b"))),
        ]
        #expect(try questions.carried(use, other)["reason"]?["code"]?.string == "notInvoked")
        #expect(
            try questions.carried(use, [("time", .number(JSONNumber(scene.now + 120)))])["reason"]?["code"]?.string
                == "expired")
        #expect(try scene.wire.post("/invoke", use).status == 404, "its one use was not spent by asking")
        #expect(try scene.revision() == revision)
    }

    @Test func aCarriedInvocationThatDoesNotHoldIsDenied() throws {
        let questions = try Questions()
        let line = questions.line
        let scene = line.scene
        let get = try scene.space.can("tinycloud.kv/get", "kv/notes/a")
        let rows: [(String, UnverifiedToken, String)] = [
            ("forged", try Refused.forged(questions.use(), scene), "badSignature"),
            ("expired", try questions.use(lasts: 0), "expired"),
            ("too long", try questions.use(lasts: 400), "lifetimeExceeded"),
            (
                "a delegation",
                try scene.ucan(line.helper, to: line.agent.did, [get], proofs: [line.second], lasts: 60),
                "audienceMismatch"
            ),
            ("a wallet's", line.root, "lifetimeExceeded"),
            (
                "a status read",
                try TokenMaker.status(issuer: line.helper, target: line.second.cid, expires: scene.time(60)),
                "wrongKind"
            ),
            ("no proof", try scene.invocation(line.helper, [get], proofs: []), "missingProof"),
            ("another's proof", try scene.invocation(line.helper, [get], proofs: [line.first]), "missingProof"),
            (
                "more than it holds",
                try scene.invocation(
                    line.helper, [scene.space.can("tinycloud.kv/get", "kv/notes/b")], proofs: [line.second]),
                "resourceNotCovered"
            ),
        ]
        for (name, token, code) in rows {
            let answer = try questions.carried(token)
            #expect(answer["decision"]?.string == "deny", "\(name)")
            #expect(answer["reason"]?["code"]?.string == code, "\(name): \(answer["reason"] ?? .null)")
        }
        #expect(try scene.revoke(line.root, by: scene.owner).status == 200)
        #expect(try questions.carried(questions.use())["reason"]?["code"]?.string == "revoked")
    }

    @Test func aReaderOfTheSpaceMayAskAboutAnybodyInIt() throws {
        let questions = try Questions()
        let line = questions.line
        let scene = line.scene
        let about = questions.about(line.helper)
        #expect(try questions.ask(about, by: line.agent, proofs: [line.first]).json["decision"]?.string == "allow")
        #expect(try questions.ask(about, by: scene.session, proofs: [line.root]).json["decision"]?.string == "allow")
        // The right is the invocation's, not the asker's: without the proof, or naming something else, it is not there.
        #expect(try questions.ask(about, by: line.agent).status == 403)
        let other = try scene.invocation(
            line.agent, [scene.space.can("tinycloud.kv/get", "kv/notes/a")], proofs: [line.first])
        #expect(try scene.wire.post("/authorize", other, json: about).status == 403)
        // Another space is another matter.
        let elsewhere = SpaceName(of: try Cast.wallet(2).did())
        var question = about.object ?? JSONObject()
        question["resource"] = .string(elsewhere.resource("kv/x"))
        #expect(try questions.ask(.object(question), by: line.agent, proofs: [line.first]).status == 403)
        question["principal"] = .string(line.agent.did.text)
        let own = try questions.ask(.object(question), by: line.agent, proofs: [line.first])
        #expect(own.status == 200 && own.json["decision"]?.string == "deny", "about itself anybody may ask")
        #expect(try scene.revoke(line.first, by: scene.session).status == 200)
        #expect(try questions.ask(about, by: line.agent, proofs: [line.first]).status == 403)
    }

    @Test func aServiceNamedInTheConfigurationMayAskAboutAnybody() throws {
        let service = try Cast.key(0x60)
        let questions = try Questions(options: ["--service-principals", service.did.text])
        let scene = questions.scene
        let node = try DID(try #require(scene.wire.get("/version").json["nodeId"]?.string))
        let token = try scene.invocation(service, [], proofs: [], audience: node)
        let answer = try scene.wire.post("/authorize", token, json: questions.about(questions.line.helper))
        #expect(answer.json["decision"]?.string == "allow")
        let stranger = try scene.invocation(Cast.key(0x61), [], proofs: [], audience: node)
        #expect(try scene.wire.post("/authorize", stranger, json: questions.about(questions.line.helper)).status == 403)
        let forged = try Refused.forged(token, scene)
        #expect(try scene.wire.post("/authorize", forged, json: questions.about(questions.line.helper)).status == 401)
        // Any service may read lists only as anybody else may.
        #expect(try scene.read(service, proofs: []).status == 401)
    }

    @Test func anExplanationShowsTheWalkAndAgreesWithTheDecision() throws {
        let questions = try Questions()
        let line = questions.line
        let question = questions.about(line.helper, "tinycloud.kv/get", "kv/notes/a", [("explain", true)])
        func explained() throws -> (String?, JSON) {
            let answer = try questions.ask(question, by: line.helper).json
            return (answer["decision"]?.string, answer["explain"] ?? .null)
        }
        let (before, live) = try explained()
        #expect(before == "allow" && live["complete"]?.bool == true)
        var node = try #require(live["candidates"]?.array?.first)
        for token in [line.second, line.first, line.root] {
            #expect(node["cid"]?.string == token.cid.text && node["live"]?.bool == true)
            #expect(node["root"]?.bool == (token.cid == line.root.cid))
            if let next = node["supports"]?.array?.first { node = next }
        }
        #expect(try line.scene.revoke(line.first, by: line.scene.session).status == 200)
        let (after, dead) = try explained()
        let candidate = try #require(dead["candidates"]?.array?.first)
        #expect(after == "deny" && candidate["live"]?.bool == false && candidate["state"]?.string == "live")
        #expect(candidate["supports"]?.array?.first?["state"]?.string == "revoked")
        #expect(candidate["supports"]?.array?.first?["by"]?.string == line.scene.session.did.text)
    }

    @Test func anExplanationOfAnInvocationShowsOnlyWhatItCites() throws {
        let questions = try Questions()
        let line = questions.line
        let scene = line.scene
        let get = try scene.space.can("tinycloud.kv/get", "kv/notes/a")
        let uncited = try scene.admit(
            scene.ucan(scene.session, to: line.helper.did, [get], proofs: [line.root], lasts: 700))
        let wanted = [
            ("ability", JSON.string("tinycloud.kv/get")), ("resource", .string(get.resource)), ("explain", true),
        ]
        let answer = try questions.carried(questions.use(), wanted)
        #expect(answer["explain"]?["candidates"]?.texts("cid") == [line.second.cid.text])
        // What a token cannot do is not explained by what else its issuer holds, and least of all for a forged one.
        for token in [
            try Refused.forged(questions.use(), scene), try questions.use(lasts: 0),
            try scene.invocation(line.helper, [get], proofs: []),
            try scene.invocation(
                line.helper, [scene.space.can("tinycloud.kv/put", "kv/notes/a")], proofs: [line.second]),
        ] {
            let denied = try questions.carried(token, wanted)
            #expect(denied["decision"]?.string == "deny")
            #expect(!denied.serialized().contains(Array(uncited.cid.text.utf8)), "an uncited delegation is shown")
        }
    }

    @Test func whatCannotBeDecidedIsNotAllowed() throws {
        let questions = try Questions(options: ["--max-check-nodes", "16"])
        let line = questions.line
        let scene = line.scene
        let agent = try Cast.key(0x62)
        // Twenty dead routes, each two nodes deep.
        for index in 0..<20 {
            try scene.admit(
                scene.ucan(
                    scene.session, to: agent.did, [scene.space.can("tinycloud.kv/get", "kv/notes/")],
                    proofs: [line.root], lasts: Int64(100 + index)))
        }
        #expect(try scene.decision(agent, "tinycloud.kv/get", "kv/notes/a") == "allow")
        #expect(try scene.revoke(line.root, by: scene.owner).status == 200)
        let answer = try scene.check(agent, "tinycloud.kv/get", "kv/notes/a").json
        #expect(answer["decision"]?.string == "undetermined" && answer["chain"] == [])
        #expect(answer["reason"]?["code"]?.string == "budgetExhausted")
        let token = try scene.invocation(agent, [], proofs: [])
        let evaluated = try scene.wire.post(
            "/access/v1/evaluation", token,
            json: [
                "subject": ["type": "did", "id": .string(agent.did.text)], "action": ["name": "tinycloud.kv/get"],
                "resource": ["type": "space", "id": .string(scene.space.resource("kv/notes/a"))],
            ]
        ).json
        #expect(evaluated["decision"]?.bool == false && evaluated["context"]?["answer"]?.string == "undetermined")
    }
}

extension [UInt8] {
    /// Whether these bytes stand anywhere in the text.
    func contains(_ part: [UInt8]) -> Bool {
        indices.contains { self[$0...].starts(with: part) }
    }
}
