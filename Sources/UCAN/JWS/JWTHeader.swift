import Multiformats

/// Holds the header of a UCAN: `alg`, `typ`, `ucv` and an optional `jwk` (spec/ucan.md B.1); others are not interpreted.
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
        if let name = JOSEHeader.refusedMember(of: members) ?? JWTHeader.foreignKey(in: members) {
            throw UCANError(.malformedHeader, "a header must not have `\(name)`", step: "J.5")
        }
        try JOSEHeader.check(members)
        self.algorithm = algorithm
        key = try members["jwk"].map { jwk throws(UCANError) in try PublicKey(jwk: jwk) }
    }

    /// Members that bring another key than `jwk`, or say where to get one; no key is taken but the issuer's.
    private static func foreignKey(in members: JSONObject) -> String? {
        ["jku", "x5u", "x5c"].first { members[$0] != nil }
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
