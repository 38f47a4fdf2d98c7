import ATProto

/// Names a record as typed: a whole URI, or `COLLECTION/RKEY` in the space and by the author of the command.
enum RecordName {
    static let record = Positional("RECORD", "COLLECTION/RKEY, or a whole at:// URI")
    static let author = Option(
        "author", short: "a", "WHO", "handle or DID of who wrote it; yourself by default", kind: .account)

    /// Finds the record; a whole URI brings its own space and author.
    static func find(_ typed: String, _ arguments: Arguments, _ acting: ActingAccount) throws(Failure) -> RecordURI {
        if SpaceChoice.isSpace(typed) {
            return try Failure.ofProtocol(.usage) { () throws(ATProtoError) in try RecordURI(accepting: typed) }
        }
        let (collection, rkey) = try parts(typed)
        guard let rkey else { throw .usage("`\(typed)` names no record", hint: "COLLECTION/RKEY") }
        let space = try SpaceChoice.of(arguments, acting)
        let author = try author(arguments, acting)
        return try Failure.ofProtocol(.usage) { () throws(ATProtoError) in
            try RecordURI(space: space, author: author, collection: collection, rkey: rkey)
        }
    }

    /// Gives the DID of `--author`, else of the account.
    static func author(_ arguments: Arguments, _ acting: ActingAccount) throws(Failure) -> String {
        guard let typed = arguments[author] else { return acting.did }
        return try acting.principal(typed)
    }

    /// Reads `COLLECTION` or `COLLECTION/RKEY`.
    static func parts(_ typed: String) throws(Failure) -> (collection: String, rkey: String?) {
        let parts = typed.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard NSID.isValid(parts[0]) else {
            throw .usage("`\(parts[0])` is not a collection", hint: "an NSID, as in com.example.forum.post")
        }
        guard parts.count == 2 else { return (parts[0], nil) }
        guard RecordKey.isValid(parts[1]) else { throw .usage("`\(parts[1])` is not a record key") }
        return (parts[0], parts[1])
    }
}
