import ATProto
import Multiformats
import Testing
import UCAN

@Suite struct LegacyTokenTests {
    let world: TokenWorld

    init() throws { world = try TokenWorld() }

    private func vector(_ name: String) throws -> JSON { try #require(world.file["legacy"]?[name]) }

    private func name(_ text: String, _ form: LegacyToken.Form, at offset: Int64 = 0) -> String? {
        errorName { () throws(ATProtoError) in
            _ = try LegacyToken.verify(
                text, form: form, keys: world.keys, at: Timestamp(seconds: 1_738_368_000 + offset))
        }
    }

    @Test func credentialsOfOldReleasesVerifyWhereTheyAreAskedFor() throws {
        let old = try vector("v26Credential").vectorText("token")
        for form in [LegacyToken.Form.credential, .header] {
            let token = try LegacyToken.verify(old, form: form, keys: world.keys, at: world.now)
            #expect(try token.member == world.user && token.space == world.space && token.form == form)
            #expect(name(old, form, at: 14_404) == nil)
            #expect(name(old, form, at: 14_405) == "JwtExpired")
        }
        let unbound = try vector("unboundBearerCredential0016Alignment").vectorText("token")
        let token = try LegacyToken.verify(unbound, form: .unbound, keys: world.keys, at: world.now)
        #expect(try token.member == nil && token.space == world.space)
        #expect(name(unbound, .credential) == "BadJwtType")
        #expect(name(old, .unbound) == "BadJwtType")
        // The proper verifier takes neither.
        for (text, told) in [(old, "BadJwtType"), (unbound, "BadJwtCnf")] {
            #expect(
                errorName { () throws(ATProtoError) in
                    _ = try SpaceCredential.verify(text, keys: world.keys, at: world.now)
                } == told)
        }
    }

    @Test func credentialsMadeHereVerifyAndFaultsAreTold() throws {
        let key = try world.key("authority #atproto_space")
        let made = try LegacyToken.makeCredential(
            member: world.user, space: world.space, key: key, at: world.now)
        #expect(name(made, .credential) == nil)
        let (header, claims) = try ForgedToken.parts(of: made)
        for (changes, told) in [
            (["cnf": ["jkt": "4ob-6DXcNq4ASLhpefxdWwHWUXpgKVdx85TGFk7SmG4"]], "BadJwtCnf"),
            (["iss": "did:plc:44ybard66vv44zksje25o7dz"], "BadJwtIss"), (["scope": "write"], "BadJwtSub"),
            (["exp": 1_738_382_401], "BadJwt"), (["space": "ats://x"], "BadJwtSub"), (["iat": 1_738_368_006], "BadJwt"),
        ] as [([String: JSON], String)] {
            let text = try ForgedToken.make(
                header: header, claims: ForgedToken.changing(claims, changes), key: key)
            #expect(name(text, .credential) == told, "\(changes)")
        }
        let foreign = try ForgedToken.make(header: header, claims: claims, key: world.key("dpop"))
        #expect(name(foreign, .credential) == "BadJwtSignature")
    }

    @Test func credentialsBoundToAKeyAreNoBearerTokensInAnyForm() throws {
        for form in LegacyToken.Form.allCases {
            #expect(name(try world.credential("valid-es256"), form) == "BadJwtCnf")
        }
    }
}
