import ATProto

/// Reads which space a command is about.
enum SpaceChoice {
    static let typed = Positional("SPACE", "at:// URI, or TYPE/SKEY of an own one")
    static let optional = Positional(
        "SPACE", "at:// URI, or TYPE/SKEY of an own one; that of the context by default", isRequired: false)

    /// Finds the space from `--space`, else that of the context.
    static func of(_ arguments: Arguments, _ acting: ActingAccount) throws(CommandError) -> SpaceURI {
        try of(arguments[AccountOptions.space], acting)
    }

    /// Finds the space from what was typed, else that of the context.
    static func of(_ typed: String?, _ acting: ActingAccount) throws(CommandError) -> SpaceURI {
        guard let text = typed ?? acting.service.context.space else {
            throw .usage("no space is named", hint: "`--space URI`, or `capq space create TYPE --use` makes a default")
        }
        return try parse(text, of: acting.did)
    }

    /// Reads a whole URI, also in its older form, or `TYPE/SKEY` below the account's own DID.
    static func parse(_ text: String, of did: String) throws(CommandError) -> SpaceURI {
        if isSpace(text) {
            return try CommandError.ofProtocol(.usage) { () throws(ATProtoError) in try SpaceURI(accepting: text) }
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !text.utf8.contains(UInt8(ascii: ":")) || NSID.isValid(parts[0]) else {
            throw .usage(
                "`\(text)` is not a permissioned space", hint: "at://DID/space/TYPE/SKEY, or TYPE/SKEY of an own one")
        }
        return try CommandError.ofProtocol(.usage) { () throws(ATProtoError) in
            try SpaceURI(authority: did, type: parts[0], skey: parts[1])
        }
    }

    /// Tells permissioned spaces, and what lies in them, from the other spaces of the graph.
    static func isSpace(_ text: String) -> Bool {
        text.utf8.starts(with: "at://".utf8) || text.utf8.starts(with: "ats://".utf8)
    }
}
