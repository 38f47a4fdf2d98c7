import Multiformats
import Testing
import UCAN

@testable import ATProto

/// A token that expires no later than it was issued was never good, whoever made it: every reader of both times says so.
@Suite struct TokenOrderTests {
    private let world: TokenWorld
    private let secret: [UInt8]
    private let issuer: PrivateKey

    init() throws {
        world = try TokenWorld()
        secret = [UInt8](repeating: 7, count: 32)
        issuer = try PrivateKey.generate(.p256)
    }

    enum Kind: String, CaseIterable {
        case delegation, boundToThumbprint, boundToKey, attestation, service, oauth, access, refresh
        case memberCredential, header, unbound
    }

    /// Seconds from issue to expiry, with the issue at most two seconds ahead of the clock, as clocks differ.
    @Test(arguments: Kind.allCases, [-1, 0, 1] as [Int64])
    func onlyATokenThatExpiresAfterItsIssueIsTaken(_ kind: Kind, _ life: Int64) throws {
        let issued = UnixTime.second(of: world.now) + 1
        let name = try verify(kind, ["iat": number(issued), "exp": number(issued + life)])
        #expect((name == nil) == (life > 0), "\(kind) of \(life) seconds: \(name ?? "taken")")
    }

    private func number(_ second: Int64) -> JSON { .number(JSONNumber(second)) }

    /// Makes a sound token, changes its times, signs it anew and verifies it.
    private func verify(_ kind: Kind, _ times: [String: JSON]) throws -> String? {
        let now = world.now
        let space = try world.space
        let authority = try world.key("authority #atproto_space")
        switch kind {
        case .delegation:
            let key = try world.key("member")
            let made = try DelegationToken.make(issuer: world.user, space: space, key: key, at: now)
            let text = try changed(made.text, times, key)
            return errorName { () throws(ATProtoError) in
                _ = try DelegationToken.verify(text, keys: world.keys, at: now)
            }
        case .boundToThumbprint, .boundToKey:
            let holder = try world.key("dpop").publicKey
            let made = try SpaceCredential.make(
                space: space, binding: kind == .boundToKey ? .key(holder) : .thumbprint(holder.thumbprint),
                keyID: KeyID.space, key: authority, at: now)
            let text = try changed(made.text, times, authority)
            return errorName { () throws(ATProtoError) in
                _ = try SpaceCredential.verify(text, keys: world.keys, at: now)
            }
        case .attestation:
            let client = "https://client.example/c.json"
            let text = try changed(
                ClientAttestation.make(clientID: client, keyID: "1", space: space, key: issuer, at: now), times, issuer)
            return try named { keys throws(ATProtoError) in
                _ = try ClientAttestation.verify(text, space: space, keys: keys, at: now)
            }
        case .service:
            let key = try world.key("member")
            let text = try changed(
                ServiceAuthToken.make(issuer: world.user, audience: "did:web:a", method: "a.b.c", key: key, at: now),
                times, key)
            return errorName { () throws(ATProtoError) in
                _ = try ServiceAuthToken.verify(
                    text, audiences: ["did:web:a"], method: "a.b.c", keys: world.keys, at: now)
            }
        case .oauth:
            let claims: JSON = [
                "iss": "https://auth.example", "sub": "did:plc:abc", "aud": "did:web:a", "scope": "atproto",
                "jti": "j", "cnf": ["jkt": .string(issuer.publicKey.thumbprint)],
            ]
            let text = try ForgedToken.make(
                header: ["typ": "at+jwt", "alg": "ES256", "kid": "1"], claims: ForgedToken.changing(claims, times),
                key: issuer)
            return try named { keys throws(ATProtoError) in
                _ = try OAuthAccessToken.verify(
                    text, audiences: ["did:web:a"], keys: { name throws(ATProtoError) in try keys(name) }, at: now)
            }
        case .access, .refresh:
            let kind: SessionToken.Kind = kind == .access ? .access : .refresh
            let held = try #require(SessionToken.Secret(secret))
            let claims: JSON = ["scope": "x", "aud": "did:web:a", "sub": "did:plc:abc", "jti": "j"]
            let text = sealed(kind.type, ForgedToken.changing(claims, times))
            return errorName { () throws(ATProtoError) in
                _ = try SessionToken.verify(text, kind: kind, audience: "did:web:a", secret: held, at: now)
            }
        case .memberCredential, .header:
            let text = try changed(
                LegacyToken.makeCredential(member: world.user, space: space, key: authority, at: now), times, authority)
            return errorName { () throws(ATProtoError) in
                _ = try LegacyToken.verify(
                    text, form: kind == .header ? .header : .credential, keys: world.keys, at: now)
            }
        case .unbound:
            let text = try changed(
                LegacyToken.makeUnbound(space: space, keyID: KeyID.space, key: authority, at: now), times, authority)
            return errorName { () throws(ATProtoError) in
                _ = try LegacyToken.verify(text, form: .unbound, keys: world.keys, at: now)
            }
        }
    }

    private func changed(_ token: String, _ times: [String: JSON], _ key: PrivateKey) throws -> String {
        let parts = try ForgedToken.parts(of: token)
        return try ForgedToken.make(
            header: parts.header, claims: ForgedToken.changing(parts.claims, times), key: key)
    }

    private func sealed(_ type: String, _ claims: JSON) -> String {
        JWSMaker.make(type: type, claims: claims.object?.members ?? [], secret: secret)
    }

    private func named(
        _ verify: ((String) throws(ATProtoError) -> JWKSet) throws(ATProtoError) -> Void
    ) throws -> String? {
        let set = try JWKSet(["keys": [ForgedToken.changing(issuer.publicKey.jwk, ["kid": "1", "use": "sig"])]])
        return errorName { () throws(ATProtoError) in
            try verify { _ throws(ATProtoError) in set }
        }
    }
}
