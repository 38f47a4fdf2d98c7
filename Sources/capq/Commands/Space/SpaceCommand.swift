import ATProto
import Multiformats

/// `capq space`: makes, shows, changes and removes permissioned spaces.
enum SpaceCommand {
    static let command = Command(
        "space",
        summary: "make, show, change and remove permissioned spaces",
        discussion: """
            A space is named by its URI, at://DID/space/TYPE/SKEY; TYPE/SKEY names one below the own DID. With `--use` it
            becomes the default of the context, for the commands that take `--space`.
            """,
        subcommands: [
            SpaceCreateCommand.command, SpaceShowCommand.command, SpaceConfigCommand.command,
            SpaceRemoveCommand.command, SpaceListCommand.command,
        ],
        examples: [Example("capq space ls", "the spaces you own, belong to or write in", stage: .accounts)]
    )

    /// Asks for a space and shows all the service says of it.
    static func show(_ space: SpaceURI, _ acting: ActingAccount) throws(Failure) -> Answer {
        let wide = try acting.query("com.atproto.space.getSpace", [("space", space.text)])
        let inner = wide["space"] ?? wide
        var object = JSONObject(schema: "capq/space/1")
        for member in wide.object?.members ?? [] { object[member.key] = member.value }
        object["uri"] = .string(space.text)
        var fields = [("space", Cell(space.text))]
        func add(_ title: String, _ text: String?) {
            if let text { fields.append((title, Cell(text))) }
        }
        add("name", inner["displayName"]?.string)
        add("description", inner["description"]?.string)
        add("owner", inner["ownerDid"]?.string ?? inner["creatorDid"]?.string)
        add("read", PolicyText.words(inner["readPolicy"] ?? wide["readPolicy"]))
        add("write", PolicyText.words(inner["writePolicy"] ?? wide["writePolicy"]))
        add("apps", PolicyText.words(apps: inner["appAccess"] ?? wide["appAccess"]))
        add("revision", inner["revision"]?.string)
        add("made", inner["createdAt"]?.string)
        return .fields(.object(object), fields)
    }

    /// Makes the space the default of the context when `--use` asks for it.
    static func use(_ space: SpaceURI, _ arguments: Arguments, _ acting: ActingAccount) throws(Failure) {
        if arguments[AccountOptions.use] { try acting.place.setDefault(space.text) }
    }
}
