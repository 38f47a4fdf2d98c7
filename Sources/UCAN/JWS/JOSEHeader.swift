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
