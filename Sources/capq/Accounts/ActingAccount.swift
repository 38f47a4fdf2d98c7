import ATProto
import CapClient
import Multiformats
import UCAN

/// Holds who acts at which service: everything a command about spaces needs to call its methods.
struct ActingAccount: Sendable {
    let service: AccountService
    let account: AccountSession
    let session: XRPCSession
    let now: Timestamp

    /// Finds the account from `--as`, else the current one of the context.
    init(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) {
        let service = try AccountService(arguments, process)
        let store = service.store
        guard let name = try Self.name(arguments, store) else {
            throw CommandError(
                .notAuthorized, "nobody is logged in at `\(service.client.baseURL)`",
                hint: "`capq account login HANDLE`, or `capq account create HANDLE`")
        }
        guard let account = try store.find(name) else {
            let near = Suggestion.nearest(to: name, among: store.handles())
            throw CommandError(
                .notAuthorized, "`\(name)` is not logged in",
                hint: near.map { "did you mean `\($0)`?" } ?? "`capq account login \(name)`")
        }
        guard account.url.hasSameBytes(as: service.client.baseURL.description) else {
            throw CommandError(
                .notAuthorized, "`\(account.handle)` is logged in at `\(account.url)`, not here",
                hint: "`capq account login \(account.handle)`")
        }
        self.init(service, account, Timestamp(microseconds: process.now))
    }

    private static func name(_ arguments: Arguments, _ store: AccountStore) throws(CommandError) -> String? {
        if let named = arguments[AccountOptions.acting] { return named }
        return try store.current()
    }

    /// Finds the account as `init` does; nil when nobody is named and nobody logged in at the service asked.
    static func find(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> ActingAccount? {
        guard arguments[AccountOptions.acting] == nil else { return try ActingAccount(arguments, process) }
        guard let service = try AccountService.find(arguments, process),
            let account = try service.store.current().flatMap({ name throws(CommandError) in
                try service.store.find(name)
            }),
            account.url.hasSameBytes(as: service.client.baseURL.description)
        else { return nil }
        return ActingAccount(service, account, Timestamp(microseconds: process.now))
    }

    init(_ service: AccountService, _ account: AccountSession, _ now: Timestamp) {
        self.service = service
        self.account = account
        self.now = now
        let (client, store, handle) = (service.client, service.store, account.handle)
        session = XRPCSession(client: client, tokens: account.tokens) { used throws(ClientError) in
            do throws(CommandError) {
                return try store.renew(handle, used, client)
            } catch {
                throw ClientError(.http, error.message, status: 401, serviceCode: "InvalidToken", hint: error.hint)
            }
        }
    }

    var did: String { account.did }

    /// Asks a method as the account.
    func query(_ nsid: String, _ parameters: [(name: String, value: String)] = []) throws(CommandError) -> JSON {
        try CommandError.ofXRPC { () throws(ClientError) in try session.json(.query(nsid, parameters)) }
    }

    /// Changes something as the account.
    func procedure(_ nsid: String, _ input: JSONObject) throws(CommandError) -> JSON {
        try CommandError.ofXRPC { () throws(ClientError) in try session.json(.procedure(nsid, .object(input))) }
    }

    /// Follows a list to its end, or takes one page of it.
    ///
    /// - Parameter member: Name of the member that holds the rows.
    func list(
        _ nsid: String, _ parameters: [(name: String, value: String)], member: String, _ page: PageChoice
    ) throws(CommandError) -> (rows: [JSON], cursor: String?) {
        var rows: [JSON] = []
        var cursor = page.cursor
        repeat {
            var asked = parameters
            if let limit = page.limit { asked.append(("limit", String(limit))) }
            if let cursor { asked.append(("cursor", cursor)) }
            let answer = try query(nsid, asked)
            guard let found = answer[member]?.array else {
                throw CommandError(.failure, "the service's answer has no `\(member)`")
            }
            rows += found
            let next = answer["cursor"]?.string
            // A service that gives the same cursor again would keep us here for ever.
            guard next == nil || next != cursor else {
                throw CommandError(.failure, "the service gave the same cursor twice")
            }
            cursor = next
        } while page.isWhole && cursor != nil
        return (rows, cursor)
    }
}

/// Says which part of a list is wanted.
struct PageChoice: Sendable {
    var limit: Int?
    var cursor: String?
    var isWhole = false

    /// The whole list, in pages of the service's choice.
    static let whole = PageChoice(isWhole: true)

    init(limit: Int? = nil, cursor: String? = nil, isWhole: Bool = false) {
        self.limit = limit
        self.cursor = cursor
        self.isWhole = isWhole
    }

    /// Reads `--limit`, `--cursor` and `--all-pages`.
    init(_ arguments: Arguments) {
        self.init(
            limit: arguments.integer(AccountOptions.limit), cursor: arguments[AccountOptions.cursor],
            isWhole: arguments[AccountOptions.allPages])
    }

    /// What is said when more rows follow.
    static func note(_ cursor: String?) -> [String] {
        cursor.map { ["more follow: `--cursor \($0)`, or `--all-pages`"] } ?? []
    }
}

/// Lists the options of commands that act as an account of a service.
enum AccountOptions {
    static let acting = Option(
        "as", "HANDLE", "account to act as, the current one by default", kind: .account)
    static let space = Option("space", short: "s", "URI", "space, that of the context by default")
    static let limit = Option("limit", short: "n", "COUNT", "rows a page, 100 by default", kind: .integer(1...1_000))
    static let cursor = Option("cursor", "CURSOR", "go on where an earlier page ended")
    static let allPages = Flag("all-pages", "follow the list to its end")
    static let use = Flag("use", "make it the default space of the context")
}

extension ActingAccount {
    /// Reads a principal: `me`, a DID, a space whose members count, or a handle, which the service resolves.
    func principal(_ typed: String) throws(CommandError) -> String {
        if typed.hasSameBytes(as: "me") { return did }
        if SpaceChoice.isSpace(typed) || typed.utf8.contains(UInt8(ascii: "/")) {
            return try SpaceChoice.parse(typed, of: did).text
        }
        if typed.utf8.starts(with: "did:".utf8) {
            return try CommandError.ofTokens(.usage) { () throws(UCANError) in try DID(typed) }.text
        }
        if let session = try service.store.find(typed), session.url.hasSameBytes(as: account.url) { return session.did }
        let handle = try service.handle(typed)
        let answer = try query("com.atproto.identity.resolveHandle", [("handle", handle)])
        guard let did = answer["did"]?.string, ATProtoDID.isValid(did) else {
            throw CommandError(.failure, "the service names no DID for `\(handle)`")
        }
        return did
    }
}
