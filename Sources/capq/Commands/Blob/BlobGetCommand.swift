import ATProto
import CapClient
import Multiformats

/// `capq blob get`: fetches a blob and checks it against its CID.
enum BlobGetCommand {
    static let cid = Positional("CID", "blob to fetch")
    static let to = Option("to", "FILE", "file to write, never one that is there already", kind: .file)

    static let command = Command(
        "get",
        summary: "fetch a file that a record refers to",
        options: [to, RecordName.author, AccountOptions.space, AccountOptions.acting],
        positionals: [cid],
        examples: [
            Example("capq blob get \"$BLOB\" --to ./fetched.png", "fetch a picture", stage: .accounts)
        ],
        exits: [.deny, .notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let typed = try arguments.required(cid)
        let cid = try Failure.ofProtocol(.usage) { () throws(ATProtoError) in try CID(atproto: typed) }
        guard let path = arguments[to] else { throw .usage("`capq blob get` needs `--to FILE`") }
        let acting = try ActingAccount(arguments, surroundings)
        let space = try SpaceChoice.of(arguments, acting)
        let author = try RecordName.author(arguments, acting)
        let request = XRPCRequest.query(
            "com.atproto.space.getBlob", [("space", space.text), ("repo", author), ("cid", cid.text)])
        var bytes: [UInt8] = []
        try Failure.ofXRPC { () throws(ClientError) in
            _ = try acting.session.download(request) { piece in
                bytes.append(contentsOf: piece)
                return bytes.count <= AccountPlace.maxResponseBytes
            }
        }
        guard CID.ofBlob(bytes) == cid else {
            throw Failure(.deny, "the service sent something else than `\(cid.text)`")
        }
        try PrivateFile.write(bytes, to: path, replaces: false)
        var object = JSONObject(schema: "capq/blob/1")
        object["cid"] = .string(cid.text)
        object["size"] = .number(JSONNumber(bytes.count))
        object["file"] = .string(path)
        return .fields(
            .object(object), [("blob", Cell(cid.text)), ("bytes", Cell(String(bytes.count))), ("file", Cell(path))])
    }
}
