import CapClient
import Multiformats
import UCAN

/// `capq delegate`: passes abilities on to somebody else.
enum DelegateCommand {
    static let audience = Positional("AUDIENCE", "DID of who receives, or `@NAME` for a key kept here")
    static let caveats = Option("caveats", "JSON", "caveats that narrow every ability: an object, or a list of them")
    static let from = Option("from", "TIME", "moment it begins to hold, as in 2026-07-10T12:00:00Z")
    static let terminal = Flag("terminal", "forbid passing it on")
    static let offline = Flag("offline", "make it and print it, without sending it")

    static let command = Command(
        "delegate",
        summary: "pass abilities on to somebody else",
        discussion: """
            Signs a delegation with the session's key, resting on the session, and sends it to the service. Every
            `--ability` holds on every `--path`. It cannot reach further or last longer than what it rests on.
            """,
        flags: [terminal, offline],
        options: [
            SigningOptions.ability, SigningOptions.path, SigningOptions.lasting, from, caveats, SigningOptions.space,
            SigningOptions.proof,
        ],
        positionals: [audience],
        examples: [
            Example(
                "capq delegate \"$BOB\" --ability tinycloud.kv/get --path kv/notes/ --for 12h",
                "let Bob read notes for half a day", stage: .service),
            Example(
                "capq delegate @phone -a tinycloud.kv/get -a tinycloud.kv/put -p kv/notes/ --for 1h --terminal",
                "let a key kept here read and write, and pass nothing on", stage: .service),
            Example(
                "capq delegate \"$BOB\" -a tinycloud.kv/get -p kv/notes/ --for 1h --offline --output json",
                "make one without sending it", stage: .service),
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let invoker = try Invoker(arguments, process)
        let signer = try invoker.requireSigner()
        let keys = KeyStore(home: try process.homeFolder())
        let audience = try PrincipalText.parse(try arguments.required(audience), keys: keys, me: signer.did)
        let abilities = arguments.all(SigningOptions.ability)
        let paths = arguments.all(SigningOptions.path)
        guard !abilities.isEmpty, !paths.isEmpty else {
            throw .usage("a delegation needs `--ability` and `--path`", hint: "`capq delegate --help` shows examples")
        }
        guard let lifetime = arguments.seconds(SigningOptions.lasting) else {
            throw .usage("a delegation needs an end: `--for TIME`", hint: "as in 90s, 15m, 12h, 7d")
        }
        let narrowing = try caveats(arguments)
        var capabilities: [TokenCapability] = []
        for path in paths {
            let resource = try SpaceText.resource(path, in: invoker.space)
            for ability in abilities {
                capabilities.append(
                    try CommandError.ofTokens(.usage) { () throws(UCANError) in
                        try TokenCapability(resource: resource, ability: ability, caveats: narrowing)
                    })
            }
        }
        let begin = try arguments[from].map { text throws(CommandError) in try Timestamp.typed(text) }
        let end = (begin ?? invoker.now).wholeSeconds.adding(seconds: lifetime)
        let facts: [JSON] = arguments[terminal] ? [["xyz.tinycloud.policy/delegationMode": "terminal"]] : []
        let token = try CommandError.ofTokens { () throws(UCANError) in
            try signer.delegation(
                to: audience, capabilities, proofs: invoker.proofs, notBefore: begin, expires: end, facts: facts)
        }
        let receipt =
            arguments[offline]
            ? nil
            : try CommandError.ofService { () throws(ClientError) in
                try invoker.client.delegate(authorization: token.authorization())
            }
        return answer(token, receipt, invoker.now)
    }

    private static func caveats(_ arguments: Arguments) throws(CommandError) -> [JSON] {
        guard let text = arguments[caveats] else { return [] }
        let json = try? JSON.parse(Array(text.utf8))
        let list = json?.array ?? json.map { [$0] } ?? []
        guard !list.isEmpty, list.allSatisfy({ $0.object != nil }) else {
            throw .usage("`--caveats` is not a JSON object or a list of them")
        }
        return list
    }

    private static func answer(_ token: UnverifiedToken, _ receipt: DelegateReceipt?, _ now: Timestamp) -> Answer {
        let description = TokenDescription(token: token, now: now)
        var object = JSONObject(schema: "capq/delegation/1")
        for member in description.json.members { object[member.key] = member.value }
        object["sent"] = .bool(receipt != nil)
        object["activated"] = .array((receipt?.activated ?? []).map { .string($0) })
        object["skipped"] = .array((receipt?.skipped ?? []).map { .string($0) })
        object["authorization"] = .string(token.authorization())
        var fields = description.fields
        if receipt == nil { fields.append(("token", Cell(token.authorization()))) }
        var answer = Answer.fields(.object(object), fields)
        answer.delegations = [description.listed(status: receipt == nil ? "unsent" : nil)]
        answer.notes = (receipt?.skipped ?? []).map { "space `\($0)` is not hosted there" }
        return answer
    }
}
