import Multiformats

/// `capq space ls`: lists the spaces an account has to do with.
enum SpaceListCommand {
    static let type = Option("type", "TYPE", "only spaces of this type")

    static let command = Command(
        "ls",
        aliases: ["list"],
        summary: "list the spaces you own, belong to or write in",
        flags: [AccountOptions.allPages],
        options: [type, AccountOptions.limit, AccountOptions.cursor, AccountOptions.acting],
        examples: [
            Example("capq space ls", "all of them", stage: .accounts),
            Example("capq space ls --type com.example.forum --as bob", "bob's forums", stage: .accounts),
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let acting = try ActingAccount(arguments, surroundings)
        var page = PageChoice(arguments)
        // The method gives at most a hundred a page.
        page.limit = page.limit.map { min($0, 100) }
        let filter = arguments[type].map { [(name: "spaceType", value: $0)] } ?? []
        let (rows, cursor) = try acting.list("com.atproto.space.listSpaces", filter, member: "spaces", page)
        let chosen = acting.place.context.space
        let table = Table(
            columns: [.init(""), .init("SPACE", isFlexible: true), .init("OWNER")],
            rows: rows.map { row in
                let uri = row["uri"]?.string ?? row["space"]?.string ?? "-"
                let isChosen = chosen.map { $0.hasSameBytes(as: uri) } ?? false
                return [Cell(isChosen ? "*" : ""), Cell(uri), Cell(row["isOwner"]?.bool ?? false ? "you" : "-")]
            })
        return ListAnswerForm.answer("spaces", rows, table, cursor)
    }
}
