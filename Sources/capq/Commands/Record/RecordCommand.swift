import ATProto
import Multiformats

/// `capq record`: writes and reads records of a space.
enum RecordCommand {
    static let swap = Option(
        "swap", "CID", "only if this is the record's CID now; `none` if there must be no record yet")

    static let command = Command(
        "record",
        summary: "write and read records of a space",
        discussion: """
            A record is named COLLECTION/RKEY: yours unless `--author` names somebody else, in the default space unless
            `--space` names another; or by its whole URI.
            """,
        subcommands: [
            RecordPutCommand.command, RecordGetCommand.command, RecordListCommand.command, RecordRemoveCommand.command,
        ],
        examples: [
            Example("capq record ls com.example.forum.post", "your posts in the default space", stage: .accounts)
        ]
    )

    /// Adds what `--swap` says; null asserts that nothing is there.
    static func addSwap(_ arguments: Arguments, to input: inout JSONObject) throws(Failure) {
        guard let text = arguments[swap] else { return }
        if text.hasSameBytes(as: "none") {
            input["swapRecord"] = .null
        } else {
            input["swapRecord"] = .string(
                try Failure.ofProtocol(.usage) { () throws(ATProtoError) in try CID(atproto: text) }.text)
        }
    }
}
