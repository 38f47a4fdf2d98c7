import ATProto
import Multiformats

/// Names a record as typed: a whole URI, or `COLLECTION/RKEY` in the space and by the author of the command.
enum RecordName {
    static let record = Positional("RECORD", "COLLECTION/RKEY, or a whole at:// URI")
    static let author = Option(
        "author", short: "a", "WHO", "handle or DID of who wrote it; yourself by default", kind: .account)

    /// Finds the record; a whole URI brings its own space and author.
    static func find(_ typed: String, _ arguments: Arguments, _ acting: ActingAccount) throws(CommandError) -> RecordURI
    {
        if SpaceChoice.isSpace(typed) {
            return try CommandError.ofProtocol(.usage) { () throws(ATProtoError) in try RecordURI(accepting: typed) }
        }
        let (collection, rkey) = try parts(typed)
        guard let rkey else { throw .usage("`\(typed)` names no record", hint: "COLLECTION/RKEY") }
        let space = try SpaceChoice.of(arguments, acting)
        let author = try author(arguments, acting)
        return try CommandError.ofProtocol(.usage) { () throws(ATProtoError) in
            try RecordURI(space: space, author: author, collection: collection, rkey: rkey)
        }
    }

    /// Gives the DID of `--author`, else of the account.
    static func author(_ arguments: Arguments, _ acting: ActingAccount) throws(CommandError) -> String {
        guard let typed = arguments[author] else { return acting.did }
        return try acting.principal(typed)
    }

    /// Reads `COLLECTION` or `COLLECTION/RKEY`.
    static func parts(_ typed: String) throws(CommandError) -> (collection: String, rkey: String?) {
        let parts = typed.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard NSID.isValid(parts[0]) else {
            throw .usage("`\(parts[0])` is not a collection", hint: "an NSID, as in com.example.forum.post")
        }
        guard parts.count == 2 else { return (parts[0], nil) }
        guard RecordKey.isValid(parts[1]) else { throw .usage("`\(parts[1])` is not a record key") }
        return (parts[0], parts[1])
    }
}

/// Reads the value of a record: JSON on the command line, in a file or on standard input.
enum RecordInput {
    static let value = Positional("VALUE", "JSON object, a file of it, or `-` for standard input", kind: .file)
    /// Longest JSON text read; the service takes no more either.
    static let limit = 1_000_000

    static func read(_ typed: String, collection: String, _ process: ProcessEnvironment) throws(CommandError) -> JSON {
        let isInline = typed.utf8.first { $0 > 0x20 } == UInt8(ascii: "{")
        let bytes = isInline ? Array(typed.utf8) : try FileInput.read(typed, process, limit: limit)
        let json: JSON
        do {
            json = try JSON.parse(bytes)
        } catch {
            throw .usage("the value is not JSON: \(error.message)")
        }
        // What the service would refuse is refused before it is sent.
        let record = try CommandError.ofProtocol(.usage) { () throws(ATProtoError) in
            try PreparedRecord(json: json, collection: collection)
        }
        return RecordData.json(record.value)
    }
}
