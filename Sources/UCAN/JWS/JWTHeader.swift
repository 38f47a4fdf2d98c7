import Multiformats

/// Holds the header of a UCAN: `alg`, `typ`, `ucv` and an optional `jwk`, and nothing else (spec/ucan.md B.1).
struct JWTHeader: Sendable {
    static let version = "0.10.0"

    let algorithm: String
    let key: PublicKey?

    /// Reads a header; the version is looked at first, so that every other version is told apart from broken ones.
    init(_ json: JSON) throws(UCANError) {
        guard case .object(let members) = json else {
            throw UCANError(.malformedHeader, "the header is no JSON object", step: "B.1")
        }
        guard let version = members["ucv"] else {
            throw UCANError(.unsupportedVersion, "the header names no UCAN version in `ucv`", step: "A")
        }
        guard version.string.isExactly(JWTHeader.version) else {
            throw UCANError(.unsupportedVersion, "the header's UCAN version is not `\(JWTHeader.version)`", step: "A")
        }
        guard members["typ"]?.string.isExactly("JWT") == true else {
            throw UCANError(.malformedHeader, "the header's `typ` is not `JWT`", step: "B.1")
        }
        guard let algorithm = members["alg"]?.string else {
            throw UCANError(.malformedHeader, "the header names no algorithm in `alg`", step: "B.1")
        }
        let jwk = members["jwk"]
        guard members.count == (jwk == nil ? 3 : 4) else {
            // `crit`, `b64`, `jku`, `x5u`, `kid` and the like would change what is verified, or with what.
            throw UCANError(
                .malformedHeader, "the header has members besides `alg`, `typ`, `ucv` and `jwk`", step: "J.5")
        }
        self.algorithm = algorithm
        key = try jwk.map { jwk throws(UCANError) in try PublicKey(jwk: jwk) }
    }

    /// The compact sorted JSON of a header for `key`.
    static func text(for key: PublicKey) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("alg")
        writer.string(key.curve.algorithm)
        writer.key("jwk")
        writer.value(key.jwk)
        writer.key("typ")
        writer.string("JWT")
        writer.key("ucv")
        writer.string(version)
        writer.endObject()
        return writer.bytes
    }
}
