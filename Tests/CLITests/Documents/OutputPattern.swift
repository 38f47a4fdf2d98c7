/// Compares what a document shows with what a run said.
///
/// What differs from run to run is put aside on both sides: CIDs, keys made for the run, times, ports, processes and
/// decision ids. A line `[...]` in a document stands for any number of lines.
enum OutputPattern {
    /// Leaves out what only a terminal shows.
    static func plain(_ line: String) -> String {
        // What a bar of progress showed is overwritten.
        line.replacing(/^.*\x1b\[K/, with: "").replacing(/\x1b\[[0-9;]*m/, with: "")
    }

    /// Puts aside what differs from run to run.
    static func settled(_ line: String) -> String {
        var text = plain(line)
        text.replace(/bafkr4i[a-z2-7]{52}/, with: "CID")
        text.replace(/bafkr4[a-z2-7]*…[a-z2-7]+/, with: "CID")
        text.replace(/z6Mk[1-9A-HJ-NP-Za-km-z]{44}/) { match in sampleKeys.contains(String(match.0)) ? match.0 : "KEY" }
        text.replace(/z6Mk[1-9A-HJ-NP-Za-km-z]*…[1-9A-HJ-NP-Za-km-z]+/) { match in
            let ends = match.0.split(separator: "…")
            return sampleKeys.contains { $0.hasPrefix(ends[0]) && $0.hasSuffix(ends[1]) } ? match.0 : "KEY"
        }
        text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/, with: "TIME")
        text.replace(/\bin \d+[smhd]\b|\b\d+[smhd] ago\b|\bnow$/, with: "AGO")
        text.replace(/127\.0\.0\.1:\d+/, with: "ADDRESS")
        text.replace(/process \d+/, with: "PROCESS")
        text.replace(/"port":\d+/, with: "PORT")
        text.replace(/\b[0-9a-f]{16}\b/, with: "DECISION")
        // Identifiers and tokens of invites and credentials, revisions and keys of records, thumbprints.
        text.replace(/\b[0-9a-f]{24,48}\b/, with: "ID")
        // A dot behind a letter would be no boundary of words by Unicode's rules.
        text.replace(/\b3[a-z2-7]{12}\b/.wordBoundaryKind(.simple), with: "TID")
        text.replace(/\bkey [A-Za-z0-9_-]{4}…[A-Za-z0-9_-]{4}/, with: "THUMBPRINT")
        text.replace(/%(25)?3A\d+/, with: "PORT")
        text.replace(/\b\d+ ms\b/, with: "DURATION")
        // What stands behind something of another length moves; how far does not matter.
        text.replace(/\x20{2,}/, with: "  ")
        while text.last == " " { text.removeLast() }
        return text
    }

    /// Keys of `scripts/sample`, which are the same in every run.
    private static let sampleKeys = [
        "z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK", "z6Mkg49NtQR2LyYRDCQFK4w1VVHqhypZSSRo7HsyuN7SV7v5",
        "z6MktwtqAzuD5F77tAMBMwNs1KybZeff61EehV9xB1ZpXQG7",
    ]

    /// Gives the first line that differs, as shown and as said; nil when all agree.
    static func difference(_ shown: [String], _ said: [String]) -> (shown: String, said: String)? {
        var rest = said.map(settled)[...]
        var isOpen = false
        for line in shown {
            if line == "[...]" {
                isOpen = true
                continue
            }
            let wanted = settled(line)
            if isOpen, let place = rest.firstIndex(of: wanted) { rest = rest[place...] }
            isOpen = false
            guard rest.first == wanted else { return (wanted, rest.first ?? "(nothing)") }
            rest.removeFirst()
        }
        return isOpen || rest.isEmpty ? nil : ("(nothing)", rest.first ?? "")
    }
}
