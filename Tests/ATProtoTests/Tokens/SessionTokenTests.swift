import ATProto
import Multiformats
import Testing
import UCAN

@Suite struct SessionTokenTests {
    private let host = "did:web:localhost%3A8080"
    private let subject = "did:web:alice.localhost%3A8080"
    private let now = Timestamp(seconds: 1_738_368_000)

    private func secret(_ byte: UInt8 = 7) throws -> SessionToken.Secret {
        try #require(SessionToken.Secret([UInt8](repeating: byte, count: 32)))
    }

    private func token(_ kind: SessionToken.Kind) -> SessionToken {
        SessionToken(
            kind: kind, subject: subject, audience: host, scope: "com.atproto.access", issuedAt: now, lifetime: 900,
            id: "00112233")
    }

    private func name(_ text: String, kind: SessionToken.Kind = .access, at offset: Int64 = 0) throws -> String? {
        let secret = try secret()
        return errorName { () throws(ATProtoError) in
            _ = try SessionToken.verify(
                text, kind: kind, audience: host, secret: secret, at: Timestamp(seconds: 1_738_368_000 + offset))
        }
    }

    @Test func tokensComeBackAsTheyWereMade() throws {
        for kind in SessionToken.Kind.allCases {
            let made = token(kind)
            let text = made.signed(with: try secret())
            #expect(try SessionToken.verify(text, kind: kind, audience: host, secret: secret(), at: now) == made)
            let (header, claims) = try ForgedToken.parts(of: text)
            #expect(header["typ"]?.string == (kind == .access ? "at+jwt" : "refresh+jwt"))
            #expect(header["alg"] == "HS256" && claims["sub"]?.string == subject)
            #expect(claims["exp"] == 1_738_368_900 && claims["jti"] == "00112233")
        }
    }

    @Test func secretsAreLongAndMayBeLongerThanABlock() throws {
        let secret = try #require(SessionToken.Secret([UInt8](repeating: 0xAA, count: 131)))
        let text = token(.access).signed(with: secret)
        #expect(try SessionToken.verify(text, kind: .access, audience: host, secret: secret, at: now).id == "00112233")
        #expect(SessionToken.Secret([UInt8](repeating: 1, count: 31)) == nil)
    }

    @Test func kindAudienceSecretAndTimeAreChecked() throws {
        let text = token(.access).signed(with: try secret())
        #expect(try name(text) == nil)
        #expect(try name(text, kind: .refresh) == "InvalidToken")
        #expect(try name(token(.refresh).signed(with: secret())) == "InvalidToken")
        #expect(try name(token(.access).signed(with: secret(8))) == "InvalidToken")
        #expect(try name(text, at: 899) == nil)
        #expect(try name(text, at: 900) == "ExpiredToken")
        let elsewhere = SessionToken(
            kind: .access, subject: subject, audience: "did:web:b", scope: "", issuedAt: now, lifetime: 900)
        #expect(try name(elsewhere.signed(with: secret())) == "InvalidToken")
        // An expired token of someone else's making is not told to be refreshed.
        #expect(try name(token(.access).signed(with: secret(8)), at: 900) == "InvalidToken")
    }

    @Test func othersAlgorithmsAreRefused() throws {
        let parts = try ForgedToken.parts(of: token(.access).signed(with: secret()))
        let key = try PrivateKey.generate(.p256)
        let signed = try ForgedToken.make(
            header: ForgedToken.changing(parts.header, ["alg": "ES256"]), claims: parts.claims, key: key)
        let none =
            Base64URL.encode(Array(#"{"typ":"at+jwt","alg":"none"}"#.utf8)) + "."
            + Base64URL.encode(parts.claims.serialized()) + "."
        for text in [signed, none, "", "a.b.c"] { #expect(try name(text) == "InvalidToken") }
    }
}
