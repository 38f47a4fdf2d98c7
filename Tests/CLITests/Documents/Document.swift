import Glibc
import Testing

/// Reads a document of the project: its shell blocks, what is said to follow them, its links and headings.
struct Document {
    /// Lines between a fence of ```` ```sh ```` and its end, and the ```` ```text ```` block right below, if any.
    struct ShellBlock {
        var lines: [String]
        /// Lines of the output block, as places in the document; nil where no output is shown.
        var output: Range<Int>?
    }

    let path: String
    private(set) var lines: [String]

    init(_ path: String) throws {
        self.path = path
        let text = try #require(Scratch.text(Self.root + path), "no document \(path)")
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// Folder of the project.
    static let root = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/") + "/"

    /// Every document, as a path below the folder of the project.
    static let all: [String] = {
        guard let list = popen("cd '\(root)' && find README.md docs fixtures/README.md -name '*.md' | sort", "r") else {
            return []
        }
        defer { pclose(list) }
        var paths: [String] = []
        while let line = readLine(list) { paths.append(line) }
        return paths
    }()

    private static func readLine(_ file: UnsafeMutablePointer<FILE>) -> String? {
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        guard getline(&line, &capacity, file) > 0, let line else { return nil }
        return String(cString: line).split(separator: "\n").first.map(String.init)
    }

    var shellBlocks: [ShellBlock] {
        var blocks: [ShellBlock] = []
        var place = 0
        while place < lines.count {
            guard lines[place] == "```sh" else {
                place += 1
                continue
            }
            let end = lines[(place + 1)...].firstIndex(of: "```") ?? lines.count
            var block = ShellBlock(lines: Array(lines[(place + 1)..<end]))
            place = end + 1
            let next = lines.dropFirst(place).firstIndex { !$0.isEmpty } ?? lines.count
            if next < lines.count, lines[next] == "```text" {
                let close = lines[(next + 1)...].firstIndex(of: "```") ?? lines.count
                block.output = (next + 1)..<close
                place = close + 1
            }
            blocks.append(block)
        }
        return blocks
    }

    /// Targets of Markdown links outside code, with the line each stands in.
    var links: [(target: String, line: Int)] {
        var found: [(String, Int)] = []
        for (place, line) in prose {
            for match in line.matches(of: /\]\(([^)\s]+)\)/) { found.append((String(match.1), place + 1)) }
        }
        return found
    }

    /// Anchors of the headings, made as code hosts make them.
    var anchors: Set<String> {
        var found: Set<String> = []
        for (_, line) in prose where line.hasPrefix("#") {
            let words = line.drop { $0 == "#" }.lowercased().dropFirst()
            let kept = words.filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
            found.insert(String(kept.map { $0 == " " ? "-" : $0 }))
        }
        return found
    }

    /// Lines outside fenced blocks, without code spans.
    private var prose: [(place: Int, line: String)] {
        var isCode = false
        var found: [(Int, String)] = []
        for (place, line) in lines.enumerated() {
            if line.hasPrefix("```") {
                isCode.toggle()
            } else if !isCode {
                found.append((place, line.replacing(/`[^`]*`/, with: "``")))
            }
        }
        return found
    }

    /// Writes the document with other output blocks.
    mutating func replaceOutputs(_ outputs: [(block: ShellBlock, lines: [String])]) {
        for (block, output) in outputs.reversed() {
            guard let range = block.output else { continue }
            lines.replaceSubrange(range, with: output)
        }
        guard let file = fopen(Self.root + path, "w") else { return }
        fputs(lines.joined(separator: "\n"), file)
        fclose(file)
    }
}
