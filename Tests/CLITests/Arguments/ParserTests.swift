import Testing

@testable import capq

@Suite struct ParserTests {
    private static let space = Option("space", short: "s", "ID", "space")
    private static let action = Option("action", "ABILITY", "ability", repeats: true)
    private static let limit = Option("limit", "N", "rows", kind: .integer(1...100))
    private static let within = Option("in", "TIME", "time", kind: .duration)
    private static let all = Flag("all", short: "a", "everything")
    private static let brief = Flag("brief", short: "b", "little")
    private static let cid = Positional("CID", "delegation")
    private static let other = Positional("OTHER", "another", isRequired: false)

    private static let root = Command(
        "tool",
        summary: "a tool",
        flags: [StandardOptions.help],
        options: [StandardOptions.output],
        subcommands: [
            Command(
                "chain",
                aliases: ["route"],
                summary: "a chain",
                flags: [all, brief],
                options: [space, action, limit, within],
                positionals: [cid, other],
                action: { (_, _) throws(CommandError) in Answer(text: "") }
            ),
            Command("key", summary: "keys", subcommands: [Command("new", summary: "new key")]),
        ]
    )

    private func parse(_ words: [String]) throws(CommandError) -> Arguments {
        guard case .run(_, let arguments) = try Parser.parse(words, root: Self.root) else {
            throw CommandError(.failure, "help")
        }
        return arguments
    }

    private func complaint(_ words: [String]) -> CommandError? {
        do throws(CommandError) {
            _ = try Parser.parse(words, root: Self.root)
            return nil
        } catch {
            return error
        }
    }

    @Test func optionsStandAnywhereAndTakeTheirValueEitherWay() throws {
        for words in [
            ["--output", "json", "chain", "x", "--space", "s1", "-a"],
            ["chain", "--space=s1", "--all", "x", "--output=json"],
            ["chain", "-s", "s1", "x", "-a", "-o", "json"],
            ["chain", "-ss1", "x", "-a", "-ojson"],
            ["chain", "-s=s1", "x", "-a", "-o=json"],
            ["route", "-as", "s1", "x", "-o", "json"],
        ] {
            let arguments = try parse(words)
            #expect(arguments.path == ["tool", "chain"])
            #expect(arguments[Self.space] == "s1", "\(words)")
            #expect(arguments[StandardOptions.output] == "json")
            #expect(arguments[Self.cid] == "x")
            #expect(arguments[Self.all])
            #expect(!arguments[Self.brief])
        }
    }

    @Test func whatFollowsTwoDashesIsNeverAnOption() throws {
        let arguments = try parse(["chain", "--", "--all", "-x"])
        #expect(arguments[Self.cid] == "--all")
        #expect(arguments[Self.other] == "-x")
        #expect(arguments.flags.isEmpty)
    }

    @Test func oneDashAloneIsAWord() throws {
        #expect(try parse(["chain", "-"])[Self.cid] == "-")
        #expect(try parse(["chain", "x", "--space", "-"])[Self.space] == "-")
    }

    @Test func valuesKeepEverythingAfterTheFirstEqualsSign() throws {
        #expect(try parse(["chain", "x", "--space=a=b="])[Self.space] == "a=b=")
        #expect(try parse(["chain", "x", "--space=--all"])[Self.space] == "--all")
    }

    @Test func repeatingOptionsKeepEveryValueInOrder() throws {
        let arguments = try parse(["chain", "x", "--action", "b", "--action=a"])
        #expect(arguments.all(Self.action) == ["b", "a"])
    }

    @Test func numbersAndDurationsAreRead() throws {
        let arguments = try parse(["chain", "x", "--limit", "100", "--in", "7d"])
        #expect(arguments.integer(Self.limit) == 100)
        #expect(arguments.seconds(Self.within) == 604_800)
    }

