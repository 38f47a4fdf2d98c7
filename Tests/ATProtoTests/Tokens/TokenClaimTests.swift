import ATProto
import Multiformats
import Testing
import UCAN

/// Single faults in soundly signed tokens, and which of two faults is told.
@Suite struct TokenClaimTests {
    let world: TokenWorld

    init() throws { world = try TokenWorld() }

    /// A fault in the header or claims, and the name it is refused by; nil where it is none.
    struct Fault: Sendable, CustomStringConvertible {
        var header: [String: JSON] = [:]
        var claims: [String: JSON] = [:]
        let name: String?
        var description: String { "\(header) \(claims)" }
    }

    private static let second: Int64 = 1_738_368_000
    private static func time(_ offset: Int64) -> JSON { .number(JSONNumber(second + offset)) }

    private static let common: [Fault] = [
        Fault(header: ["kid": .null], name: "BadJwt"), Fault(header: ["kid": "#atproto_spacex"], name: "BadJwt"),
        Fault(header: ["kid": 1], name: "BadJwt"), Fault(header: ["alg": .null], name: "BadJwt"),
        Fault(header: ["crit": ["b64"], "b64": false], name: "BadJwt"), Fault(header: ["b64": true], name: "BadJwt"),
        Fault(header: ["alg": "HS256"], name: "BadJwtSignature"),
        Fault(header: ["alg": "EdDSA"], name: "BadJwtSignature"),
        Fault(header: ["typ": .null], name: "BadJwtType"), Fault(header: ["jwk": [:], "x": 1], name: nil),
        Fault(claims: ["jti": ""], name: "BadJwt"), Fault(claims: ["jti": 1], name: "BadJwt"),
        Fault(claims: ["jti": .string(String(repeating: "a", count: 129))], name: "BadJwt"),
        Fault(claims: ["jti": .string(String(repeating: "a", count: 128))], name: nil),
        Fault(claims: ["exp": .null], name: "BadJwt"), Fault(claims: ["exp": "1738368060"], name: "BadJwt"),
        Fault(claims: ["exp": .number(JSONNumber(text: "1e99") ?? JSONNumber(0))], name: "BadJwt"),
        Fault(claims: ["nbf": .number(JSONNumber(1_738_368_030))], name: "BadJwt"),
        Fault(claims: ["nbf": "1738367000"], name: "BadJwt"),
        Fault(claims: ["exp": .number(JSONNumber(text: "1e99") ?? JSONNumber(0))], name: "BadJwt"),
        Fault(claims: ["iat": .null], name: "BadJwt"), Fault(claims: ["iat": time(6)], name: "BadJwt"),
        Fault(claims: ["iat": time(5)], name: nil), Fault(claims: ["iss": .null], name: "BadJwtIss"),
        Fault(claims: ["iss": "alice.example.com"], name: "BadJwtIss"),
        Fault(claims: ["sub": .null], name: "BadJwtSub"),
        Fault(claims: ["sub": 7], name: "BadJwtSub"), Fault(claims: ["exp": time(-5)], name: "JwtExpired"),
        Fault(claims: ["exp": time(-4), "iat": time(-60)], name: nil), Fault(claims: ["more": ["a": 1]], name: nil),
        // Which of two faults is told.
        Fault(header: ["typ": "JWT", "kid": .null], name: "BadJwtType"),
        Fault(claims: ["exp": time(-9), "jti": .null], name: "BadJwt"),
    ]

    private static let delegation: [Fault] = [
        Fault(claims: ["exp": time(300)], name: nil), Fault(claims: ["exp": time(301)], name: "BadJwt"),
        Fault(claims: ["lxm": "a.b.c"], name: "BadJwt"), Fault(claims: ["cnf": [:]], name: "BadJwtCnf"),
        Fault(claims: ["exp": time(-9), "sub": "x"], name: "JwtExpired"),
        Fault(claims: ["sub": "x", "aud": "y"], name: "BadJwtSub"),
        Fault(claims: ["aud": "y", "iss": "z"], name: "BadJwtAudience"),
        Fault(claims: ["aud": ["did:plc:ewvi7nxzyoun6zhxrhs64oiz#atproto_space_host"]], name: "BadJwtAudience"),
        Fault(
            claims: ["sub": "ats://did:plc:ewvi7nxzyoun6zhxrhs64oiz/com.atmoboards.forum/default"], name: "BadJwtSub"),
        // A key the issuer does not publish, and an issuer nobody knows.
        Fault(header: ["kid": "#atproto_space"], name: "BadJwtIss"),
        Fault(claims: ["iss": "did:plc:nobody"], name: "BadJwtIss"),
    ]

