import Glibc
import Testing

/// Runs every shell block of every document, in order, and compares what is said with what the document shows.
///
/// A document runs in a folder with copies of `scripts` and `fixtures`, in one shell on a terminal of 100 columns. Unless
/// its first block starts a service, one is running with the sample of `scripts/sample`, whose `env` has been read.
/// `UPDATE_SNAPSHOTS=1` writes what was said into the documents.
@Suite(.serialized) struct DocumentTests {
    private static let separator = "=====8<====="

    @Test(arguments: Document.all)
    func shellBlocksSayWhatTheDocumentShows(_ path: String) throws {
        var document = try Document(path)
        let blocks = document.shellBlocks
        guard !blocks.isEmpty else { return }
        let scratch = Scratch()
        #expect(Scratch.shell("cp -r '\(Document.root)scripts' '\(Document.root)fixtures' '\(scratch.folder)'") == 0)
        let (said, code) = run(blocks, in: scratch)
        #expect(code == 0, "a line of \(path) failed:\n\(said.last?.joined(separator: "\n") ?? "")")
        try #require(said.count == blocks.count)
        if getenv("UPDATE_SNAPSHOTS") != nil {
            let stale = zip(blocks, said).filter { block, lines in
                block.output.map { OutputPattern.difference(Array(document.lines[$0]), lines) != nil } ?? false
            }
            document.replaceOutputs(stale.map { (block: $0.0, lines: $0.1) })
            return
        }
        for (block, lines) in zip(blocks, said) {
            guard let output = block.output else { continue }
            let difference = OutputPattern.difference(Array(document.lines[output]), lines)
            let command = block.lines.joined(separator: "; ")
            #expect(
                difference == nil,
                "after `\(command)` \(path) shows\n\(difference?.shown ?? "")\nand the run says\n\(difference?.said ?? "")"
            )
        }
    }

    /// Runs the blocks in one shell; gives the lines each said and the shell's exit code.
    private func run(_ blocks: [Document.ShellBlock], in scratch: Scratch) -> ([[String]], Int32) {
        var script = [
            "set -e", "cd '\(scratch.folder)'", "export HOME=\"$PWD\" CAPABILITYGRAPH_BIN='\(BuiltProducts.folder)'",
            "export PATH='\(BuiltProducts.folder)':\"$PATH\" NO_COLOR=1", "unset CAPQ_HOME CAPQ_URL",
            "trap 'scripts/stop >/dev/null 2>&1' EXIT", "stty cols 100 2>/dev/null",
        ]
        if blocks.first?.lines.contains(where: { $0.hasPrefix("scripts/start") }) != true {
            script += ["scripts/start >start.log 2>&1", ". .data/env"]
        }
        for block in blocks {
            script.append("echo '\(Self.separator)'")
            // This is part of `scripts/test`.
            script += block.lines.filter { $0 != "scripts/test" }.map(Self.withPackagesAtHand)
        }
        let file = scratch.write(script.joined(separator: "\n") + "\n", "document.sh")
        let transcript = scratch.folder + "/transcript"
        let code = Scratch.shell(
            "script -qec 'bash --noprofile --norc \(file)' /dev/null >'\(transcript)' 2>&1 </dev/null")
        let text = (Scratch.text(transcript) ?? "").filter { $0 != "\r" }.replacing("\r\n", with: "\n")
        var said: [[String]] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line == Self.separator {
                said.append([])
            } else if !said.isEmpty {
                said[said.count - 1].append(OutputPattern.plain(line))
            }
        }
        if code != 0, said.isEmpty { said = [[text + (Scratch.text(scratch.folder + "/start.log") ?? "")]] }
        return (said.map(Self.trimmed), code)
    }

    /// Takes the packages of PyPI that the run from outside has installed, when it has, in place of installing them.
    private static func withPackagesAtHand(_ line: String) -> String {
        let environment = Document.root + ".build/conformance"
        guard access(environment + "/mark", F_OK) == 0 else { return line }
        if line.hasPrefix("python3 -m venv ") { return "ln -s '\(environment)' \(line.dropFirst(16))" }
        return line.contains("/bin/pip install ") ? ":" : line
    }

    private static func trimmed(_ lines: [String]) -> [String] {
        var lines = lines[...]
        while lines.last?.isEmpty == true { lines.removeLast() }
        while lines.first?.isEmpty == true { lines.removeFirst() }
        return Array(lines)
    }
}
