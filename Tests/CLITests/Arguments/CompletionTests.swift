import Glibc
import Testing

@testable import capq

@Suite struct CompletionTests {
    @Test(arguments: Shell.allCases)
    func scriptsHaveNoSyntaxErrors(_ shell: Shell) {
        guard Scratch.shell("command -v \(shell.rawValue) >/dev/null") == 0 else { return }
        let scratch = Scratch()
        let script = scratch.write(shell.completion(of: CommandTable.root), "script")
        #expect(Scratch.shell("\(shell.rawValue) -n '\(script)'") == 0)
    }

    @Test(arguments: [
        ("capq con", "context"),
        ("capq context ", "set use list ls"),
        ("capq context --f", "--full"),
        ("capq completion z", "zsh"),
        ("capq --output js", "json jsonl"),
        ("capq context list -o mer", "mermaid"),
        ("capq context use lo", "local"),
        ("capq context set x --key al", "alice"),
    ])
    func bashCompletesWords(_ line: String, _ offered: String) {
        let scratch = Scratch()
        scratch.run("context", "set", "local", "--url", "http://127.0.0.1:1")
        _ = Scratch.shell("mkdir -p '\(scratch.home)/keys' && touch '\(scratch.home)/keys/alice.json'")
        let script = scratch.write(Shell.bash.completion(of: CommandTable.root), "script")
        let words = line.split(separator: " ", omittingEmptySubsequences: false).map { "'\($0)'" }
        let test = scratch.write(
            """
            export CAPQ_HOME='\(scratch.home)'
            source '\(script)'
            COMP_WORDS=(\(words.joined(separator: " ")))
            COMP_CWORD=\(words.count - 1)
            _capq
            [ "${COMPREPLY[*]}" = '\(offered)' ] || { echo "${COMPREPLY[*]}"; exit 1; }
            """,
            "test"
        )
        #expect(Scratch.shell("bash '\(test)'") == 0)
    }

    @Test(arguments: Shell.allCases)
    func theCommandPrintsTheScript(_ shell: Shell) {
        let outcome = Scratch().run("completion", shell.rawValue)
        #expect(outcome.exit == .ok)
        #expect(outcome.output == shell.completion(of: CommandTable.root))
    }
}
