import CapClient
import Multiformats
import UCAN

/// `capq host`: asks a service to host a space, as its owner.
enum HostCommand {
    static let space = Positional("SPACE", "space to host; that of the session by default", isRequired: false)
    static let lasting = Option("for", "TIME", "how long the statement may be used, 1h by default", kind: .duration)

    static let command = Command(
        "host",
        summary: "ask a service to host a space",
        discussion: """
            Lets the owner's wallet delegate `tinycloud.space/host` to the key the service names for the space. A
            session of the space is registered once more afterwards, so that it counts there.
            """,
        options: [lasting] + WalletSigning.options,
        positionals: [space],
        examples: [
            Example("capq host --wallet-key owner", "host the space of the session", stage: .service),
            Example("capq host \"$SPACE\" --wallet-key owner", "host a space by its id", stage: .service),
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let invoker = try Invoker(arguments, process)
        let token: UnverifiedToken
        switch try WalletSigning.way(arguments, process) {
        case .local(let wallet):
            let message = try message(wallet.address, invoker, arguments)
            token = try CommandError.ofTokens { () throws(UCANError) in
                try TokenMaker.siweIn(message: message, signature: wallet.signEIP191(Array(message.text.utf8)))
            }
        case .prepare(let address, let file):
            return try WalletSigning.hand(over: message(address, invoker, arguments), file: file, command: "host")
        case .complete(let completed):
            token = completed
        }
        let receipt = try CommandError.ofService { () throws(ClientError) in
            try invoker.client.delegate(authorization: token.authorization())
        }
        var activated = receipt.activated
        var skipped = receipt.skipped
        if let session = invoker.session {
            let again = try CommandError.ofService { () throws(ClientError) in
                try invoker.client.delegate(authorization: session.authorization)
            }
            for space in again.activated where !activated.contains(space) { activated.append(space) }
            for space in again.skipped where !skipped.contains(space) { skipped.append(space) }
        }
        var object = JSONObject(schema: "capq/host/1")
        object["cid"] = .string(receipt.cid)
        object["activated"] = .array(activated.map { .string($0) })
        object["skipped"] = .array(skipped.map { .string($0) })
        var fields = [("delegation", Cell(id: receipt.cid))]
        fields += activated.map { ("hosted", Cell(id: $0)) }
        fields += skipped.map { ("not hosted", Cell(id: $0, tone: .bad)) }
        return .fields(.object(object), fields)
    }

    private static func message(
        _ address: EthereumAddress,
        _ invoker: Invoker,
        _ arguments: Arguments
    ) throws(CommandError) -> SIWE {
        let chain = WalletSigning.chainID(arguments)
        let owner = address.did(chain: chain)
        let named = arguments[space] ?? invoker.space ?? SpaceText.ofAccount(owner)
        guard let authority = SpaceText.owner(of: named) else { throw .usage("`\(named)` is not a space") }
        guard authority == owner else {
            throw CommandError(
                .notAuthorized, "space `\(named)` belongs to `\(authority.text)`, not to `\(owner.text)`")
        }
        let host = try CommandError.ofService { () throws(ClientError) in try invoker.client.peerGenerate(space: named)
        }
        let now = invoker.now.wholeSeconds
        return try CommandError.ofTokens { () throws(UCANError) in
            try TokenMaker.siweOut(
                address: address,
                audience: host,
                capabilities: [TokenCapability(resource: "\(named)/space", ability: "tinycloud.space/host")],
                domain: arguments[WalletSigning.domain] ?? invoker.client.baseURL.authority,
                chainID: chain,
                issuedAt: now.rfc3339,
                expires: now.adding(seconds: arguments.seconds(lasting) ?? 3_600).rfc3339,
                nonce: TokenMaker.freshWalletNonce()
            )
        }
    }
}
