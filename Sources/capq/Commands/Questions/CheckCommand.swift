import CapClient
import Multiformats
import UCAN

/// `capq check`: asks the gate whether a principal may use an ability on a resource.
enum CheckCommand {
    static let principal = Positional("PRINCIPAL", "DID, `@NAME` for a key kept here, or `me`")
    static let ability = Positional("ABILITY", "as in tinycloud.kv/get")
    static let resource = Positional("RESOURCE", "whole resource, or service and path in the space")
    static let given = Option("given", "JSON", "caveats the use itself keeps to, as a JSON object")
    static let explain = Flag("explain", "print the walk that led to the decision")

    static let command = Command(
        "check",
        summary: "ask whether a principal may do something, and why",
        discussion: """
            Prints the decision, its first cause and the chain that decided it. The exit code is 0 for allow, 3 for
            deny and 4 for undetermined, so a script can branch on it.
            """,
        flags: [explain],
        options: [ServiceOptions.space, given, ServiceOptions.at],
        positionals: [principal, ability, resource],
        examples: [
            Example("capq check \"$BOB\" tinycloud.kv/get kv/notes/today", "may Bob read this note", stage: .service),
            Example(
                "capq check \"$BOB\" tinycloud.kv/del kv/notes/today --explain", "why may he not delete it",
                exit: .deny, stage: .service),
            Example("capq check me tinycloud.kv/put kv/notes/today", "may the session write it", stage: .service),
        ],
        exits: [.deny, .undetermined, .notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let asker = try Asker(arguments, surroundings)
        let keys = KeyStore(home: try surroundings.homeFolder())
        let who = try PrincipalText.parse(try arguments.required(principal), keys: keys, me: asker.signer?.did)
        let what = try SpaceText.resource(try arguments.required(resource), in: asker.space)
        var body = JSONObject()
        body["principal"] = .string(who.text)
        body["ability"] = .string(try arguments.required(ability))
        body["resource"] = .string(what)
        if let text = arguments[given] {
            guard let json = try? JSON.parse(Array(text.utf8)), json.object != nil else {
                throw .usage("`--given` is not a JSON object")
            }
            body["context"] = ["caveats": [json]]
        }
        if let text = arguments[ServiceOptions.at] { body["at"] = .string(try Timestamp.typed(text).rfc3339) }
        if arguments[explain] { body["explain"] = true }
        let authorization = try authorization(asker, on: what)
        let answer = try Failure.ofService { () throws(ClientError) in
            try asker.client.authorize(body: .object(body), authorization: authorization)
        }
        return CheckAnswer.answer(answer, space: asker.space, now: asker.now)
    }

    /// Shows the right to ask: `tinycloud.capabilities/read` on the space the resource lies in.
    private static func authorization(_ asker: Asker, on resource: String) throws(Failure) -> String {
        let place = SpaceText.space(of: resource).map { "\($0)/capabilities/all" } ?? resource
        return try asker.invocation("tinycloud.capabilities/read", on: place).authorization()
    }
}
