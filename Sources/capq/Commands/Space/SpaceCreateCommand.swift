import ATProto
import Multiformats

/// `capq space create`: makes a space whose authority is the account.
enum SpaceCreateCommand {
    static let type = Positional("TYPE", "what kind of space, an NSID as in com.example.forum")
    static let skey = Option("skey", "KEY", "its key below the type; a new one by default")

    static let command = Command(
        "create",
        summary: "make a space",
        discussion: """
            The account is authority and owner of the space. Only its members read and write it unless a policy says
            otherwise, and any application may act for them.
            """,
        flags: [PolicyText.anyApp, AccountOptions.use],
        options: [skey, AccountOptions.acting] + PolicyText.options,
        positionals: [type],
        examples: [
            Example(
                "capq space create com.example.forum --skey tea --name 'Tea room' --use",
                "a private forum, from now on the default", stage: .accounts),
            Example(
                "capq space create com.example.wall --read-policy public", "a space everybody may read",
                stage: .accounts),
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let acting = try ActingAccount(arguments, surroundings)
        let type = try arguments.required(type)
        var input = JSONObject()
        input["spaceType"] = .string(try Failure.ofProtocol(.usage) { () throws(ATProtoError) in try NSID(type) }.text)
        if let skey = arguments[skey] { input["skey"] = .string(skey) }
        for member in try PolicyText.members(arguments).members { input[member.key] = member.value }
        let members: JSON = ["$type": "com.atproto.simplespace.defs#memberListPolicy"]
        input["readPolicy"] = input["readPolicy"] ?? members
        input["writePolicy"] = input["writePolicy"] ?? members
        input["appAccess"] = input["appAccess"] ?? ["$type": "com.atproto.simplespace.defs#open"]
        let made = try acting.procedure("com.atproto.simplespace.createSpace", input)
        guard let uri = try? SpaceURI(made["uri"]?.string ?? "") else {
            throw Failure(.failure, "the service names no space in its answer")
        }
        try SpaceCommand.use(uri, arguments, acting)
        return try SpaceCommand.show(uri, acting)
    }
}
