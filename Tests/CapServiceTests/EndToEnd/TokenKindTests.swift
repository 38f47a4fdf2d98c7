import CapTesting
import Multiformats
import Synchronization
import Testing
import UCAN

/// Tokens sent where they do not belong, or made to look like what they are not (ucan.md J).
@Suite struct TokenKindTests {
    /// Every kind of token at every route that takes one: the status, and never a change where it is refused.
    @Test func eachTokenIsGoodAtItsOwnRouteOnly() throws {
        let line = try Line()
        let scene = line.scene
        let space = scene.space
        let node = try DID(try #require(scene.wire.get("/version").json["nodeId"]?.string))
        let cid = line.second.cid.text
        let revoke = try TokenCapability(resource: "urn:cid:\(cid)", ability: "tinycloud.delegation/revoke")
        let status = try TokenCapability(resource: "urn:cid:\(cid)", ability: "tinycloud.delegation/status")
        let list = try space.can("tinycloud.delegation/list", "delegation")
        let get = try space.can("tinycloud.kv/get", "kv/notes/")
        let other = try Cast.key(0x35).did
        // delegate, invoke, revoke, status, query, asking (the header of /authorize about oneself)
        let rows: [(String, () throws -> UnverifiedToken, [Int])] = [
            (
                "a wallet's delegation",
                { try scene.cacao(scene.owner, to: other.text, [get]) }, [200, 401, 401, 401, 403, 401]
            ),
            (
                "a key's delegation",
                { try scene.ucan(scene.session, to: other, [get], proofs: [line.root], lasts: 100) },
                [200, 401, 401, 403, 403, 401]
            ),
            (
                "an invocation", { try scene.invocation(scene.session, space.readAll, proofs: [line.root]) },
                [401, 200, 401, 403, 403, 200]
            ),
            (
                "an invocation for this service",
                { try scene.invocation(scene.session, space.readAll, proofs: [line.root], audience: node) },
                [401, 200, 401, 403, 403, 200]
            ),
            (
                "a status read", { try scene.invocation(scene.session, [status], proofs: [line.root]) },
                [401, 401, 401, 200, 403, 401]
            ),
            (
                "a status read for this service",
                { try scene.invocation(scene.session, [status], proofs: [line.root], audience: node) },
                [401, 401, 401, 200, 403, 401]
            ),
            (
                "the right to read a status, handed on",
                { try scene.ucan(line.helper, to: other, [status], proofs: [], lasts: 100) },
                [401, 401, 401, 403, 403, 401]
            ),
            (
                "an account query", { try scene.invocation(scene.session, [list], proofs: [line.root]) },
                [401, 501, 401, 403, 200, 200]
            ),
            (
                "the right to query, handed on",
                { try scene.ucan(scene.session, to: other, [list], proofs: [line.root], lasts: 100) },
                [200, 401, 401, 403, 403, 401]
            ),
            (
                "the right to revoke, handed on",
                { try scene.ucan(line.helper, to: other, [revoke], proofs: [], lasts: 100) },
                [401, 401, 403, 403, 403, 401]
            ),
            (
                "a key's revocation", { try scene.invocation(line.helper, [revoke], proofs: []) },
                [401, 401, 200, 403, 403, 401]
            ),
            (
                "a wallet's revocation",
                {
                    try TokenMaker.revocation(
                        wallet: scene.owner, target: line.second.cid, domain: "app.example",
                        issuedAt: scene.time(0).rfc3339)
                }, [401, 401, 200, 401, 403, 401]
            ),
        ]
        for (name, make, expected) in rows {
            for (route, wanted) in zip(["delegate", "invoke", "revoke", "status", "query", "authorize"], expected) {
                let revision = try scene.revision()
                let response: RawResponse
                switch route {
                case "status": response = try scene.wire.post("/delegation/status", make(), json: ["cid": .string(cid)])
                case "query": response = try scene.wire.post("/delegation/query", make(), json: [:])
                case "authorize":
                    response = try scene.wire.post(
                        "/authorize", make(),
                        json: [
                            "principal": .string(scene.session.did.text), "ability": "tinycloud.kv/get",
                            "resource": .string(get.resource),
                        ])
                default: response = try scene.wire.post("/\(route)", make())
                }
                #expect(response.status == wanted, "\(name) at \(route): \(response.status) \(response.text)")
                let mayChange = wanted == 200 && (route == "delegate" || route == "revoke")
                if !mayChange { #expect(try scene.revision() == revision, "\(name) at \(route) changed something") }
            }
        }
    }

    @Test func onlyTheAlgorithmOfTheIssuersKeyIsTaken() throws {
        let line = try Line()
        let scene = line.scene
        let stranger = try Cast.key(0x99)
        func made(
            _ change: (inout JSONObject) -> Void, by key: PrivateKey? = nil,
            payload changePayload: (inout JSONObject) -> Void = { _ in }
        ) throws -> String {
            let token = try scene.invocation(scene.session, scene.space.readAll, proofs: [line.root])
            let parts = try HandMadeJWT.parts(token)
            var header = try #require(parts.header.object)
            var payload = try #require(parts.payload.object)
            change(&header)
            changePayload(&payload)
            return try HandMadeJWT.signed(.object(header), .object(payload), by: key ?? scene.session)
        }
        let strangerHeader = try HandMadeJWT.parts(scene.invocation(stranger, [], proofs: [])).header
        #expect(try scene.wire.post("/invoke", authorization: made { _ in }).status == 200, "the form itself is good")
        let rows: [(String, String)] = [
            ("alg none", try made { $0["alg"] = "none" }), ("alg HS256", try made { $0["alg"] = "HS256" }),
            ("alg of another curve", try made { $0["alg"] = "ES256" }), ("no alg", try made { $0["alg"] = nil }),
            ("a key of somebody else beside it", try made({ $0["jwk"] = strangerHeader["jwk"] }, by: stranger)),
            ("the same, signed by the issuer", try made { $0["jwk"] = strangerHeader["jwk"] }),
            ("a critical extension", try made { $0["crit"] = ["exp"] }), ("b64", try made { $0["b64"] = false }),
            ("a key to fetch", try made { $0["jku"] = "https://keys.example" }),
            ("a certificate to fetch", try made { $0["x5u"] = "https://keys.example" }),
            ("another version", try made { $0["ucv"] = "0.9.1" }), ("no version", try made { $0["ucv"] = nil }),
            ("another type", try made { $0["typ"] = "JWS" }),
            ("no audience", try made({ _ in }, payload: { $0["aud"] = nil })),
            ("no end", try made({ _ in }, payload: { $0["exp"] = nil })),
            ("no end, said", try made({ _ in }, payload: { $0["exp"] = .null })),
            ("an end in milliseconds", try made({ _ in }, payload: { $0["exp"] = 1_783_684_900_000 })),
            ("proofs of text", try made({ _ in }, payload: { $0["prf"] = .string(line.root.cid.text) })),
            (
                "an audience with a fragment",
                try made(
                    { _ in }, payload: { $0["aud"] = .string(scene.session.did.text + "#x") })
            ),
            (
                "an issuer's fragment of another key",
                try made({ _ in }, payload: { $0["iss"] = .string(scene.session.did.text + "#" + stranger.did.text) })
            ),
            (
                "an empty list of caveats",
                try made(
                    { _ in },
                    payload: {
                        $0["att"] = [scene.space.resource("capabilities/all"): ["tinycloud.capabilities/read": []]]
                    }
                )
            ),
        ]
        let unsigned = try made { $0["alg"] = "none" }.split(separator: ".")
        let shapes = [
            ("no signature", "\(unsigned[0]).\(unsigned[1])."), ("two parts", "\(unsigned[0]).\(unsigned[1])"),
            ("four parts", try made { _ in } + ".x"), ("padding", try made { _ in } + "="),
        ]
        for (name, text) in rows + shapes {
            let response = try scene.wire.post("/invoke", authorization: text)
            #expect(response.status == 401, "\(name): \(response.status) \(response.text)")
        }
    }

    @Test func aProofIsWhatItsBytesHashTo() throws {
        let line = try Line()
        let scene = line.scene
        let used = try scene.invocation(scene.session, scene.space.readAll, proofs: [line.root])
        #expect(try scene.wire.post("/invoke", used).status == 200)
        let revocation = try TokenMaker.revocation(
            wallet: scene.owner, target: line.second.cid, domain: "app.example", issuedAt: scene.time(0).rfc3339)
        #expect(try scene.wire.post("/revoke", revocation).status == 200)
        let digest = line.root.cid.hash.digest
        let sha = CID(codec: 0x55, hash: Multihash(code: .sha2_256, digest: digest))
        let codec = CID(codec: 0x71, hash: line.root.cid.hash)
        for (name, cid, status) in [
            ("an invocation", used.cid, 401), ("a revocation", revocation.cid, 401),
            ("the digest as another function's", sha, 401), ("another codec", codec, 200),
        ] {
            let token = try TokenMaker.invocation(
                invoker: scene.session, capabilities: scene.space.readAll, proofs: [cid], expires: scene.time(60))
            #expect(try scene.wire.post("/invoke", token).status == status, "\(name)")
        }
        // The identity hash carries its own preimage: refused before it is looked for.
        let parts = try HandMadeJWT.parts(scene.invocation(scene.session, scene.space.readAll, proofs: []))
        var payload = try #require(parts.payload.object)
        payload["prf"] = [.string("b" + Base32Lower.encode([1, 0x55, 0, 4, 1, 2, 3, 4]))]
        let identity = try HandMadeJWT.signed(parts.header, .object(payload), by: scene.session)
        #expect(try scene.wire.post("/invoke", authorization: identity).status == 401)
    }

    @Test func theServicesOwnKeyLendsNobodyItsAuthority() throws {
        let line = try Line()
        let scene = line.scene
        let node = try #require(scene.wire.get("/version").json["nodeId"]?.string)
        let given = try scene.admit(scene.cacao(scene.owner, to: node, scene.space.session))
        let stranger = try Cast.key(0x99)
        #expect(try scene.read(stranger, proofs: [given]).status == 401)
        #expect(try scene.read(stranger, proofs: []).status == 401)
        let child = try scene.ucan(
            stranger, to: line.helper.did, [scene.space.can("tinycloud.kv/get", "kv/notes/")], proofs: [given])
        #expect(try scene.delegate(child).status == 401)
        #expect(try scene.decision(stranger, "tinycloud.kv/get", "kv/notes/a") == "deny")
    }

    @Test func oneInvocationSentManyTimesAtOnceIsUsedOnce() throws {
        let line = try Line()
        let scene = line.scene
        for round in 0..<5 {
            let text = try scene.invocation(scene.session, scene.space.readAll, proofs: [line.root]).authorization()
            let port = scene.service.port
            let statuses = Mutex<[Int]>([])
            Threads.run(16) { _ in
                let status = (try? Wire(port).post("/invoke", authorization: text).status) ?? 0
                statuses.withLock { $0.append(status) }
            }
            let sorted = statuses.withLock { $0.sorted() }
            #expect(sorted == [200] + Array(repeating: 409, count: 15), "round \(round)")
        }
    }

    @Test func anotherFormOfASignatureIsNoOtherToken() throws {
        let scene = try Scene()
        let root = try scene.signIn()
        let agent = try Cast.key(0x55, .p256)
        let grant = try scene.admit(
            scene.ucan(
                scene.session, to: agent.did, [scene.space.can("tinycloud.capabilities/read", "capabilities")],
                proofs: [root]))
        let token = try scene.invocation(agent, scene.space.readAll, proofs: [grant])
        #expect(try scene.wire.post("/invoke", token).status == 200)
        // s and n - s sign alike; only one of the two is taken.
        let parts = token.authorization().split(separator: ".").map(String.init)
        var signature = try #require(Base64URL.decode(parts[2].utf8, padding: .forbidden))
        let order = try #require(
            Base16.decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551".utf8))
        var borrow = 0
        for index in (0..<32).reversed() {
            let difference = Int(order[index]) - Int(signature[32 + index]) - borrow
            borrow = difference < 0 ? 1 : 0
            signature[32 + index] = UInt8(difference & 0xff)
        }
        let twin = "\(parts[0]).\(parts[1]).\(Base64URL.encode(signature))"
        let answer = try scene.wire.post("/invoke", authorization: twin)
        #expect(answer.status == 401 || answer.status == 409, "\(answer.status) \(answer.text)")
        #expect(try scene.wire.post("/invoke", authorization: "Bearer " + token.authorization()).status == 409)
    }
}
