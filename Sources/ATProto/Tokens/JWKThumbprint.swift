import Multiformats
public import UCAN

/// Computes and checks RFC 7638 thumbprints.
enum JWKThumbprint {
    /// Tests that a text is the base64url of 32 bytes.
    static func isValid(_ text: String) -> Bool { Base64URL.decode(text.utf8)?.count == 32 }
}

extension PublicKey {
    /// The RFC 7638 thumbprint: base64url of the SHA-256 of the required members, sorted, without blanks.
    public var thumbprint: String {
        let required = ["crv", "kty", "x", "y"]
        let members = jwk.object?.sortedMembers.filter { required.contains($0.key) } ?? []
        return Base64URL.encode(SHA256.hash(JSON.object(JSONObject(members) ?? JSONObject()).serialized()).bytes)
    }
}
