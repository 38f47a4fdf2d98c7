import CapClient
import Multiformats

/// `capq account create`: makes an account and logs in to it.
enum AccountCreateCommand {
    static let command = Command(
        "create",
        summary: "make an account and log in to it",
        discussion: "The service must let anybody register: `capservice serve --registration open`.",
        options: [PasswordInput.file],
        positionals: [AccountCommand.handle],
        examples: [
            Example(
                "echo correct-horse | capq account create carol --password-file -",
                "an account under the service's own domain", stage: .accounts),
            Example(
                "capq account create dave --password-file ./password.txt", "the password from a file",
                stage: .accounts),
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let place = try AccountPlace(arguments, surroundings)
        let handle = try place.handle(try arguments.required(AccountCommand.handle))
        let (password, notes) = try PasswordInput.read(arguments, surroundings, isNew: true)
        var input = JSONObject()
        input["handle"] = .string(handle)
        input["password"] = .string(password)
        let session = try Failure.ofXRPC { () throws(ClientError) in
            try AccountSession(
                place.client.json(.procedure("com.atproto.server.createAccount", .object(input))),
                at: place.client.baseURL.description)
        }
        var answer = try AccountCommand.keep(session, place)
        answer.notes += notes
        return answer
    }
}
