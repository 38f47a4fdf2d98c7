package import Multiformats

/// Says which members a header may have beside those its token needs (RFC 7515, section 4).
///
/// What is not understood is ignored, such as `cty`, `x5t` and names of one's own, unless it changes what was signed.
package enum JOSEHeader {
    /// Most members of a header, and most bytes of a name in one.
    static let maximumCount = 32
    static let maximumNameLength = 1024

    /// Extensions that must be understood, and none is; a payload in another encoding (RFC 7797); one that is encrypted
    /// or compressed (RFC 7516).
    private static let refused = ["crit", "b64", "enc", "zip"]

    /// Gives a member that no signed token may have here; nil when there is none.
    package static func refusedMember(of header: JSONObject) -> String? { refused.first { header[$0] != nil } }

    /// Bounds a header, and what names something in it; throws `limitExceeded` or `malformedHeader`.
    static func check(_ header: JSONObject) throws(UCANError) {
        guard header.count <= maximumCount else {
            throw UCANError(.limitExceeded, "a header has at most \(maximumCount) members", step: "J.22")
        }
        for name in ["kid", "cty", "x5t", "x5t#S256"] {
            guard let value = header[name] else { continue }
            guard let text = value.string, text.utf8.count <= maximumNameLength else {
                throw UCANError(
                    .malformedHeader, "the header's `\(name)` is no text of at most \(maximumNameLength) bytes",
                    step: "B.1")
            }
        }
    }
}

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
