import ATProto
import Multiformats
import Testing
import UCAN

@Suite struct RequestCredentialTests {
    let world: TokenWorld

    init() throws { world = try TokenWorld() }

    private func legacy(_ name: String) throws -> String {
        try #require(world.file["legacy"]?[name]).vectorText("token")
    }

    @Test func theTableOfSectionThreeHolds() throws {
        let credential = try world.credential("valid-es256")
        let delegation = try #require(world.cases("delegation").first).vectorText("token")
        let service = try ServiceAuthToken.make(
            issuer: world.user, audience: "did:web:a", method: "a.b.c", key: world.key("member"), at: world.now)
        let secret = try #require(SessionToken.Secret([UInt8](repeating: 7, count: 32)))
        let session = SessionToken(
            kind: .access, subject: try world.user, audience: "did:web:a", scope: "com.atproto.access",
            issuedAt: world.now, lifetime: 900
        ).signed(with: secret)
        let ucan = try ForgedToken.make(
            header: ["alg": "ES256", "typ": "JWT", "ucv": "0.10.0"], claims: [:], key: world.key("dpop"))
        let cases: [(String, RequestCredential)] = [
            ("Atproto-Space " + credential, .space(token: credential, scheme: .signature)),
            ("atproto-space x", .space(token: "x", scheme: .signature)),
            ("DPoP " + credential, .space(token: credential, scheme: .proof)),
            ("dpop  " + session, .oauth(token: session)), ("DPoP opaque", .oauth(token: "opaque")),
            ("Bearer " + delegation, .delegation(token: delegation)),
            ("Bearer " + service, .serviceAuth(token: service)),
            ("bearer " + session, .session(token: session)), ("Bearer opaque", .session(token: "opaque")),
            ("Bearer " + ucan, .invocation(token: ucan)), (ucan, .invocation(token: ucan)),
            ("Bearer " + (try legacy("v26Credential")), .session(token: try legacy("v26Credential"))),
        ]
        for (header, wanted) in cases {
            #expect(try RequestCredential.classify(authorization: [header]) == wanted, "\(header.prefix(40))")
        }
        #expect(try RequestCredential.classify(authorization: [], legacyHeader: ["x"]) == .none)
    }

    @Test func credentialsAreNoBearerTokens() throws {
        let bound = try world.credential("valid-es256")
        let unbound = try legacy("unboundBearerCredential0016Alignment")
        for (token, acceptingLegacy) in [(bound, false), (bound, true), (unbound, false)] {
            let name = errorName { () throws(ATProtoError) in
                _ = try RequestCredential.classify(
                    authorization: ["Bearer " + token], acceptingLegacy: acceptingLegacy)
            }
            #expect(name == "BadJwtCnf")
        }
        let old = try legacy("v26Credential")
        for (authorization, header, wanted) in [
            (["Bearer " + unbound], [], .legacy(token: unbound, .unbound)),
            (["Bearer " + old], [], .legacy(token: old, .credential)), ([], [old], .legacy(token: old, .header)),
        ] as [([String], [String], RequestCredential)] {
            #expect(
                try RequestCredential.classify(
                    authorization: authorization, legacyHeader: header, acceptingLegacy: true) == wanted)
        }
        // A proper header goes before the old one.
        #expect(
            try RequestCredential.classify(authorization: ["Bearer x"], legacyHeader: [old], acceptingLegacy: true)
                == .session(token: "x"))
    }

    @Test func ambiguousRequestsAreRefused() throws {
        for (authorization, legacyHeader, query) in [
            (["Bearer a", "Bearer a"], [], []), ([], ["a", "b"], []), (["Bearer a"], [], ["access_token"]),
            ([], [], ["space", "credential"]), (["Basic YTpi"], [], []), ([""], [], []), (["Bearer"], [], []),
        ] as [([String], [String], [String])] {
            let name = errorName { () throws(ATProtoError) in
                _ = try RequestCredential.classify(
                    authorization: authorization, legacyHeader: legacyHeader, queryNames: query, acceptingLegacy: true)
            }
            if authorization == ["Bearer"] {
                #expect(name == nil)
            } else {
                #expect(name == "BadJwt", "\(authorization) \(query)")
            }
        }
        #expect(try RequestCredential.classify(authorization: [], queryNames: ["space", "cursor"]) == .none)
    }
}
