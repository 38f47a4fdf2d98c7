import CapClient
import Multiformats
import UCAN

/// Holds who asks which service, resting on what: everything a command needs to sign and send.
struct Invoker: Sendable {
    /// Seconds an invocation lives.
    static let invocationLifetime: Int64 = 120

    let client: CapClient
    let now: Timestamp
    let context: Context?
    let session: Session?
    /// Nil when nobody is logged in and no key is named.
    let signer: SigningKey?
    /// What invocations rest on; empty for a key that is the root authority itself.
    let proofs: [CID]
    let space: String?

    /// Finds service, key, session and space from options, context and session, in this order.
    init(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) {
        let home = try process.homeFolder()
        let contexts = ContextStore(home: home)
        let context = try contexts.context(named: arguments[StandardOptions.context])
        let url = try Self.url(arguments, context)
        client = try CommandError.ofService { () throws(ClientError) in try CapClient(baseURL: url) }
        now = Timestamp(microseconds: process.now)
        self.context = context
        let session = try Self.session(of: context, contexts, at: client.baseURL.description)
        let keys = KeyStore(home: home)
        let named = arguments[StandardOptions.key]
        let isSessionKey: Bool
        if let session, let named {
            isSessionKey = try keys.path(of: named).hasSameBytes(as: keys.path(of: session.key))
        } else {
            isSessionKey = session != nil
        }
        self.session = isSessionKey ? session : nil
        if let name = named ?? session?.key ?? context?.key {
            signer = try SigningKey(keys.load(name))
        } else {
            signer = nil
        }
        var proofs: [CID] = []
        for text in arguments.all(SigningOptions.proof) { proofs.append(try CIDText.parse(text)) }
        if proofs.isEmpty, isSessionKey, let session { proofs = [try CIDText.parse(session.cid)] }
        self.proofs = proofs
        space = arguments[SigningOptions.space] ?? session?.space ?? context?.space
    }

    /// Reads the session of a context; one registered at another service is left alone, its tokens are not shown around.
    private static func session(
        of context: Context?,
        _ contexts: ContextStore,
        at url: String
    ) throws(CommandError) -> Session? {
        guard let context, let session = try SessionStore(folder: contexts.folder(of: context.name)).load(),
            session.url.hasSameBytes(as: url)
        else { return nil }
        return session
    }

    private static func url(_ arguments: Arguments, _ context: Context?) throws(CommandError) -> String {
        let asksFile = CommandError(
            .failure, "this command asks a service, not a database file", hint: "`--url URL`, or another context")
        if let url = arguments[StandardOptions.url] { return url }
        if arguments[StandardOptions.database] != nil { throw asksFile }
        switch context?.source {
        case .service(let url)?: return url
        case .database?: throw asksFile
        case nil:
            throw CommandError(
                .failure, "no service to ask",
                hint: "`capq context set NAME --url URL` names one, `--url URL` asks it once")
        }
    }

    /// Returns the key to sign with; not authorized when there is none.
    func requireSigner() throws(CommandError) -> SigningKey {
        guard let signer else {
            throw CommandError(.notAuthorized, "nobody is logged in", hint: "`capq login`, or name a key with `--key`")
        }
        return signer
    }

    /// Signs the use of one ability, with request parameters in `facts`.
    func invocation(_ ability: String, on resource: String, facts: [JSON] = []) throws(CommandError) -> UnverifiedToken
    {
        let signer = try requireSigner()
        return try CommandError.ofTokens { () throws(UCANError) in
            try signer.invocation(
                [TokenCapability(resource: resource, ability: ability)],
                proofs: proofs,
                expires: now.adding(seconds: Self.invocationLifetime),
                facts: facts
            )
        }
    }
}
