import Glibc
import Testing

@Suite struct LinkTests {
    @Test(arguments: Document.all)
    func linksLeadSomewhere(_ path: String) throws {
        let document = try Document(path)
        for (target, line) in document.links {
            if target.hasPrefix("https://") { continue }
            let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            var folders = path.split(separator: "/").dropLast().map(String.init)
            for part in parts[0].split(separator: "/") where part != "." {
                if part == ".." { _ = folders.popLast() } else { folders.append(String(part)) }
            }
            let file = parts[0].isEmpty ? path : folders.joined(separator: "/")
            #expect(access(Document.root + file, F_OK) == 0, "\(path):\(line) links to `\(target)`, which is not there")
            guard parts.count == 2, file.hasSuffix(".md"), access(Document.root + file, F_OK) == 0 else { continue }
            #expect(
                try Document(file).anchors.contains(parts[1]),
                "\(path):\(line) links to a heading `\(target)` that is not there")
        }
    }

    /// Shell in a fence of another name would not be run.
    @Test(arguments: Document.all)
    func fencesHaveKnownNames(_ path: String) throws {
        var isOpen = false
        for (place, line) in try Document(path).lines.enumerated() where line.hasPrefix("```") {
            if isOpen {
                #expect(line == "```", "\(path):\(place + 1)")
            } else {
                #expect(["```sh", "```text", "```json", "```mermaid"].contains(line), "\(path):\(place + 1) `\(line)`")
            }
            isOpen.toggle()
        }
        #expect(!isOpen, "\(path) ends inside a fence")
    }

    @Test func everyDocumentIsReachedFromTheReadme() throws {
        var reached: Set<String> = []
        var waiting = ["README.md"]
        while let path = waiting.popLast() {
            guard reached.insert(path).inserted else { continue }
            for (target, _) in try Document(path).links where !target.hasPrefix("https://") {
                var folders = path.split(separator: "/").dropLast().map(String.init)
                for part in target.split(separator: "#", omittingEmptySubsequences: false)[0].split(separator: "/") {
                    if part == ".." { _ = folders.popLast() } else { folders.append(String(part)) }
                }
                let file = folders.joined(separator: "/")
                if file.hasSuffix(".md") { waiting.append(file) }
            }
        }
        #expect(Set(Document.all).subtracting(reached).isEmpty)
    }
}
