import CapClient
import Multiformats

/// The service that a context asks, and where the sessions of accounts there are kept.
struct AccountService: Sendable {
    /// Largest answer read, 32 MiB: a page of a thousand records may be long.
    static let maxResponseBytes = 32 << 20

    let context: Context
    let contexts: ContextStore
    let client: XRPCClient
    let store: AccountStore

    init(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) {
        guard let service = try Self.find(arguments, process) else {
            if arguments[StandardOptions.database] != nil {
                throw CommandError(
                    .failure, "this command asks a service, not a database file", hint: "another `--context`")
            }
            throw CommandError(
                .failure, "no service to ask", hint: "`capq context set NAME --url URL` names one")
        }
        self = service
    }

    /// Finds the service; nil when the context has none.
    static func find(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> AccountService? {
        let contexts = ContextStore(home: try process.homeFolder())
        guard arguments[StandardOptions.database] == nil,
            let context = try contexts.context(named: arguments[StandardOptions.context])
        else { return nil }
        let url: String
        switch (arguments[StandardOptions.url], context.source) {
        case (let named?, _): url = named
        case (nil, .service(let known)): url = known
        case (nil, .database): return nil
        }
        let client = try CommandError.ofService { () throws(ClientError) in
            try XRPCClient(baseURL: url, maxResponseBytes: maxResponseBytes)
        }
        return AccountService(context, contexts, client)
    }

    private init(_ context: Context, _ contexts: ContextStore, _ client: XRPCClient) {
        self.context = context
        self.contexts = contexts
        self.client = client
        store = AccountStore(folder: contexts.folder(of: context.name))
    }

    /// Completes a handle typed without its domain by the first domain of the service: `alice`, `alice.localhost`.
    func handle(_ typed: String) throws(CommandError) -> String {
        guard !typed.utf8.contains(UInt8(ascii: ".")), !typed.hasPrefix("did:") else { return typed }
        let server = try CommandError.ofXRPC { () throws(ClientError) in
            try client.json(.query("com.atproto.server.describeServer"))
        }
        guard let domain = server["availableUserDomains"]?.array?.first?.string else {
            throw CommandError(.usage, "the service offers no domain for `\(typed)`", hint: "type the whole handle")
        }
        return typed + (domain.hasPrefix(".") ? domain : ".\(domain)")
    }

    /// Makes a space the one commands of this context are about when none is named.
    func setDefault(_ space: String) throws(CommandError) {
        var configuration = try contexts.load()
        guard var known = configuration[context.name] else { return }
        known.space = space
        configuration.put(known)
        try contexts.save(configuration)
    }
}
