import CapClient
import Multiformats

/// `capq account`: makes accounts at a service and logs in to them.
enum AccountCommand {
    static let handle = Positional(
        "HANDLE", "name of the account, as in alice.example; the service's first domain may be left out")

    static let command = Command(
        "account",
        summary: "make accounts at a service and log in to them",
        discussion: """
            Sessions are files of mode 0600 in the folder of the context, one an account. The account made or logged in
            to last is the current one; `--as HANDLE` acts as another. Tokens are never printed, and renewed by
            themselves.
            """,
        subcommands: [
            AccountCreateCommand.command, AccountLoginCommand.command, AccountLogoutCommand.command,
            AccountListCommand.command,
        ],
        examples: [Example("capq account ls", "who is logged in", stage: .accounts)]
    )

    /// Keeps a new session and describes it without its tokens.
    static func keep(_ session: AccountSession, _ place: AccountPlace) throws(Failure) -> Answer {
        try place.store.save(session)
        try place.store.setCurrent(session.handle)
        return answer(session)
    }

    static func answer(_ session: AccountSession) -> Answer {
        var object = JSONObject(schema: "capq/account/1")
        object["handle"] = .string(session.handle)
        object["did"] = .string(session.did)
        object["url"] = .string(session.url)
        return .fields(
            .object(object),
            [("account", Cell(session.handle)), ("did", Cell(session.did)), ("at", Cell(session.url))])
    }
}
