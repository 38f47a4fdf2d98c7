import Testing

@testable import capq

@Suite struct StyleTests {
    @Test func terminalsGetTablesColourAndShortIDs() {
        let style = OutputStyle(Scratch(isTerminal: true, width: 100).process, isFull: false)
        #expect(style == OutputStyle(shortensIDs: true, hasColour: true, width: 100))
    }

    @Test func fullShowsEverything() {
        let style = OutputStyle(Scratch(isTerminal: true).process, isFull: true)
        #expect(style == OutputStyle(shortensIDs: false, hasColour: true, isFull: true, width: nil))
    }

    @Test func pipesGetNoColourAndNothingCut() {
        #expect(OutputStyle(Scratch().process, isFull: false) == OutputStyle())
    }

    @Test(arguments: [
        ("NO_COLOR", "1", false), ("NO_COLOR", "", true), ("TERM", "dumb", false), ("TERM", "xterm", true),
    ])
    func colourYieldsToTheEnvironment(_ name: String, _ value: String, _ hasColour: Bool) {
        let scratch = Scratch(isTerminal: true)
        scratch.process.environment[name] = value
        #expect(OutputStyle(scratch.process, isFull: false).hasColour == hasColour)
    }

    @Test func answersAreTablesOnATerminalAndJSONInAPipe() {
        let piped = Scratch()
        #expect(piped.run("context", "list").output.hasPrefix("{"))
        let scratch = Scratch(isTerminal: true)
        scratch.run("context", "set", "local", "--url", "http://127.0.0.1:1")
        #expect(scratch.run("context", "list").output.contains("local  http://127.0.0.1:1"))
        #expect(scratch.run("context", "list", "-o", "json").output.hasPrefix("{"))
    }
}
