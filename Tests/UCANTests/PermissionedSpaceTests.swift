import Multiformats
import Testing
import UCAN

/// UCANs about permissioned spaces, and those of issuers whose key stands in a document.
@Suite struct PermissionedSpaceTests {
    @Test(arguments: [
        "at://did:web:alice.example", "at://did:web:alice.localhost%3A8137/space/com.example.forum/main",
        "at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/space/com.example.forum/a:b~c/did:key:z6Mk/com.example.post/1",
    ])
    func spacesAreResources(text: String) throws {
        #expect(try TokenCapability(resource: text, ability: "atproto.space/read").resource == text)
    }

    @Test(arguments: [
        "at://did:web:a b/space", "at://did:web:%3g/space", "at://did:web:a/space/x y", "at://did:web:a?x=1#%z",
        "at://did:web:a/space/\u{e9}", "at://alice:x.example/space", "AT://did:web:a",
    ])
    func otherTextIsNone(text: String) {
        #expect(throws: UCANError(.malformedResource, "")) {
            try TokenCapability(resource: text, ability: "atproto.space/read")
        }
    }

    private func token(_ key: PrivateKey, _ issuer: DID) throws -> String {
        try TokenMaker.ucan(
            issuer: key, audience: key.did,
            capabilities: [TokenCapability(resource: "at://\(issuer.text)", ability: "atproto.account/use")],
            expires: Timestamp(seconds: 1_900_000_000), issuerDID: issuer
        ).authorization()
    }

    @Test(arguments: ["did:web:alice.example", "did:plc:ewvi7nxzyoun6zhxrhs64oiz"], [Curve.p256, .secp256k1])
    func anIssuerIsVerifiedByTheKeyItPublishes(name: String, curve: Curve) throws {
        let (key, issuer) = (try PrivateKey.generate(curve), try DID(name))
        let text = try token(key, issuer)
        func decode(_ published: PublicKey?) throws(UCANError) -> Token {
            try UnverifiedToken.decode(
                authorization: text.utf8,
                keys: { did throws(UCANError) in did == issuer ? published : nil }
            ).verify()
        }
        #expect(try decode(key.publicKey).issuer == issuer)
        #expect(throws: UCANError(.unsupportedKey, "")) { try decode(nil) }
        // The header shows the signer's own key, which is not the published one.
        let other = try PrivateKey.generate(curve).publicKey
        #expect(throws: UCANError(.keyMismatch, "")) { try decode(other) }
        #expect(throws: UCANError(.unsupportedKey, "")) { try UnverifiedToken.decode(authorization: text.utf8) }
    }
}
