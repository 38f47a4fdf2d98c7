import UCAN

/// Reads principals typed on the command line.
enum PrincipalText {
    /// Accepts a DID, `@NAME` for a key kept here, and `me` for whoever is logged in.
    static func parse(_ text: String, keys: KeyStore, me: DID?) throws(Failure) -> DID {
        if text.hasSameBytes(as: "me") {
            guard let me else { throw Failure(.notAuthorized, "nobody is logged in", hint: "`capq login` first") }
            return me
        }
        if text.utf8.first == UInt8(ascii: "@") { return try SigningKey(keys.load(String(text.dropFirst()))).did }
        return try Failure.ofTokens(.usage) { () throws(UCANError) in try DID.principal(ofURL: text).0 }
    }
}
