import CapTesting
import Glibc
import Multiformats
import Testing
import UCAN

/// What the gate refuses has no effect and shows nothing; what is malformed is said to be (docs/protocol/kv.md).
@Suite struct KVRefusalTests {
    /// One way not to be let in: who asks, under which caveats, and what may follow before the question.
    private struct Way {
        let name: String
        let reason: String
        let party: KVScene.Party
        var caveats: [JSON] = []
        var status = 401
    }

    private static func selector(_ kind: String, _ value: String) -> JSON {
        ["type": "xyz.tinycloud.resource/selector", "kind": .string(kind), "value": .string(value)]
    }

    /// Every verb in every form, at the path `secret/a` of the owner's space, with everything it asks for at hand.
    private static func askAll(_ kv: KVScene, _ way: Way) throws -> [(String, RawResponse)] {
        var answers: [(String, RawResponse)] = []
        let bytes = Array("intruder".utf8)
        for verb in KVScene.abilities + ["delete"] {
            for path in ["secret/a", "secret/none"] {
                let token = try kv.token(verb, [path], by: way.party, caveats: way.caveats)
                answers.append(
                    ("\(verb) \(path)", try kv.send(token, body: verb == "put" ? bytes : [])))
            }
        }
        let (header, body) = KVScene.form([("secret/a", "text/plain", bytes), ("secret/b", "text/plain", bytes)])
        let many = ["secret/a", "secret/b"]
        answers.append(
            (
                "batch put",
                try kv.send(
                    kv.token("put", many, by: way.party, caveats: way.caveats), body: body, headers: [header])
            ))
        for verb in ["get", "metadata"] {
            answers.append(
                ("batch \(verb)", try kv.send(kv.token(verb, many, by: way.party, caveats: way.caveats))))
        }
        return answers
    }

    @Test func nothingHappensAndNothingShowsWhereTheGateDenies() throws {
        let kv = try KVScene()
        let scene = kv.scene
        try kv.put("secret/a", "the secret")
        try kv.put("other/a", "open")
        let stranger = try Cast.key(0x66)
        let all = KVScene.abilities
        let revoked = try kv.delegate(all, on: "kv/secret/")
        let child = try scene.admit(
            scene.ucan(
                kv.bob, to: stranger.did, all.map { try scene.space.can("tinycloud.kv/\($0)", "kv/secret/") },
                proofs: revoked.proofs, lasts: 600))
        #expect(try kv.ask("get", "secret/a", by: revoked).text == "the secret")
        #expect(try scene.revoke(revoked.proofs[0], by: scene.session, proofs: [kv.root]).status == 200)
        let brief = try kv.delegate(all, on: "kv/secret/", lasts: 5)
        scene.advance(10)
        let unknown = try scene.ucan(scene.session, to: kv.bob.did, [], proofs: [])
        let uri = scene.space.resource("kv/secret/a")
        let bound = try kv.delegate(all, on: "kv/secret/", caveats: [["only": "mine"]])
        let ways = [
            Way(name: "no proof", reason: "missingProof", party: .init(key: kv.bob, proofs: [])),
            Way(name: "an unknown proof", reason: "missingProof", party: .init(key: kv.bob, proofs: [unknown])),
            Way(name: "somebody else's proof", reason: "missingProof", party: .init(key: stranger, proofs: [kv.root])),
            Way(name: "outside the path", reason: "resourceNotCovered", party: try kv.delegate(all, on: "kv/other/")),
            Way(name: "beside the path", reason: "resourceNotCovered", party: try kv.delegate(all, on: "kv/secre")),
            Way(name: "revoked", reason: "revoked", party: revoked),
            Way(name: "below a revoked one", reason: "revoked", party: .init(key: stranger, proofs: [child])),
            Way(name: "expired", reason: "expired", party: brief),
            Way(name: "a caveat dropped", reason: "missingContext", party: bound),
            Way(name: "a caveat nobody knows", reason: "caveatFailed", party: bound, caveats: [["only": "mine"]]),
            Way(
                name: "an owner's caveat nobody knows", reason: "caveatFailed", party: kv.owner,
                caveats: [["only": "mine"]]),
            Way(
                name: "statements", reason: "caveatFailed", party: kv.owner,
                caveats: [["mode": "constrained-statements", "readOnly": true, "statements": []]]),
            Way(
                name: "a selector of another place", reason: "caveatFailed", party: kv.owner,
                caveats: [Self.selector("exact", scene.space.resource("kv/other/a"))]),
            Way(
                name: "a selector beside", reason: "caveatFailed", party: kv.owner,
                caveats: [Self.selector("prefix", scene.space.resource("kv/secre"))]),
            Way(
                name: "two caveats of which one is unknown", reason: "caveatFailed", party: kv.owner,
                caveats: [Self.selector("prefix", scene.space.resource("kv")), ["only": "mine"]]),
            Way(
                name: "a selector of an unknown kind", reason: "caveatFailed", party: kv.owner,
                caveats: [Self.selector("glob", uri)]),
        ]
        let before = try kv.everything()
        for way in ways {
            for (name, answer) in try Self.askAll(kv, way) {
                #expect(answer.status == way.status, "\(way.name), \(name): \(answer.status) \(answer.text)")
                // Of a listing the near miss may be another one.
                #expect(answer.reason == way.reason, "\(way.name), \(name): \(answer.reason ?? "none")")
                #expect(!answer.text.contains("the secret") && answer.header("etag") == nil, "\(way.name), \(name)")
            }
            #expect(try kv.everything() == before, "\(way.name) had an effect")
        }
        // One ability is not another: whoever holds one of them is refused all the others.
        for held in all {
            let party = try kv.delegate([held], on: "kv/secret/")
            for verb in all where verb != held {
                let answer = try kv.ask(verb, "secret/a", by: party, body: [1])
                #expect(answer.status == 401 && answer.reason == "abilityNotCovered", "\(held) is not \(verb)")
            }
        }
        #expect(try kv.everything() == before)
    }

