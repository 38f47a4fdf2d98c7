import ATProto
import CapClient
import Multiformats
import UCAN

/// Holds who acts at which service: everything a command about spaces needs to call its methods.
struct ActingAccount: Sendable {
    let place: AccountPlace
    let account: AccountSession
    let session: XRPCSession
    let now: Timestamp

    /// Finds the account from `--as`, else the current one of the context.
    init(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) {
        let place = try AccountPlace(arguments, surroundings)
        let store = place.store
        guard let name = try Self.name(arguments, store) else {
            throw Failure(
                .notAuthorized, "nobody is logged in at `\(place.client.baseURL)`",
                hint: "`capq account login HANDLE`, or `capq account create HANDLE`")
        }
        guard let account = try store.find(name) else {
            let near = Suggestion.nearest(to: name, among: store.handles())
            throw Failure(
                .notAuthorized, "`\(name)` is not logged in",
                hint: near.map { "did you mean `\($0)`?" } ?? "`capq account login \(name)`")
        }
        guard account.url.hasSameBytes(as: place.client.baseURL.description) else {
            throw Failure(
                .notAuthorized, "`\(account.handle)` is logged in at `\(account.url)`, not here",
                hint: "`capq account login \(account.handle)`")
        }
        self.init(place, account, Timestamp(microseconds: surroundings.now))
    }

    private static func name(_ arguments: Arguments, _ store: AccountStore) throws(Failure) -> String? {
        if let named = arguments[AccountOptions.acting] { return named }
        return try store.current()
    }

    /// Finds the account as `init` does; nil when nobody is named and nobody logged in at the service asked.
    static func find(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> ActingAccount? {
        guard arguments[AccountOptions.acting] == nil else { return try ActingAccount(arguments, surroundings) }
        guard let place = try AccountPlace.find(arguments, surroundings),
            let account = try place.store.current().flatMap({ name throws(Failure) in try place.store.find(name) }),
            account.url.hasSameBytes(as: place.client.baseURL.description)
        else { return nil }
        return ActingAccount(place, account, Timestamp(microseconds: surroundings.now))
    }

    init(_ place: AccountPlace, _ account: AccountSession, _ now: Timestamp) {
        self.place = place
        self.account = account
        self.now = now
        let (client, store, handle) = (place.client, place.store, account.handle)
        session = XRPCSession(client: client, tokens: account.tokens) { used throws(ClientError) in
            do throws(Failure) {
                return try store.renew(handle, used, client)
            } catch {
                throw ClientError(.http, error.message, status: 401, serviceCode: "InvalidToken", hint: error.hint)
            }
        }
    }

    var did: String { account.did }

    /// Asks a method as the account.
    func query(_ nsid: String, _ parameters: [(name: String, value: String)] = []) throws(Failure) -> JSON {
        try Failure.ofXRPC { () throws(ClientError) in try session.json(.query(nsid, parameters)) }
    }

    /// Changes something as the account.
    func procedure(_ nsid: String, _ input: JSONObject) throws(Failure) -> JSON {
        try Failure.ofXRPC { () throws(ClientError) in try session.json(.procedure(nsid, .object(input))) }
    }

    /// Follows a list to its end, or takes one page of it.
    ///
    /// - Parameter member: Name of the member that holds the rows.
    func list(
        _ nsid: String, _ parameters: [(name: String, value: String)], member: String, _ page: PageChoice
    ) throws(Failure) -> (rows: [JSON], cursor: String?) {
        var rows: [JSON] = []
        var cursor = page.cursor
        repeat {
            var asked = parameters
            if let limit = page.limit { asked.append(("limit", String(limit))) }
            if let cursor { asked.append(("cursor", cursor)) }
            let answer = try query(nsid, asked)
            guard let found = answer[member]?.array else {
                throw Failure(.failure, "the service's answer has no `\(member)`")
            }
            rows += found
            let next = answer["cursor"]?.string
            // A service that gives the same cursor again would keep us here for ever.
            guard next == nil || next != cursor else {
                throw Failure(.failure, "the service gave the same cursor twice")
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
