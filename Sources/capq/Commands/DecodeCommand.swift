import CapClient
import Multiformats
import UCAN

/// `capq decode`: shows what a token says, without judging it.
enum DecodeCommand {
    static let token = Positional("TOKEN", "token, file of tokens, or `-` for standard input", kind: .file)

    static let command = Command(
        "decode",
        summary: "show what a token says, without judging it",
        discussion: """
            Reads a UCAN (JWT) or a CACAO (base64url or DAG-CBOR), alone or one a line, or a JSON document that holds
            tokens. Signatures are not checked: `capq verify` does that.
            """,
        positionals: [token],
        examples: [
            Example("capq decode \"$TOKEN\"", "issuer, audience, abilities, proofs and times"),
            Example("capq decode ./delegation.jwt --output json", "the same for a program"),
        ],
        exits: [.notFound],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let sources = try TokenInput.read(try arguments.required(token), process)
        let now = Timestamp(microseconds: process.now)
        var rows: [JSON] = []
        var blocks: [Block] = []
        var listed: [ListedDelegation] = []
        for source in sources {
            let token = try CommandError.ofTokens { () throws(UCANError) in try source.decode() }
            let description = TokenDescription(token: token, now: now)
            rows.append(.object(description.json))
            blocks.append(.table(Table(fields: description.fields)))
            listed.append(description.listed(status: "unverified"))
        }
        var json = JSONObject(schema: "capq/tokens/1")
        json["verified"] = false
        json["tokens"] = .array(rows)
        return Answer(
            json: .object(json), rows: rows, blocks: blocks, delegations: listed,
            notes: ["nothing here is verified: `capq verify` checks signatures"]
        )
    }
}