    @Test func aSelectorIsJudgedAgainstWhatIsWanted() throws {
        let kv = try KVScene()
        try kv.put("notes/a", "x")
        func uri(_ path: String) -> String { kv.scene.space.resource("kv/\(path)") }
        let rows: [(String, String, String, JSON, Int)] = [
            ("exact", "get", "notes/a", Self.selector("exact", uri("notes/a")), 200),
            ("exact, beside", "get", "notes/b", Self.selector("exact", uri("notes/a")), 401),
            ("exact, below", "get", "notes/a/b", Self.selector("exact", uri("notes/a")), 401),
            ("prefix", "get", "notes/a", Self.selector("prefix", uri("notes")), 200),
            ("prefix with a slash", "get", "notes/a", Self.selector("prefix", uri("notes/")), 200),
            ("prefix, beside", "get", "notes/a", Self.selector("prefix", uri("not")), 401),
            ("a listing below a prefix", "list", "notes/", Self.selector("prefix", uri("notes")), 200),
            ("a listing of one place", "list", "notes/a", Self.selector("exact", uri("notes/a")), 401),
            (
                "a member more", "get", "notes/a",
                [
                    "type": "xyz.tinycloud.resource/selector", "kind": "exact",
                    "value": .string(uri("notes/a")), "not": "me",
                ], 401
            ),
        ]
        for (name, verb, path, caveat, status) in rows {
            #expect(try kv.ask(verb, path, caveats: [caveat]).status == status, "\(name)")
        }
    }

