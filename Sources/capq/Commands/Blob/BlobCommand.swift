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
