import CapTesting
import Multiformats
import Testing
import UCAN

/// A service with everything a refused request needs, and how each such request is made.
struct Refused {
    let scene: Scene
    let root: UnverifiedToken
    let grant: UnverifiedToken
    let agent: PrivateKey
    let stranger: PrivateKey

    init(options: [String] = []) throws {
        scene = try Scene(options: ["--log-level", "debug"] + options)
        root = try scene.signIn()
        agent = try Cast.key(0x33)
        stranger = try Cast.key(0x99)
        grant = try scene.admit(
            scene.ucan(
                scene.session, to: agent.did, [scene.space.can("tinycloud.kv/get", "kv/notes/a")], proofs: [root]))
    }

    /// What a row of a table needs to ask with.
    struct Ask {
        let refused: Refused
        let headers: [String]

        var scene: Scene { refused.scene }

        func post(_ path: String, _ token: UnverifiedToken?, json: JSON? = nil) throws -> RawResponse {
            try scene.wire.post(path, token, json: json, headers: headers)
        }

        func delegate(
            _ capabilities: [TokenCapability]? = nil, by issuer: PrivateKey? = nil, proofs: [UnverifiedToken]? = nil,
            lasts: Int64 = 3600, notBefore: Int64? = nil, facts: [JSON] = []
        ) throws -> RawResponse {
            let token = try scene.ucan(
                issuer ?? scene.session, to: Cast.key(0x35).did,
                capabilities ?? [scene.space.can("tinycloud.kv/get", "kv/notes/b")], proofs: proofs ?? [refused.root],
                lasts: lasts, notBefore: notBefore, facts: facts)
            return try post("/delegate", token)
        }

        func invoke(
            _ capabilities: [TokenCapability]? = nil, by invoker: PrivateKey? = nil, proofs: [UnverifiedToken]? = nil,
            lasts: Int64 = 120, facts: [JSON] = []
        ) throws -> RawResponse {
            let token = try scene.invocation(
                invoker ?? scene.session, capabilities ?? scene.space.readAll, proofs: proofs ?? [refused.root],
                lasts: lasts, facts: facts)
            return try post("/invoke", token)
        }

        func read(_ parameters: JSON) throws -> RawResponse {
            try invoke(facts: [["capabilitiesReadParams": parameters]])
        }

        /// A token whose signature is another one's.
        func forged(_ token: UnverifiedToken) throws -> UnverifiedToken { try Refused.forged(token, scene) }

        func authorize(_ json: JSON, by asker: PrivateKey? = nil) throws -> RawResponse {
            let token = try asker.map { try scene.invocation($0, scene.space.readAll, proofs: []) }
            return try post("/authorize", token, json: json)
        }

        func status(_ capabilities: [TokenCapability], cid: String, by signer: PrivateKey? = nil) throws -> RawResponse
        {
            let token = try scene.invocation(signer ?? scene.session, capabilities, proofs: [])
            return try post("/delegation/status", token, json: ["cid": .string(cid)])
        }

        func query(_ json: JSON, by asker: PrivateKey? = nil, proofs: [UnverifiedToken]? = nil) throws -> RawResponse {
            let token = try scene.invocation(
                asker ?? scene.session, [scene.space.can("tinycloud.delegation/list", "delegation/")],
                proofs: proofs ?? [refused.root])
            return try post("/delegation/query", token, json: json)
        }
    }

    /// The token with the signature of another one in place of its own.
    static func forged(_ token: UnverifiedToken, _ scene: Scene) throws -> UnverifiedToken {
        let other = try scene.ucan(scene.session, to: Cast.key(0x33).did, [], proofs: [])
        let parts = token.authorization().split(separator: ".") + other.authorization().split(separator: ".")
        return try UnverifiedToken.decode(authorization: "\(parts[0]).\(parts[1]).\(parts[5])".utf8)
    }

    /// One refusal: its status, its text where clients read it, its stable reason, and a request that earns it.
    struct Row {
        enum Body {
            case text(String)
            /// `{error, message}` whatever the client accepts.
            case json
            /// The reference's framework page.
            case framework
            /// A status object that says `not_found`.
            case notFound
        }