    private static let credential: [Fault] = [
        Fault(claims: ["aud": "did:plc:x"], name: "BadJwtAudience"), Fault(claims: ["cnf": [:]], name: "BadJwtCnf"),
        Fault(claims: ["cnf": "x"], name: "BadJwtCnf"), Fault(claims: ["cnf": ["jkt": "x"]], name: "BadJwtCnf"),
        Fault(claims: ["cnf": ["kid": "did:key:zQ3shfjU4va3qQGgAKvPVNi41FSZTc8qCpRXN4EoU6XB9Y4Hw"]], name: "BadJwtCnf"),
        Fault(
            claims: [
                "cnf": [
                    "kid": "did:key:zDnaeUAsoKb8sPT37Fvf7S5xgNZMjajGVYtnPnQ1MYRkfMCyT",
                    "jkt": "4ob-6DXcNq4ASLhpefxdWwHWUXpgKVdx85TGFk7SmG4",
                ]
            ], name: "BadJwtCnf"),
        Fault(claims: ["exp": time(7201)], name: "BadJwt"), Fault(claims: ["exp": time(7200)], name: nil),
        Fault(
            claims: [
                "cnf": ["kid": "did:key:zDnaeUAsoKb8sPT37Fvf7S5xgNZMjajGVYtnPnQ1MYRkfMCyT"], "exp": time(3601),
            ], name: "BadJwt"),
        Fault(
            claims: [
                "cnf": ["kid": "did:key:zDnaeUAsoKb8sPT37Fvf7S5xgNZMjajGVYtnPnQ1MYRkfMCyT"], "exp": time(3600),
            ], name: nil),
        Fault(claims: ["cnf": .null, "exp": time(-9)], name: "BadJwtCnf"),
        Fault(claims: ["iss": "did:plc:44ybard66vv44zksje25o7dz", "exp": time(-9)], name: "JwtExpired"),
        Fault(header: ["kid": "#atproto"], name: "BadJwtSignature"),
    ]

    @Test(arguments: common + delegation) func delegationTokens(_ fault: Fault) throws {
        let made = try DelegationToken.make(
            issuer: world.user, space: world.space, key: world.key("member"), at: world.now)
        let parts = try ForgedToken.parts(of: made.text)
        let token = try ForgedToken.make(
            header: ForgedToken.changing(parts.header, fault.header),
            claims: ForgedToken.changing(parts.claims, fault.claims), key: world.key("member"))
        let name = errorName { () throws(ATProtoError) in
            _ = try DelegationToken.verify(token, keys: world.keys, at: world.now)
        }
        #expect(name == fault.name)
    }

    @Test(arguments: common + credential) func credentials(_ fault: Fault) throws {
        let key = try world.key("authority #atproto_space")
        let holder = try world.key("dpop").publicKey.thumbprint
        let made = try SpaceCredential.make(
            space: world.space, binding: .thumbprint(holder), keyID: KeyID.space, key: key, at: world.now)
        let parts = try ForgedToken.parts(of: made.text)
        let token = try ForgedToken.make(
            header: ForgedToken.changing(parts.header, fault.header),
            claims: ForgedToken.changing(parts.claims, fault.claims), key: key)
        let name = errorName { () throws(ATProtoError) in
            _ = try SpaceCredential.verify(token, keys: world.keys, at: world.now)
        }
        #expect(name == fault.name)
    }

