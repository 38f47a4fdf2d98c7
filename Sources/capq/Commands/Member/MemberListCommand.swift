import ATProto
import Multiformats

/// `capq member ls`: lists who belongs to a space.
enum MemberListCommand {
    static let direct = Flag("direct", "the rows as they were made, spaces among them, in place of whom they admit")

    static let command = Command(
        "ls",
        aliases: ["list"],
        summary: "list who belongs to a space",
        flags: [direct, AccountOptions.allPages],
        options: [AccountOptions.space, AccountOptions.limit, AccountOptions.cursor, AccountOptions.acting],
        examples: [
            Example("capq member ls", "everybody, also through member spaces", stage: .accounts),
            Example("capq member ls --direct --output jsonl", "one row a line, for a program", stage: .accounts),
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let acting = try ActingAccount(arguments, surroundings)
        let space = try SpaceChoice.of(arguments, acting)
        var asked = [(name: "space", value: space.text)]
        if arguments[direct] { asked.append(("direct", "true")) }
        let (rows, cursor) = try acting.list(
            "com.atproto.simplespace.listMembers", asked, member: "members", PageChoice(arguments))
        let table = Table(
            columns: [.init("MEMBER", isFlexible: true), .init("ACCESS"), .init("MANAGES")],
            rows: rows.map { row in
                [
                    Cell(principal: row["did"]?.string ?? "-"), Cell(row["access"]?.string ?? "-"),
                    Cell(row["manage"]?.bool ?? false ? "yes" : "-"),
                ]
            })
        return ListAnswerForm.answer("members", rows, table, cursor)
    }
}
