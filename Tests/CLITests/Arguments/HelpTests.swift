import Testing

@testable import capq

@Suite struct HelpTests {
    static let paths = CommandPath.all(below: CommandTable.root)

    @Test(arguments: paths.map(\.name))
    func helpOfEveryCommandIsAsRecorded(_ name: String) throws {
        let words = name.split(separator: " ").dropFirst().map(String.init)
        let outcome = Run.outcome(words + ["--help"], Scratch().process)
        #expect(outcome.exit == .ok)
        Snapshot.expect(outcome.output, "help/\((["capq"] + words).joined(separator: "-")).txt")
    }

    @Test(arguments: paths.map(\.name))
    func everyCommandShowsAnExampleThatNamesIt(_ name: String) throws {
        let command = try #require(Self.paths.first { $0.name == name }?.command)
        #expect(!command.examples.isEmpty)
        for example in command.examples {
            #expect(example.line.contains("capq"), "\(example.line)")
            #expect(name == "capq" || example.line.contains(name), "\(example.line)")
        }
    }

    @Test(arguments: paths.map(\.name))
    func everyCommandRunsOrGroupsOthers(_ name: String) throws {
        let command = try #require(Self.paths.first { $0.name == name }?.command)
        #expect((command.action == nil) == !command.subcommands.isEmpty)
        #expect(!command.summary.hasSuffix("."))
        let names = command.subcommands.flatMap { [$0.name] + $0.aliases }
        #expect(Set(names).count == names.count)
        let path = try #require(Self.paths.first { $0.name == name })
        let long = path.flags.map(\.name) + path.options.map(\.name)
        #expect(Set(long).count == long.count)
        let short = path.flags.compactMap(\.short) + path.options.compactMap(\.short)
        #expect(Set(short).count == short.count)
    }

    @Test func noLineOfHelpIsWiderThanATerminal() {
        for path in Self.paths {
            for line in HelpText.page(path.commands).split(separator: "\n") where !line.hasPrefix("  $ ") {
                #expect(line.count <= 120, "\(line)")
            }
        }
    }

    @Test func theReferencePageIsTheTableOfCommands() {
        Snapshot.expect(ReferencePage.markdown(), "../../docs/capq/README.md")
    }
}
