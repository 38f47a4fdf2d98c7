import CapClient
import Multiformats

/// `capq status`: asks whether one delegation holds.
enum StatusCommand {
    static let cid = Positional("CID", "delegation to ask about")

    static let command = Command(
        "status",
        summary: "ask whether one delegation holds",
        discussion: "A delegation you may not see is reported like one that does not exist.",
        options: [SigningOptions.space, SigningOptions.proof, AccountOptions.acting],
        positionals: [cid],
        examples: [
            Example("capq status \"$CID\"", "exit code 0 when it holds, 3 when it has ended", stage: .service)
        ],
        exits: [.deny, .notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let target = try CIDText.parse(try arguments.required(cid))
        let status = try SourceChoice.open(arguments, process).status(target)
        guard status.exists else {
            throw CommandError(.notFound, "no delegation `\(target.text)` that you may see")
        }
        var object = JSONObject(schema: "capq/status/1")
        for member in status.json.object?.members ?? [] { object[member.key] = member.value }
        return .fields(
            .object(object),
            [("cid", Cell(id: status.cid)), ("status", Cell(status: status.status))],
            exit: status.isActive ? .ok : .deny
        )
    }
}
