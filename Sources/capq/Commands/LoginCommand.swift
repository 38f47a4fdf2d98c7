import CapClient
import Multiformats
import UCAN

/// `capq login`: lets a wallet delegate to a session key, registers that and keeps the session.
enum LoginCommand {
    static let lasting = Option("for", "TIME", "how long the session lasts, 7d by default", kind: .duration)

    static let command = Command(
        "login",
        summary: "let a wallet delegate to a session key, and register it",
        discussion: """
            Makes a root delegation from a wallet to a session key, sends it to the service and keeps the session, so
            that later commands need no key. The wallet signs here (`--wallet-key`) or elsewhere: `--siwe-out` writes
            the message to sign, `--siwe-in` and `--signature` bring it back. Without `--key` a session key is made.
            Unless `--ability` and `--path` say otherwise the session may use kv, read delegations and revoke them.
            """,
        options: [SigningOptions.space, SigningOptions.ability, SigningOptions.path, lasting] + WalletSigning.options,
        examples: [
            Example("capq login --wallet-key owner", "a wallet key kept here signs", stage: .service),
            Example(
                "capq login --siwe-out ./message.txt --address \"$ADDRESS\"",
                "write the message for a wallet elsewhere",
                stage: .service),
            Example(
                "capq login --siwe-in ./message.txt --signature \"$SIGNATURE\"", "bring back what that wallet signed",
                stage: .service),
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let home = try process.homeFolder()
        let contexts = ContextStore(home: home)
        guard let context = try contexts.context(named: arguments[StandardOptions.context]),
            case .service(let url) = context.source
        else {
            throw .usage(
                "a login belongs to a context with a service", hint: "`capq context set NAME --url URL` makes one")
        }
        guard arguments[StandardOptions.url] == nil, arguments[StandardOptions.database] == nil else {
            throw .usage("a login belongs to a context", hint: "`--context NAME` in place of `--url` and `--db`")
        }
        let client = try CommandError.ofService { () throws(ClientError) in try CapClient(baseURL: url) }
        let store = SessionStore(folder: contexts.folder(of: context.name))
        let keyName = arguments[StandardOptions.key] ?? context.key ?? store.keyPath
        let token: UnverifiedToken
        switch try WalletSigning.way(arguments, process) {
        case .local(let wallet):
            let key = try sessionKey(keyName, store, home, process)
            let message = try message(wallet.address, key, arguments, process, context, client)
            token = try CommandError.ofTokens { () throws(UCANError) in
                try TokenMaker.siweIn(message: message, signature: wallet.signEIP191(Array(message.text.utf8)))
            }
        case .prepare(let address, let file):
            let key = try sessionKey(keyName, store, home, process)
            let message = try message(address, key, arguments, process, context, client)
            return try WalletSigning.hand(over: message, file: file, command: "login")
        case .complete(let completed):
            let key = try SigningKey(KeyStore(home: home).load(keyName))
            guard completed.audience.principal == key.did else {
                throw CommandError(
                    .failure,
                    "the message delegates to `\(TokenDescription(token: completed, now: .init(seconds: 0)).audience)`, "
                        + "not to session key `\(keyName)`",
                    hint: "`--key` names the session key the message was made with")
            }
            token = completed
        }
        return try register(token, keyName: keyName, arguments, context, client, store)
    }

    /// Loads the session key, or makes the context's own when it is not there yet.
    private static func sessionKey(
        _ name: String,
        _ store: SessionStore,
        _ home: String,
        _ process: ProcessEnvironment
    ) throws(CommandError) -> SigningKey {
        let keys = KeyStore(home: home)
        if name.hasSameBytes(as: store.keyPath), !SystemFile.exists(store.keyPath) {
            let (file, key) = try SigningKey.make(.ed25519, random: process.randomBytes)
            _ = try keys.save(file, as: name)
            return key
        }
        let key = try SigningKey(keys.load(name))
        guard key.wallet == nil else {
            throw .usage(
                "a session needs a key of its own, not the wallet's", hint: "leave `--key` away to have one made")
        }
        return key
    }

    private static func message(
        _ address: EthereumAddress,
        _ key: SigningKey,
        _ arguments: Arguments,
        _ process: ProcessEnvironment,
        _ context: Context,
        _ client: CapClient
    ) throws(CommandError) -> SIWE {
        let chain = WalletSigning.chainID(arguments)
        let owner = address.did(chain: chain)
        let space = arguments[SigningOptions.space] ?? context.space ?? SpaceText.ofAccount(owner)
        guard SpaceText.owner(of: space) != nil else { throw .usage("`\(space)` is not a space") }
        let abilities = arguments.all(SigningOptions.ability)
        let paths = arguments.all(SigningOptions.path)
        guard abilities.isEmpty == paths.isEmpty else {
            throw .usage("`--ability` and `--path` go together")
        }
        var resources: [String] = []
        for path in paths { resources.append(try SpaceText.resource(path, in: space)) }
        let now = Timestamp(microseconds: process.now).wholeSeconds
        return try CommandError.ofTokens(.usage) { () throws(UCANError) in
            try TokenMaker.siweOut(
                address: address,
                audience: key.did.text,
                capabilities: abilities.isEmpty
                    ? CapabilityList.ofSession(space) : CapabilityList.every(abilities, on: resources),
                domain: arguments[WalletSigning.domain] ?? client.baseURL.authority,
                chainID: chain,
                issuedAt: now.rfc3339,
                expires: now.adding(seconds: arguments.seconds(lasting) ?? 7 * 86_400).rfc3339,
                nonce: TokenMaker.freshWalletNonce()
            )
        }
    }

    private static func register(
        _ token: UnverifiedToken,
        keyName: String,
        _ arguments: Arguments,
        _ context: Context,
        _ client: CapClient,
        _ store: SessionStore
    ) throws(CommandError) -> Answer {
        let receipt = try CommandError.ofService { () throws(ClientError) in
            try client.delegate(authorization: token.authorization())
        }
        guard receipt.cid.hasSameBytes(as: token.cid.text) else {
            throw CommandError(.failure, "the service stored `\(receipt.cid)` in place of `\(token.cid.text)`")
        }
        let space =
            arguments[SigningOptions.space]
            ?? token.capabilities.lazy.compactMap { SpaceText.space(of: $0.resource) }.first
            ?? SpaceText.ofAccount(token.issuer)
        let session = Session(
            url: client.baseURL.description,
            key: keyName,
            cid: token.cid.text,
            authorization: token.authorization(),
            owner: token.issuer.text,
            space: space,
            expiresAt: token.expires?.rfc3339
        )
        try store.save(session)
        var object = JSONObject(schema: "capq/login/1")
        object["context"] = .string(context.name)
        object["cid"] = .string(session.cid)
        object["owner"] = .string(session.owner)
        object["session"] = .string(TokenDescription(token: token, now: .init(seconds: 0)).audience)
        object["space"] = .string(space)
        object["expiresAt"] = session.expiresAt.map { .string($0) } ?? .null
        object["activated"] = .array(receipt.activated.map { .string($0) })
        object["skipped"] = .array(receipt.skipped.map { .string($0) })
        var answer = Answer.fields(
            .object(object),
            [
                ("session", Cell(id: session.cid)), ("owner", Cell(id: session.owner)), ("space", Cell(id: space)),
                ("until", Cell(session.expiresAt ?? "no end")),
            ])
        answer.notes = receipt.skipped.map { "space `\($0)` is not hosted there: `capq host` asks for it" }
        return answer
    }
}
