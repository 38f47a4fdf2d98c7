import CapClient
import Multiformats

/// `capq account logout`: ends a session at the service and forgets its tokens.
enum AccountLogoutCommand {
    static let handle = Positional("HANDLE", "account, the current one by default", kind: .account, isRequired: false)

    static let command = Command(
        "logout",
        summary: "end a session and forget its tokens",
        discussion: "The file is removed even when the service cannot be asked to end the session.",
        positionals: [handle],
        examples: [Example("capq account logout bob", "end bob's session", stage: .accounts)],
        exits: [.notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let place = try AccountPlace(arguments, surroundings)
        let name: String?
        if let typed = arguments[handle] { name = typed } else { name = try place.store.current() }
        guard let name, let session = try place.store.find(name) else {
            throw Failure(.notAuthorized, "`\(name ?? "nobody")` is not logged in")
        }
        var notes: [String] = []
        do throws(ClientError) {
            // The session is ended where it was opened; nothing is sent anywhere else.
            _ = try XRPCClient(baseURL: session.url).json(
                XRPCRequest.procedure("com.atproto.server.deleteSession").bearing(session.tokens.refresh))
        } catch {
            notes.append("the service could not be told: \(error.message)")
        }
        try place.store.remove(session.handle)
        var answer = AccountCommand.answer(session)
        answer.notes = notes
        return answer
    }
}