    private static let mistakes: [(words: [String], message: String, hint: String?)] = [
        (["frob"], "no command `frob` in `tool`", "`tool --help` lists the commands"),
        (["chian", "x"], "no command `chian` in `tool`", "did you mean `tool chain`?"),
        (["key", "nwe"], "no command `nwe` in `tool key`", "did you mean `tool key new`?"),
        (["chain", "x", "--spce", "y"], "no option `--spce` in `tool chain`", "did you mean `--space`?"),
        (["--space", "y", "chain"], "no option `--space` in `tool`", "`--space` belongs after `tool chain`"),
        (["chain", "x", "-z"], "no option `-z` in `tool chain`", "`tool chain --help` lists the options"),
        (
            ["chain", "x", "--space"], "`--space` needs a value",
            "`--space ID`, or `--space=VALUE` when it starts with a dash"
        ),
        (["chain", "x", "--all=yes"], "`--all` takes no value", nil),
        (["chain", "x", "--space=a", "-s", "b"], "`--space` is given twice", nil),
        (["chain", "x", "--space="], "`--space` is empty", nil),
        (["chain", "x", "-o", "jsno"], "`--output` cannot be `jsno`", "did you mean `json`?"),
        (["chain", "x", "--limit", "0"], "`--limit` cannot be `0`", "a whole number from 1 to 100"),
        (["chain", "x", "--in", "7w"], "`--in` cannot be `7w`", "a count and a unit: 90s, 15m, 12h, 7d"),
        (["chain"], "`tool chain` needs CID", "usage: tool chain CID [OTHER] [OPTIONS]"),
        (
            ["chain", "a", "b", "c"], "`c` is one argument too many for `tool chain`",
            "usage: tool chain CID [OTHER] [OPTIONS]"
        ),
        (["key"], "`tool key` needs a command", "`tool key --help` lists the commands"),
        ([], "`tool` needs a command", "`tool --help` lists the commands"),
    ]

    @Test(arguments: mistakes.indices)
    func mistakesAreNamedWithTheirMending(_ row: Int) {
        let mistake = Self.mistakes[row]
        #expect(complaint(mistake.words) == CommandError(.usage, mistake.message, hint: mistake.hint))
    }

    @Test func lookAlikesOfANameAreOtherNames() {
        // U+212A KELVIN SIGN is equal to `K` for Unicode, not for a command line.
        let kelvin = Command("tool", summary: "", subcommands: [Command("K", summary: "")])
        #expect(throws: CommandError.self) { try Parser.parse(["\u{212a}"], root: kelvin) }
    }

    @Test(arguments: [["--help"], ["-h"], ["help"], ["--help", "--output", "json"]])
    func helpOfTheWholeNeedsNothingElse(_ words: [String]) throws {
        guard case .help(let path) = try Parser.parse(words, root: Self.root) else {
            Issue.record("no help")
            return
        }
        #expect(path.map(\.name) == ["tool"])
    }

    @Test(arguments: [["chain", "--help"], ["help", "chain"], ["route", "-h", "x", "y", "z"]])
    func helpOfACommandNeedsNoArguments(_ words: [String]) throws {
        guard case .help(let path) = try Parser.parse(words, root: Self.root) else {
            Issue.record("no help")
            return
        }
        #expect(path.map(\.name) == ["tool", "chain"])
    }

    @Test(
        arguments: [
            ("90s", 90), ("1m", 60), ("12h", 43_200), ("7d", 604_800), ("36500d", 3_153_600_000),
            ("36501d", nil), ("0s", nil), ("s", nil), ("", nil), ("1", nil), ("-1s", nil), ("1.5h", nil),
            ("99999999999s", nil), ("\u{661}s", nil),
        ] as [(String, Int64?)])
    func durationsAreACountAndAUnit(_ text: String, _ seconds: Int64?) {
        #expect(Span.seconds(text) == seconds)
    }

    @Test(
        arguments: [
            ("delegte", "delegate"), ("deleg", "delegate"), ("sl", "ls"), ("revkoe", "revoke"), ("x", nil),
            ("completely-else", nil),
        ] as [(String, String?)])
    func suggestionsAreNearOrNone(_ typed: String, _ meant: String?) {
        #expect(Suggestion.nearest(to: typed, among: ["delegate", "ls", "revoke", "chain", "check"]) == meant)
    }
}