        let name: String
        let status: Int
        let reason: String
        let body: Body
        /// Whether a sentence of ours goes beside the reference's words.
        let isExplained: Bool
        let ask: (Ask) throws -> RawResponse

        init(
            _ name: String, _ status: Int, _ reason: String, _ body: Body, isExplained: Bool = false,
            _ ask: @escaping (Ask) throws -> RawResponse
        ) {
            self.name = name
            self.status = status
            self.reason = reason
            self.body = body
            self.isExplained = isExplained
            self.ask = ask
        }
    }

    /// Asks each row twice, once accepting anything and once JSON, and checks all that a refusal must carry.
    func expect(_ rows: [Row]) throws {
        var ids: [String] = []
        for row in rows {
            let plain = try row.ask(Ask(refused: self, headers: []))
            #expect(plain.status == row.status, "\(row.name): \(plain.status) \(plain.text)")
            #expect(plain.reason == row.reason, "\(row.name): \(plain.reason ?? "no reason") \(plain.text)")
            let asJSON = try row.ask(Ask(refused: self, headers: ["Accept: application/json"]))
            #expect(asJSON.status == row.status, "\(row.name), as JSON")
            switch row.body {
            case .text(let text):
                #expect(plain.text == text, "\(row.name)")
                #expect(plain.header("content-type") == "text/plain; charset=utf-8", "\(row.name)")
                expectJSON(asJSON, row, text)
                let explanation = plain.header("x-capability-message")
                #expect((explanation != nil) == row.isExplained, "\(row.name): \(explanation ?? "no explanation")")
                #expect(asJSON.json["hint"]?.string == explanation, "\(row.name)")
            case .json:
                expectJSON(plain, row, nil)
                expectJSON(asJSON, row, nil)
            case .framework:
                for response in [plain, asJSON] {
                    #expect(
                        response.json == [
                            "error": [
                                "code": 401, "reason": "Unauthorized",
                                "description": "The request requires user authentication.",
                            ]
                        ], "\(row.name)")
                    #expect(response.header("content-type") == "application/json", "\(row.name)")
                }
            case .notFound:
                for response in [plain, asJSON] {
                    #expect(
                        response.json.keys == ["cid", "status", "exists", "active", "revoked", "expired"],
                        "\(row.name)")
                    #expect(response.json["status"]?.string == "not_found", "\(row.name)")
                    #expect(response.json["exists"]?.bool == false, "\(row.name)")
                }
            }
            for response in [plain, asJSON] {
                let id = response.header("x-decision-id") ?? ""
                #expect(id.utf8.count == 16 && id.allSatisfy(\.isHexDigit), "\(row.name): `\(id)`")
                ids.append(id)
                Self.expectCORS(response, row.name)
                if row.status == 401 { #expect(response.header("www-authenticate") != nil, "\(row.name)") }
            }
        }
        #expect(Set(ids).count == ids.count, "two refusals have one decision id")
        let log = scene.service.log
        for id in ids where !log.contains("\"decision\":\"\(id)\"") { Issue.record("\(id) is not in the log") }
    }

    private func expectJSON(_ response: RawResponse, _ row: Row, _ text: String?) {
        #expect(response.header("content-type") == "application/json", "\(row.name)")
        #expect(response.json["error"]?.string == row.reason, "\(row.name): \(response.text)")
        if let text { #expect(response.json["message"]?.string == text, "\(row.name)") }
        #expect(response.json["message"]?.string?.isEmpty == false, "\(row.name)")
        #expect(response.json["decisionId"]?.string == response.header("x-decision-id"), "\(row.name)")
    }

    static func expectCORS(_ response: RawResponse, _ name: String) {
        for (header, value) in [
            ("access-control-allow-origin", "*"),
            ("access-control-allow-methods", "POST, PUT, GET, OPTIONS, DELETE"),
            ("access-control-expose-headers", "*, Authorization"),
            ("access-control-allow-headers", "*, Authorization"), ("access-control-allow-credentials", "true"),
        ] {
            #expect(response.header(header) == value, "\(name): \(header)")
        }
    }
}