    @Test(arguments: [
        Fault(header: ["typ": .null], name: nil), Fault(header: ["typ": "at+jwt"], name: "BadJwtType"),
        Fault(header: ["typ": "refresh+jwt"], name: "BadJwtType"),
        Fault(header: ["typ": "dpop+jwt"], name: "BadJwtType"),
        Fault(header: ["typ": "atproto-space-delegation+jwt"], name: "BadJwtType"),
        Fault(header: ["typ": "atproto-space-credential+jwt"], name: "BadJwtType"),
        Fault(header: ["alg": "none"], name: "BadJwtSignature"), Fault(header: ["kid": "#other"], name: nil),
        Fault(claims: ["lxm": .null], name: "BadJwtLexiconMethod"),
        Fault(claims: ["lxm": "com.atproto.space.notifywrite"], name: "BadJwtLexiconMethod"),
        Fault(claims: ["aud": .null], name: "BadJwtAudience"),
        Fault(claims: ["aud": "did:web:b"], name: "BadJwtAudience"),
        Fault(claims: ["jti": .null], name: "BadJwt"), Fault(claims: ["exp": .null], name: "BadJwt"),
        Fault(claims: ["exp": time(3605)], name: nil), Fault(claims: ["exp": time(3606)], name: "BadJwt"),
        Fault(claims: ["exp": time(-5)], name: "JwtExpired"), Fault(claims: ["iat": .null], name: nil),
        Fault(claims: ["iat": time(6)], name: "BadJwt"), Fault(claims: ["iss": "did:plc:x#atproto"], name: "BadJwtIss"),
        Fault(claims: ["iss": "did:plc:ewvi7nxzyoun6zhxrhs64oiz"], name: "BadJwtSignature"),
    ])
    func serviceTokens(_ fault: Fault) throws {
        let method = "com.atproto.space.notifyWrite"
        let made = try ServiceAuthToken.make(
            issuer: world.user, audience: "did:web:a", method: method, key: world.key("member"), at: world.now)
        let parts = try ForgedToken.parts(of: made)
        let token = try ForgedToken.make(
            header: ForgedToken.changing(parts.header, fault.header),
            claims: ForgedToken.changing(parts.claims, fault.claims), key: world.key("member"))
        let name = errorName { () throws(ATProtoError) in
            _ = try ServiceAuthToken.verify(
                token, audiences: ["did:web:a"], method: method, keys: world.keys, at: world.now)
        }
        #expect(name == fault.name)
    }

    @Test func structureIsStrict() throws {
        let token = try #require(world.cases("delegation").first).vectorText("token")
        let segments = token.split(separator: ".").map(String.init)
        let twice = Base64URL.encode(Array(##"{"typ":"JWT","alg":"ES256K","alg":"ES256","kid":"#atproto"}"##.utf8))
        for text in [
            "", ".", "..", "a.b.c", segments[0] + "." + segments[1], token + ".", token + ".x", token + "=",
            " " + token,
            token + "\n", twice + "." + segments[1] + "." + segments[2], segments[0] + "=." + segments[1] + ".a",
            Base64URL.encode(Array("[]".utf8)) + "." + segments[1] + "." + segments[2],
            token + String(repeating: "A", count: 20_000),
        ] {
            let name = errorName { () throws(ATProtoError) in
                _ = try DelegationToken.verify(text, keys: world.keys, at: world.now)
            }
            #expect(name == "BadJwt", "\(text.prefix(40))")
        }
    }

    @Test func failuresToResolveAreToldAsTheyAre() throws {
        let token = try #require(world.cases("delegation").first).vectorText("token")
        for (thrown, told) in [("UpstreamFailure", "UpstreamFailure"), (DIDDocument.malformed, "BadJwtIss")] {
            let name = errorName { () throws(ATProtoError) in
                _ = try DelegationToken.verify(
                    token, keys: { _, _ throws(ATProtoError) in throw ATProtoError(thrown, "") }, at: world.now)
            }
            #expect(name == told)
        }
    }

    @Test func nobodyIsAskedForTheKeyOfATokenThatFailsBefore() throws {
        for vector in try world.cases("delegation") + world.cases("credential") {
            let told = vector["error"]?.string
            guard let told, !["BadJwtSignature", "InvalidDelegationToken", "InvalidCredential"].contains(told) else {
                continue
            }
            let (token, time) = (try vector.vectorText("token"), try TokenWorld.time(of: vector))
            let unasked: KeySource = { _, _ throws(ATProtoError) in throw ATProtoError("Asked", "") }
            #expect(
                errorName { () throws(ATProtoError) in
                    _ = try DelegationToken.verify(token, keys: unasked, at: time)
                } != "Asked")
        }
    }
}
