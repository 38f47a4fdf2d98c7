import ATProto
import CapClient
import Multiformats

/// `capq blob`: sends and fetches the files that records refer to.
enum BlobCommand {
    static let command = Command(
        "blob",
        summary: "send and fetch files that records refer to",
        discussion: """
            A blob is served to readers of a space once a record there refers to it, and kept from everybody else.
            """,
        subcommands: [BlobPutCommand.command, BlobGetCommand.command],
        examples: [Example("capq blob put ./picture.png --type image/png", "send a picture", stage: .accounts)]
    )
}

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

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let typed = try arguments.required(cid)
        let cid = try CommandError.ofProtocol(.usage) { () throws(ATProtoError) in try CID(atproto: typed) }
        guard let path = arguments[to] else { throw .usage("`capq blob get` needs `--to FILE`") }
        let acting = try ActingAccount(arguments, process)
        let space = try SpaceChoice.of(arguments, acting)
        let author = try RecordName.author(arguments, acting)
        let request = XRPCRequest.query(
            "com.atproto.space.getBlob", [("space", space.text), ("repo", author), ("cid", cid.text)])
        var bytes: [UInt8] = []
        try CommandError.ofXRPC { () throws(ClientError) in
            _ = try acting.session.download(request) { piece in
                bytes.append(contentsOf: piece)
                return bytes.count <= AccountService.maxResponseBytes
            }
        }
        guard CID.ofBlob(bytes) == cid else {
            throw CommandError(.deny, "the service sent something else than `\(cid.text)`")
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

/// `capq blob put`: uploads a file for records to refer to.
enum BlobPutCommand {
    static let file = Positional("FILE", "file to send, `-` for standard input", kind: .file)
    static let type = Option("type", "MIME", "its media type, application/octet-stream by default")
    /// Bytes of the largest blob the protocol takes.
    static let limit = 5 << 20

    static let command = Command(
        "put",
        summary: "upload a file for records to refer to",
        discussion: "Prints the reference to put into a record; a blob nobody refers to is thrown away in time.",
        options: [type, AccountOptions.acting],
        positionals: [file],
        examples: [
            Example(
                "capq blob put ./picture.png --type image/png --output json", "its reference", stage: .accounts)
        ],
        exits: [.deny, .notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let acting = try ActingAccount(arguments, process)
        let bytes = try FileInput.read(try arguments.required(file), process, limit: limit)
        var request = XRPCRequest.procedure("com.atproto.repo.uploadBlob")
        request.content = (type: arguments[type] ?? "application/octet-stream", bytes: bytes)
        let asked = request
        let made = try CommandError.ofXRPC { () throws(ClientError) in try acting.session.json(asked) }
        guard let reference = made["blob"] else { throw CommandError(.failure, "the service gave no reference") }
        let cid = CID.ofBlob(bytes).text
        guard reference["ref"]?["$link"]?.string.map({ $0.hasSameBytes(as: cid) }) ?? false else {
            throw CommandError(.deny, "the service stored something else than was sent")
        }
        var object = JSONObject(schema: "capq/blob/1")
        object["cid"] = .string(cid)
        object["blob"] = reference
        return .fields(
            .object(object), [("blob", Cell(cid)), ("reference", Cell(JSONPrinter.line(reference)))])
    }
}
