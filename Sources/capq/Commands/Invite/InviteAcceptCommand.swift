import Multiformats

/// `capq invite accept`: joins a space by the token of an invite.
enum InviteAcceptCommand {
    static let file = Positional("FILE", "file with the token, `-` for standard input", kind: .file)
    /// Longest input read for a token: a file that `invite create` printed.
    private static let limit = 65_536

    static let command = Command(
        "accept",
        summary: "join a space by the token of an invite",
        discussion: """
            The token is read from a file or standard input, alone or in the JSON that `capq invite create` printed; never
            from the command line, where other programs could read it.
            """,
        flags: [AccountOptions.use],
        options: [AccountOptions.acting],
        positionals: [file],
        examples: [
            Example(
                "capq invite accept ./invite.json --as bob --use", "join with what alice sent", stage: .accounts,
                setUp: "capq member rm bob && capq invite create --output json > invite.json")
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let acting = try ActingAccount(arguments, surroundings)
        let bytes = try FileInput.read(try arguments.required(file), surroundings, limit: limit)
        let token = try token(in: bytes)
        var input = JSONObject()
        input["token"] = .string(token)
        let joined = try acting.procedure("dev.happyview.space.acceptInvite", input)
        let uri = joined["uri"]?.string ?? "-"
        if arguments[AccountOptions.use], SpaceChoice.isSpace(uri) { try acting.place.setDefault(uri) }
        var object = JSONObject(schema: "capq/acceptance/1")
        for member in joined.object?.members ?? [] { object[member.key] = member.value }
        return .fields(
            .object(object), [("joined", Cell(uri)), ("access", Cell(joined["access"]?.string ?? "-"))])
    }

    /// Finds the token: the first line, or the member `token` of a JSON object.
    static func token(in bytes: [UInt8]) throws(Failure) -> String {
        if let token = (try? JSON.parse(bytes))?["token"]?.string { return token }
        let line = KeyImport.trimmed(bytes)
        guard !line.isEmpty, line.count <= 512, line.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw .usage("there is no token to read", hint: "the token alone, or what `capq invite create` printed")
        }
        return String(decoding: line, as: UTF8.self)
    }
}
