import CapTesting
import Multiformats
import Testing
import UCAN

/// The table of JWK members as a client of the running service meets it, at every route that reads a token.
@Suite struct KeyMemberTests {
    /// A service where the key of each type hosts a space of its own.
    private struct Rig {
        let scene: Scene
        let node: DID

        init() throws {
            scene = try Scene()
            node = try DID(#require(scene.wire.get("/version").json["nodeId"]?.string))
            for curve in Curve.allCases {
                let key = try JWKCase.key(curve)
                try scene.admit(scene.ucan(key, to: node, SpaceName(of: key.did).host, proofs: []))
            }
        }

        /// An invocation by the row's key, under the header with the row's JWK; no two are the same.
        func invocation(_ one: JWKCase, _ resource: String, _ ability: String, _ use: String) throws -> String {
            let did = one.key.did
            return try JWKToken.signed(
                JWKToken.header(one.publicText, one.key),
                #"{"att":{"\#(resource)":{"\#(ability)":[{}]}},"aud":"\#(did.text)","exp":\#(scene.now + 120),"#
                    + #""iss":"\#(did.text)#\#(did.identifier)","nnc":"\#(use) \#(one.name)","prf":[]}"#, by: one.key)
        }

        func invocation(_ one: JWKCase, _ use: String) throws -> String {
            let space = SpaceName(of: one.key.did)
            return try invocation(one, space.resource("capabilities/all"), "tinycloud.capabilities/read", use)
        }
    }

    @Test func everyRouteReadsTheKeyOfAHeaderAlike() throws {
        let rig = try Rig()
        let wire = rig.scene.wire
        let tokens = try #require(Fixture.json("vectors/jwk/tokens.json")["tokens"]?.array)
        for (recorded, one) in try zip(tokens, JWKCase.all()) {
            let space = SpaceName(of: one.key.did)
            func expect(_ route: String, _ response: RawResponse, taken: Int = 200, refused: Int = 401) {
                let told = "\(route) \(one): \(response.status) \(response.reason ?? "") \(response.text)"
                #expect(response.status == (one.code == nil ? taken : refused), "\(told)")
                if let code = one.code, refused == 401 { #expect(response.reason == code.rawValue, "\(told)") }
            }
            let delegated = try wire.post("/delegate", authorization: recorded["token"]?.string)
            expect("delegate", delegated)
            let cid = delegated.json["cid"]?.string ?? Forged.cid
            try expect("invoke", wire.post("/invoke", authorization: rig.invocation(one, "invoke")))
            let carried: JSON = ["invocation": .string(try rig.invocation(one, "carried"))]
            let answer = try wire.post("/authorize", nil, json: carried)
            expect("authorize, carried", answer, refused: 400)
            #expect(answer.json["decision"] == (one.code == nil ? "allow" : nil), "\(one): \(answer.text)")
            let question: JSON = [
                "principal": .string(one.key.did.text), "ability": "tinycloud.kv/get",
                "resource": .string(space.resource("kv/a")),
            ]
            try expect(
                "authorize",
                wire.post("/authorize", authorization: rig.invocation(one, "ask"), body: question.serialized()))
            let evaluation: JSON = [
                "subject": ["type": "did", "id": .string(one.key.did.text)], "action": ["name": "tinycloud.kv/get"],
                "resource": ["type": "tinycloud", "id": .string(space.resource("kv/a"))],
            ]
            try expect(
                "evaluation",
                wire.post(
                    "/access/v1/evaluation", authorization: rig.invocation(one, "evaluate"),
                    body: evaluation.serialized()))
            let status = try rig.invocation(one, "urn:cid:\(cid)", "tinycloud.delegation/status", "status")
            let asked: JSON = ["cid": .string(cid)]
            try expect("status", wire.post("/delegation/status", authorization: status, body: asked.serialized()))
            let query = try rig.invocation(one, space.resource("delegation/"), "tinycloud.delegation/list", "query")
            // Read, and then told that only a wallet has an account to ask about.
            try expect(
                "query", wire.post("/delegation/query", authorization: query, body: Array("{}".utf8)), taken: 403)
            let revocation = try rig.invocation(one, "urn:cid:\(cid)", "tinycloud.delegation/revoke", "revoke")
            try expect("revoke", wire.post("/revoke", authorization: revocation))
            let read = try wire.get(
                "/xrpc/com.atproto.space.listRepos?space=at://did:web:a.example/space/com.example.forum/one",
                headers: ["Authorization: Bearer \(rig.invocation(one, "read"))"])
            #expect((read.status == 401) == (one.code != nil), "xrpc \(one): \(read.status) \(read.text)")
        }
    }

    /// A delegation that no route has taken.
    private enum Forged { static let cid = "bafkr4iglifjta4fae5ecx5jrmgrxrxhoz5luyu3o4v5b7aofqmfmzgfmay" }

    /// Somebody who brings a DID of its own hands its key over as the JWK that its tools wrote.
    @Test func accountsAreImportedWithTheKeyAsItIsKept() throws {
        let scene = try AccountScene()
        for curve in [Curve.p256, .secp256k1] {
            let cases = try JWKCase.all(curve)
            func create(_ name: String) throws -> RawResponse {
                let one = try #require(cases.first { $0.name == name })
                let key = try #require(one.privateText)
                let body =
                    #"{"handle":"\#(curve.rawValue).localhost","password":"a secret of hers","did":"\#(one.key.did.text)","signingKey":\#(key)}"#
                return try scene.wire.post(
                    "/xrpc/com.atproto.server.createAccount", authorization: nil, body: Array(body.utf8))
            }
            for name in [
                "the private member p", "a use for encryption", "a repeated key id", "an algorithm of another curve",
                "a private half with padding", "operations of encryption",
            ] {
                let answer = try create(name)
                #expect(answer.status == 400 && answer.json["error"] == "InvalidRequest", "\(name): \(answer.text)")
            }
            let made = try create("every member there is")
            #expect(made.status == 200, "\(made.text)")
        }
    }
}
