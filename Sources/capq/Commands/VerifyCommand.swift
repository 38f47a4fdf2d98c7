import CapClient
import Multiformats
import UCAN

/// `capq verify`: judges tokens offline and names the step that fails.
enum VerifyCommand {
    static let token = Positional("TOKEN", "token, file of tokens, or `-` for standard input", kind: .file)
    static let cid = Option("cid", "CID", "CID one of the tokens must have", repeats: true)

    static let command = Command(
        "verify",
        summary: "judge tokens offline, naming the step that fails",
        discussion: """
            Takes these steps for every token, and needs no service for any of them:
              form         it decodes strictly, in the one canonical form, within limits
              signature    its issuer signed it
              window       the moment lies between its not-before and its expiry
              proofs       every proof it cites is among the tokens given, holds, and was made for its issuer
              attenuation  every capability is rooted or covered by a proof, caveats and window included
            Give a whole chain in one file, one token a line, in any order. Revocations are known to a service only:
            `capq status` and `capq chain` ask it.
            """,
        options: [SigningOptions.at, cid],
        positionals: [token],
        examples: [
            Example("capq verify ./chain.txt", "a chain, one token a line"),
            Example("capq verify ./chain.txt --at 2026-07-10T12:00:00Z --output tree", "as of a moment, as a tree"),
            Example("capq verify \"$TOKEN\"", "one token that rests on nothing"),
            Example(
                "capq chain \"$CID\" --all --output json | capq verify -", "what a service says, judged here",
                stage: .service),
        ],
        exits: [.deny, .notFound],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let sources = try TokenInput.read(try arguments.required(token), process)
        let now =
            try arguments[SigningOptions.at].map { text throws(CommandError) in try Timestamp.typed(text) }
            ?? Timestamp(microseconds: process.now)
        var wanted: [CID] = []
        for text in arguments.all(cid) { wanted.append(try CIDText.parse(text)) }
        let findings = try Verification.run(sources, at: now)
        var rows: [JSON] = []
        var cells: [[Cell]] = []
        var listed: [ListedDelegation] = []
        for finding in findings {
            rows.append(json(finding, now))
            let verdict = finding.failed.map { "fails at \($0.rawValue)" } ?? "valid"
            let tone: Tone = finding.failed == nil ? .good : .bad
            let description = finding.token.map { TokenDescription(token: $0, now: now) }
            cells.append([
                Cell(id: finding.token?.cid.text ?? "-"), Cell(description?.kind ?? "-"), Cell(verdict, tone: tone),
                Cell(id: finding.cause ?? ""),
            ])
            if let description {
                listed.append(
                    description.listed(status: finding.failed == nil ? "valid" : verdict, cause: finding.cause))
            }
        }
        let missing = wanted.filter { wanted in !findings.contains { $0.token?.id == wanted.hash } }
        let first = findings.first { $0.failed != nil && !$0.isInherited } ?? findings.first { $0.failed != nil }
        let isValid = first == nil && missing.isEmpty
        var document = JSONObject(schema: "capq/verification/1")
        document["valid"] = .bool(isValid)
        document["at"] = .string(now.rfc3339)
        document["failedStep"] = first?.failed.map { .string($0.rawValue) } ?? .null
        document["missing"] = .array(missing.map { .string($0.text) })
        document["tokens"] = .array(rows)
        let table = Table(
            columns: [.init("CID"), .init("KIND"), .init("VERDICT"), .init("CAUSE", isFlexible: true)], rows: cells)
        var answer = Answer(
            exit: isValid ? .ok : .deny, json: .object(document), rows: rows, blocks: [.table(table)],
            delegations: listed)
        answer.notes = missing.map { "no token has the CID `\($0.text)`" }
        return answer
    }

    private static func json(_ finding: Verification.Finding, _ now: Timestamp) -> JSON {
        var object = JSONObject()
        object["valid"] = .bool(finding.failed == nil)
        object["failedStep"] = finding.failed.map { .string($0.rawValue) } ?? .null
        object["cause"] = finding.cause.map { .string($0) } ?? .null
        if let token = finding.token {
            for member in TokenDescription(token: token, now: now).json.members { object[member.key] = member.value }
        }
        return .object(object)
    }
}
