import ATProto
import CapClient
import Multiformats

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

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let acting = try ActingAccount(arguments, surroundings)
        let bytes = try FileInput.read(try arguments.required(file), surroundings, limit: limit)
        var request = XRPCRequest.procedure("com.atproto.repo.uploadBlob")
        request.content = (type: arguments[type] ?? "application/octet-stream", bytes: bytes)
        let asked = request
        let made = try Failure.ofXRPC { () throws(ClientError) in try acting.session.json(asked) }
        guard let reference = made["blob"] else { throw Failure(.failure, "the service gave no reference") }
        let cid = CID.ofBlob(bytes).text
        guard reference["ref"]?["$link"]?.string.map({ $0.hasSameBytes(as: cid) }) ?? false else {
            throw Failure(.deny, "the service stored something else than was sent")
        }
        var object = JSONObject(schema: "capq/blob/1")
        object["cid"] = .string(cid)
        object["blob"] = reference
        return .fields(
            .object(object), [("blob", Cell(cid)), ("reference", Cell(JSONPrinter.line(reference)))])
    }
}
