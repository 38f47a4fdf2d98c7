import CapClient
import Multiformats

/// `capq account login`: opens a session on an account.
enum AccountLoginCommand {
    static let command = Command(
        "login",
        summary: "log in to an account",
        discussion: """
            A main password gives a session that may do all its account may; an app password gives one that has no
            rights on spaces unless the service grants them.
            """,
        options: [PasswordInput.file],
        positionals: [AccountCommand.handle],
        examples: [
            Example(
                "capq account login alice --password-file ./password.txt", "act as alice from now on", stage: .accounts)
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let place = try AccountPlace(arguments, surroundings)
        let identifier = try place.handle(try arguments.required(AccountCommand.handle))
        let (password, notes) = try PasswordInput.read(arguments, surroundings, isNew: false)
        var input = JSONObject()
        input["identifier"] = .string(identifier)
        input["password"] = .string(password)
        let session = try Failure.ofXRPC { () throws(ClientError) in
            try AccountSession(
                place.client.json(.procedure("com.atproto.server.createSession", .object(input))),
                at: place.client.baseURL.description)
        }
        var answer = try AccountCommand.keep(session, place)
        answer.notes += notes
        return answer
    }
}
