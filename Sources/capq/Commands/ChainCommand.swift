import CapClient
import Multiformats

/// `capq chain`: shows what a delegation rests on, link by link.
enum ChainCommand {
    static let cid = Positional("CID", "delegation to start from")
    static let all = Flag("all", "every route to a root, in place of the first")

    static let command = Command(
        "chain",
        summary: "show what a delegation rests on, link by link",
        discussion: """
            Shows the delegation and its ancestors up to the root, each with its status and why it has ended if it
            has. Dead links are shown, never left out.
            """,
        flags: [all],
        options: [SigningOptions.space, SigningOptions.proof, AccountOptions.acting],
        positionals: [cid],
        examples: [
            Example("capq chain \"$CID\"", "leaf to root, with the status of every link", stage: .service),
            Example("capq chain \"$CID\" --all --output dot", "every route, for Graphviz", stage: .service),
            Example("capq chain \"$EDGE\"", "what a membership of a forum rests on", stage: .accounts),
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let target = try CIDText.parse(try arguments.required(cid))
        let source = try SourceChoice.open(arguments, process)
        let chain = try source.chain(target)
        guard !chain.links.isEmpty else {
            throw CommandError(.notFound, "no delegation `\(target.text)` that you may see")
        }
        let places = arguments[all] ? Array(chain.links.indices) : firstRoute(chain.links)
        let links = places.map { chain.links[$0] }
        let documents = places.map { chain.documents[$0] }
        var object = JSONObject(schema: "capq/chain/1")
        object["cid"] = .string(target.text)
        object["complete"] = .bool(links.count == chain.links.count)
        object["links"] = .array(documents)
        var answer = Answer(
            json: .object(object),
            rows: documents,
            blocks: [.table(DelegationTable.of(links, space: source.space, now: source.now))],
            delegations: links,
            terminalFormat: .tree
        )
        if links.count < chain.links.count {
            answer.notes.append("\(chain.links.count - links.count) links on other routes: `--all` shows them")
        }
        return answer
    }

    /// Follows the first live proof of each link, or its first proof when none is live.
    private static func firstRoute(_ links: [ListedDelegation]) -> [Int] {
        let places = Dictionary(
            links.enumerated().map { (Array($0.element.cid.utf8), $0.offset) }, uniquingKeysWith: { first, _ in first })
        var route = [0]
        // A route visits no link twice, so it is never longer than the answer.
        while route.count < links.count, let last = route.last {
            let above = links[last].proofs.compactMap { places[Array($0.utf8)] }.filter { !route.contains($0) }
            guard let next = above.first(where: { Tone(status: links[$0].status) == .good }) ?? above.first else {
                break
            }
            route.append(next)
        }
        return route
    }
}
