import ATProto
import Multiformats
import UCAN

/// `capq invite ls`: lists the invites of a space.
enum InviteListCommand {
    static let command = Command(
        "ls",
        aliases: ["list"],
        summary: "list the invites of a space",
        options: [AccountOptions.space, AccountOptions.acting],
        examples: [
            Example("capq invite ls", "all of them, used up and ended ones too", stage: .accounts)
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let acting = try ActingAccount(arguments, surroundings)
        let space = try SpaceChoice.of(arguments, acting)
        let (rows, cursor) = try acting.list(
            "dev.happyview.space.listInvites", [("space", space.text)], member: "invites", .whole)
        let table = Table(
            columns: [.init("ID"), .init("STATUS"), .init("ACCESS"), .init("USES"), .init("UNTIL")],
            rows: rows.map { row in
                let until = row["expiresAt"]?.string
                let time = until.flatMap { try? Timestamp.parse($0) }
                let uses = row["uses"]?.number?.text ?? "0"
                return [
                    Cell(row["id"]?.string ?? "-"), Cell(status: status(row, acting.now)),
                    Cell(row["access"]?.string ?? "-"),
                    Cell(row["maxUses"]?.number.map { "\(uses) of \($0.text)" } ?? uses),
                    Cell(until ?? "-", brief: time.map { $0.distance(from: acting.now) }),
                ]
            })
        return ListAnswerForm.answer("invites", rows, table, cursor)
    }

    /// Says whether an invite still lets anybody in.
    static func status(_ row: JSON, _ now: Timestamp) -> String {
        if row["revoked"]?.bool ?? false { return "revoked" }
        if let most = row["maxUses"]?.number?.int64, let uses = row["uses"]?.number?.int64, uses >= most {
            return "used up"
        }
        if let text = row["expiresAt"]?.string, let end = try? Timestamp.parse(text), end <= now { return "expired" }
        return "active"
    }
}