    @Test func revocationEndsAccessAtOnceForWritesToo() throws {
        let kv = try KVScene()
        let bob = try kv.delegate(["put", "get"], on: "kv/a")
        for round in 0..<5 { #expect(try kv.put("a", "\(round)", by: bob).status == 200) }
        let late = try kv.token("put", ["a"], by: bob)
        #expect(try kv.scene.revoke(bob.proofs[0], by: kv.scene.session, proofs: [kv.root]).status == 200)
        #expect(try kv.send(late, body: Array("late".utf8)).status == 401)
        #expect(try kv.ask("get", "a", by: bob).status == 401)
        #expect(try kv.ask("get", "a").text == "4")
        // What was refused has left its mark: it cannot be tried again.
        #expect(try kv.send(late, body: Array("late".utf8)).status == 409)
    }

    @Test func afterARevocationIsAnsweredNothingIsWrittenAnyMore() throws {
        let kv = try KVScene()
        let bob = try kv.delegate(["put"], on: "kv/a")
        let crowd = 6
        let tokens = try (0..<crowd).map { _ in try (0..<40).map { _ in try kv.token("put", ["a"], by: bob) } }
        let port = kv.scene.service.port
        let written = Locked(0)
        let after = Locked<[UInt8]?>(nil)
        let revocation = try TokenMaker.revocation(
            issuer: kv.scene.session, target: bob.proofs[0].cid, proofs: [kv.root.cid], expires: kv.scene.time(120))
        let look = try kv.token("get", ["a"])
        Threads.run(crowd + 1) { place in
            let wire = Wire(port)
            guard place < crowd else {
                // In the midst of it: a few are written, and many are still to come.
                while written.withLock({ $0 }) < crowd * 2 { sched_yield() }
                guard (try? wire.post("/revoke", revocation))?.status == 200 else { return }
                let value = try? wire.post("/invoke", look).body
                return after.withLock { $0 = value }
            }
            for (number, token) in tokens[place].enumerated() {
                let answer = try? wire.ask(
                    "POST", "/invoke", headers: ["Authorization: \(token.authorization())"],
                    body: [UInt8(place), UInt8(number)])
                guard answer?.status == 200 else { break }
                written.withLock { $0 += 1 }
            }
            // Whoever is done, or refused, must not let the revocation wait for ever.
            written.withLock { $0 += crowd * 2 }
        }
        let seen = try #require(after.withLock { $0 })
        #expect(try kv.ask("get", "a").body == seen)
    }

    @Test func afterARevocationIsAnsweredNothingThatIsWrittenIsShownAnyMore() throws {
        let kv = try KVScene()
        let bob = try kv.delegate(["get"], on: "kv/a")
        try kv.put("a", "early")
        let crowd = 6
        let tokens = try (0..<crowd).map { _ in try (0..<40).map { _ in try kv.token("get", ["a"], by: bob) } }
        let port = kv.scene.service.port
        let read = Locked(0)
        let shown = Locked<Set<String>>([])
        let revocation = try TokenMaker.revocation(
            issuer: kv.scene.session, target: bob.proofs[0].cid, proofs: [kv.root.cid], expires: kv.scene.time(120))
        let late = try kv.token("put", ["a"]).authorization()
        Threads.run(crowd + 1) { place in
            let wire = Wire(port)
            guard place < crowd else {
                while read.withLock({ $0 }) < crowd * 2 { sched_yield() }
                guard (try? wire.post("/revoke", revocation))?.status == 200 else { return }
                _ = try? wire.ask("POST", "/invoke", headers: ["Authorization: \(late)"], body: Array("late".utf8))
                return
            }
            for token in tokens[place] {
                guard let answer = try? wire.post("/invoke", token), answer.status == 200 else { break }
                _ = shown.withLock { $0.insert(answer.text) }
                read.withLock { $0 += 1 }
            }
            read.withLock { $0 += crowd * 2 }
        }
        #expect(try kv.ask("get", "a").text == "late")
        #expect(shown.withLock { $0 } == ["early"])
    }

    @Test func oneTokenSentManyTimesAtOnceWritesOnce() throws {
        let kv = try KVScene()
        let token = try kv.token("put", ["a"]).authorization()
        let port = kv.scene.service.port
        let answers = Locked<[Int: [UInt8]]>([:])
        Threads.run(16) { place in
            let body = [UInt8(place)]
            let answer = try? Wire(port).ask("POST", "/invoke", headers: ["Authorization: \(token)"], body: body)
            answers.withLock { $0[answer?.status ?? 0, default: []] += body }
        }
        let all = answers.withLock { $0 }
        #expect(all[200]?.count == 1 && all[409]?.count == 15, "\(all)")
        #expect(try kv.ask("get", "a").body == all[200])
    }

    @Test func tokensThatDoNotHoldHaveNoEffect() throws {
        let kv = try KVScene()
        let scene = kv.scene
        let put = try scene.space.can("tinycloud.kv/put", "kv/a")
        let rows: [(String, UnverifiedToken, Int, String)] = [
            ("expired", try scene.invocation(scene.session, [put], proofs: [kv.root], lasts: 0), 401, "expired"),
            (
                "too long", try scene.invocation(scene.session, [put], proofs: [kv.root], lasts: 301), 401,
                "lifetimeExceeded"
            ),
            (
                "forged", try Refused.forged(kv.token("put", ["a"]), scene), 401, "badSignature"
            ),
            (
                "for somebody else",
                try scene.ucan(scene.session, to: kv.bob.did, [put], proofs: [kv.root], lasts: 60), 401,
                "audienceMismatch"
            ),
        ]
        for (name, token, status, reason) in rows {
            let answer = try kv.send(token, body: [1])
            #expect(answer.status == status && answer.reason == reason, "\(name): \(answer.status) \(answer.text)")
        }
        let elsewhere = SpaceName(of: scene.owner.did(), "elsewhere")
        let early = try scene.admit(
            scene.cacao(
                scene.owner, to: scene.session.did.text,
                KVScene.abilities.map { try elsewhere.can("tinycloud.kv/\($0)", "kv") }))
        for verb in KVScene.abilities {
            let party = KVScene.Party(key: scene.session, proofs: [early])
            let answer = try kv.send(kv.token(verb, ["a"], by: party, in: elsewhere), body: [1])
            #expect(answer.status == 404 && answer.text == "Space not found", "\(verb)")
            #expect(answer.reason == "spaceNotHosted")
        }
        try scene.host(elsewhere, by: scene.owner)
        let party = KVScene.Party(key: scene.session, proofs: [early])
        #expect(try kv.send(kv.token("list", [""], by: party, in: elsewhere)).json == [])
        #expect(try kv.list("") == [])
    }

    @Test func whatMakesNoSenseIsRefusedBeforeAnyEffect() throws {
        let kv = try KVScene()
        let space = kv.scene.space
        try kv.put("a", "x")
        let etag = KVScene.etag(Array("x".utf8))
        let before = try kv.everything()
        let rows: [(String, String, [String], [String], Int, String)] = [
            ("both conditions", "put", ["a"], ["If-Match: \(etag)", "If-None-Match: *"], 400, "malformedPrecondition"),
            ("a weak tag", "put", ["a"], ["If-Match: W/\(etag)"], 400, "malformedPrecondition"),
            ("a tag of another kind", "put", ["a"], ["If-Match: \"abc\""], 400, "malformedPrecondition"),
            ("any tag", "put", ["a"], ["If-Match: *"], 400, "malformedPrecondition"),
            ("a condition twice", "put", ["a"], ["If-Match: \(etag)", "If-Match: \(etag)"], 400, "malformedHeader"),
            ("a tag that must be absent", "put", ["a"], ["If-None-Match: \(etag)"], 400, "malformedPrecondition"),
            ("a deletion of nothing", "del", ["a"], ["If-None-Match: *"], 400, "malformedPrecondition"),
            ("a read on condition", "get", ["a"], ["If-Match: \(etag)"], 400, "malformedPrecondition"),
            ("a version", "put", ["a"], ["X-TinyCloud-Expected-Version: 1"], 400, "malformedPrecondition"),
            ("no limit", "list", [""], ["x-tinycloud-limit: 0"], 400, "malformedHeader"),
            ("a limit too large", "list", [""], ["x-tinycloud-limit: 1001"], 400, "malformedHeader"),
            ("a limit of text", "list", [""], ["x-tinycloud-limit: ten"], 400, "malformedHeader"),
            ("a signed limit", "list", [""], ["x-tinycloud-limit: +1"], 400, "malformedHeader"),
            ("a cursor of nobody", "list", ["a"], ["x-tinycloud-cursor: !"], 400, "malformedCursor"),
            ("a cursor of nothing", "list", [""], ["x-tinycloud-cursor:"], 400, "malformedCursor"),
            (
                "a cursor outside", "list", ["a"], ["x-tinycloud-cursor: \(Base64URL.encode(Array("/b".utf8)))"], 400,
                "malformedCursor"
            ),
            ("a size of text", "get", ["a"], ["x-tinycloud-max-response-bytes: many"], 400, "malformedHeader"),
            ("two listings", "list", ["a", "b"], [], 501, "multipleOutcomes"),
            ("two deletions", "del", ["a", "b"], [], 501, "multipleOutcomes"),
            ("two puts and no form", "put", ["a", "b"], [], 400, "malformedMultipart"),
        ]
        for (name, verb, paths, headers, status, reason) in rows {
            let answer = try kv.send(kv.token(verb, paths), body: verb == "put" ? [7] : [], headers: headers)
            #expect(answer.status == status && answer.reason == reason, "\(name): \(answer.status) \(answer.text)")
        }
        let mixed: [[(String, String)]] = [
            [("put", "a"), ("get", "a")], [("get", "a"), ("metadata", "a")], [("del", "a"), ("put", "b")],
            [("list", ""), ("get", "a")],
        ]
        for pairs in mixed {
            let token = try kv.scene.invocation(
                kv.scene.session, pairs.map { try space.can("tinycloud.kv/\($0.0)", "kv/\($0.1)") }, proofs: [kv.root])
            let answer = try kv.send(token, body: [7])
            #expect(answer.status == 501 && answer.reason == "multipleOutcomes", "\(pairs)")
        }
        #expect(try kv.everything() == before)
    }

    @Test func formsThatAreNotExactlyWhatWasSignedWriteNothing() throws {
        let kv = try KVScene()
        let (header, good) = KVScene.form([("a", "text/plain", [1]), ("b", "text/plain", [2])])
        let text = String(decoding: good, as: UTF8.self)
        let three = KVScene.form([("a", "t/p", [1]), ("b", "t/p", [2]), ("c", "t/p", [3])]).body
        let rows: [(String, [UInt8], String)] = [
            ("one part too few", KVScene.form([("a", "text/plain", [1])]).body, header),
            ("one part too many", three, header),
            ("another part", KVScene.form([("a", "t/p", [1]), ("c", "t/p", [3])]).body, header),
            ("a part twice", KVScene.form([("a", "t/p", [1]), ("a", "t/p", [3])]).body, header),
            ("no end", Array(good.dropLast(4)), header), ("an epilogue", good + [65], header),
            ("a preamble", Array("hello\r\n".utf8) + good, header), ("nothing", [], header),
            ("another boundary", good, header + "x"), ("no boundary", good, "Content-Type: multipart/form-data"),
            ("an empty boundary", good, "Content-Type: multipart/form-data; boundary="),
            ("bare line feeds", Array(text.replacing("\r\n", with: "\n").utf8), header),
            ("a name that does not decode", Array(text.replacing("name=\"a\"", with: "name=\"%zz\"").utf8), header),
            ("no name", Array(text.replacing("name=\"a\"; ", with: "").utf8), header),
            (
                "an encoding",
                Array(
                    text.replacing(
                        "Content-Type: text/plain", with: "Content-Transfer-Encoding: base64"
                    ).utf8), header
            ),
            (
                "a header twice",
                Array(
                    text.replacing(
                        "Content-Type: text/plain", with: "Content-Type: text/plain\r\ncontent-type: text/html"
                    ).utf8),
                header
            ),
        ]
        for (name, body, header) in rows {
            let answer = try kv.send(kv.token("put", ["a", "b"]), body: body, headers: [header])
            #expect(
                answer.status == 400 && answer.reason == "malformedMultipart",
                "\(name): \(answer.status) \(answer.text)")
        }
        #expect(try kv.list("") == [])
        #expect(try kv.send(kv.token("put", ["a", "b"]), body: good, headers: [header]).status == 200)
        let twice = try kv.scene.invocation(
            kv.scene.session,
            [
                kv.scene.space.can("tinycloud.kv/put", "kv/a"),
                SpaceName(of: kv.scene.owner.did(), "default").can("tinycloud.kv/put", "kv/b"),
            ], proofs: [kv.root])
        #expect(try kv.send(twice, body: good, headers: [header + "; charset=utf-8"]).status == 400)
    }
}
