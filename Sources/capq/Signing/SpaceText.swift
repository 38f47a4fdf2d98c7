import UCAN

/// Works on the text of spaces that a key signs for, and of resources: `tinycloud:<did without did:>:<name>`, or of another
/// family `<scheme>:<did>:<name>`; in either what follows the first slash is a place in the space.
enum SpaceText {
    /// Names the space a person's account starts with.
    static func ofAccount(_ did: DID, name: String = "default") -> String {
        "tinycloud:\(did.text.dropFirst("did:".count)):\(name)"
    }

    /// Returns the space a resource lies in; nil when it lies in none.
    static func space(of resource: String) -> String? {
        let end = resource.utf8.firstIndex(of: UInt8(ascii: "/")) ?? resource.endIndex
        let space = String(resource[..<end])
        return owner(of: space) == nil ? nil : space
    }

    /// Returns the DID at the root of a space; nil when the text names no space.
    static func owner(of space: String) -> DID? {
        guard !space.utf8.contains(UInt8(ascii: "/")), let first = space.utf8.firstIndex(of: UInt8(ascii: ":")),
            let last = space.utf8.lastIndex(of: UInt8(ascii: ":")), first < last,
            last < space.utf8.index(before: space.endIndex)
        else { return nil }
        let owner = space[space.utf8.index(after: first)..<last]
        return try? DID(space[..<first] == "tinycloud" ? "did:" + owner : String(owner))
    }

    /// Completes what was typed for a resource: whole URIs stay, anything else lies in `space`.
    static func resource(_ typed: String, in space: String?) throws(CommandError) -> String {
        if typed.utf8.contains(UInt8(ascii: ":")) { return typed }
        guard let space else {
            throw .usage(
                "`\(typed)` lies in no space", hint: "give the whole resource, or `--space`, or `capq login` first")
        }
        return "\(space)/\(typed)"
    }
}

/// Reads principals typed on the command line.
enum PrincipalText {
    /// Accepts a DID, `@NAME` for a key kept here, and `me` for whoever is logged in.
    static func parse(_ text: String, keys: KeyStore, me: DID?) throws(CommandError) -> DID {
        if text.hasSameBytes(as: "me") {
            guard let me else { throw CommandError(.notAuthorized, "nobody is logged in", hint: "`capq login` first") }
            return me
        }
        if text.utf8.first == UInt8(ascii: "@") { return try SigningKey(keys.load(String(text.dropFirst()))).did }
        return try CommandError.ofTokens(.usage) { () throws(UCANError) in try DID.principal(ofURL: text).0 }
    }
}
