import CapClient
import Multiformats
import UCAN

/// `capq status`: asks whether one delegation holds.
enum StatusCommand {
    static let cid = Positional("CID", "delegation to ask about")

    static let command = Command(
        "status",
        summary: "ask whether one delegation holds",
        discussion: "A delegation you may not see is reported like one that does not exist.",
        options: [ServiceOptions.proof],
        positionals: [cid],
        examples: [
            Example("capq status \"$CID\"", "exit code 0 when it holds, 3 when it has ended", stage: .service)
        ],
        exits: [.deny, .notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let target = try CIDText.parse(try arguments.required(cid))
        let asker = try Asker(arguments, surroundings)
        let signer = try asker.requireSigner()
        let expires = asker.now.wholeSeconds.adding(seconds: Asker.invocationLifetime)
        let token = try Failure.ofTokens { () throws(UCANError) in
            try signer.invocation(
                [TokenCapability(resource: "urn:cid:\(target.text)", ability: "tinycloud.delegation/status")],
                proofs: asker.proofs,
                expires: expires
            )
        }
        let status = try Failure.ofService { () throws(ClientError) in
            try asker.client.status(authorization: token.authorization(), cid: target.text)
        }
        guard status.exists else {
            throw Failure(.notFound, "no delegation `\(target.text)` that you may see")
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
