import Multiformats

/// Longest `jti` that is taken, in bytes.
private let maximumIDLength = 128

extension CompactJWS {
    /// Reads a claim that is text; throws `name` when it is absent, empty or of another type.
    func text(_ claim: String, orThrow name: String) throws(ATProtoError) -> String {
        guard let text = claims[claim]?.string, !text.isEmpty else {
            throw ATProtoError(name, "the token has no text in `\(claim)`")
        }
        return text
    }

    /// Reads a claim that is whole Unix seconds in plain digits; throws `BadJwt`.
    func seconds(_ claim: String) throws(ATProtoError) -> Int64 {
        guard let seconds = try optionalSeconds(claim) else { throw .badJWT("the token has no time in `\(claim)`") }
        return seconds
    }

    func optionalSeconds(_ claim: String) throws(ATProtoError) -> Int64? {
        guard let value = claims[claim] else { return nil }
        guard let text = value.number?.text, let seconds = Int64(text), seconds.magnitude <= UnixTime.bound.magnitude
        else { throw .badJWT("the token's `\(claim)` is not whole seconds") }
        return seconds
    }

    /// Reads `iat` and `exp`; throws `BadJwt`. That they are in order is for `UnixTime.requireOrder`, once both are known
    /// to be good now.
    func times() throws(ATProtoError) -> (issued: Int64, expiry: Int64) {
        (try seconds("iat"), try seconds("exp"))
    }

    /// Reads `jti`: 1 to 128 bytes; throws `BadJwt`.
    func id() throws(ATProtoError) -> String {
        let id = try text("jti", orThrow: "BadJwt")
        guard id.utf8.count <= maximumIDLength else { throw .badJWT("the token's `jti` is too long") }
        return id
    }

    /// Reads `iss`; throws `BadJwtIss` unless it is a DID.
    func issuerDID() throws(ATProtoError) -> String {
        let issuer = try text("iss", orThrow: "BadJwtIss")
        guard ATProtoDID.isValid(issuer) else { throw ATProtoError("BadJwtIss", "the token's `iss` is no DID") }
        return issuer
    }

    /// Reads `sub`; throws `BadJwtSub` unless it is the canonical URI of a space.
    func spaceSubject() throws(ATProtoError) -> SpaceURI {
        let subject = try text("sub", orThrow: "BadJwtSub")
        guard let space = try? SpaceURI(subject) else {
            throw ATProtoError("BadJwtSub", "the token's `sub` is no space")
        }
        return space
    }

    /// Reads `kid`: one of the two keys of section 2; throws `BadJwt`.
    func spaceKeyID() throws(ATProtoError) -> String {
        guard let id = header["kid"]?.string, id.isExactly(KeyID.account) || id.isExactly(KeyID.space) else {
            throw .badJWT("the header's `kid` is neither `\(KeyID.account)` nor `\(KeyID.space)`")
        }
        return id
    }
}
