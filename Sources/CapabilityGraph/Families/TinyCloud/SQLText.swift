/// Judges SQL text by its words, without parsing it; whatever is not plainly one read is refused.
struct SQLText {
    private let bytes: [UInt8]

    init(_ text: String) { bytes = Array(text.utf8) }

    /// Words by which even a text that begins as a read can write; refused anywhere, in quotes and comments too.
    private static let writing: Set<[UInt8]> = Set(
        [
            "insert", "update", "delete", "replace", "merge", "create", "drop", "alter", "truncate", "attach", "detach",
            "pragma", "vacuum", "analyze", "load_extension", "writefile",
        ].map { Array($0.utf8) })

    private static let reading: Set<[UInt8]> = Set(["select", "with", "values"].map { Array($0.utf8) })

    /// Returns why the text is not a single statement that only reads, or nil when it is.
    var failure: CaveatFailure? {
        let words = words
        if words.contains(where: Self.writing.contains) { return .writeBlocked }
        if hasSecondStatement { return .multipleStatementsBlocked }
        // SQLite stops at a zero byte and a driver may not: such a text has two readings.
        guard let first = words.first, Self.reading.contains(first), !bytes.contains(0) else { return .nonReadBlocked }
        return nil
    }

    /// True when a caller's value carries quotes, comments, a statement's end or the commonest injection.
    var looksLikeEscape: Bool {
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case 0, UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"), UInt8(ascii: ";"): return true
            case UInt8(ascii: "-") where next(index) == UInt8(ascii: "-"): return true
            case UInt8(ascii: "/") where next(index) == UInt8(ascii: "*"): return true
            case UInt8(ascii: "*") where next(index) == UInt8(ascii: "/"): return true
            default: break
            }
        }
        let folded = bytes.map(Self.lowered)
        let injection = Array(" or 1=1".utf8)
        guard folded.count >= injection.count else { return false }
        return (0...(folded.count - injection.count)).contains { folded[$0...].starts(with: injection) }
    }

    /// The runs of `[A-Za-z0-9_]` in lower case.
    private var words: [[UInt8]] {
        bytes.split { !Self.isWord($0) }.map { $0.map(Self.lowered) }
    }

    /// True when anything but white space or `;` follows a `;` outside quotes, or a quote or comment never ends.
    private var hasSecondStatement: Bool {
        var index = 0
        var ended = false
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: ";"): ended = true
            case 0x20, 0x09, 0x0A, 0x0C, 0x0D: break
            case _ where ended: return true
            case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"):
                // A doubled quote ends one run and at once begins another, which comes to the same.
                guard let close = bytes[index...].firstIndex(of: byte) else { return true }
                index = close + 1
            case UInt8(ascii: "["):
                guard let close = bytes[index...].firstIndex(of: UInt8(ascii: "]")) else { return true }
                index = close + 1
            case UInt8(ascii: "-") where next(index - 1) == UInt8(ascii: "-"):
                index = bytes[index...].firstIndex(of: 0x0A) ?? bytes.count
            case UInt8(ascii: "/") where next(index - 1) == UInt8(ascii: "*"):
                guard let close = endOfComment(from: index + 1) else { return true }
                index = close
            default: break
            }
        }
        return false
    }

    private func endOfComment(from start: Int) -> Int? {
        var index = start
        while index + 1 < bytes.count {
            if bytes[index] == UInt8(ascii: "*"), bytes[index + 1] == UInt8(ascii: "/") { return index + 2 }
            index += 1
        }
        return nil
    }

    private func next(_ index: Int) -> UInt8? { index + 1 < bytes.count ? bytes[index + 1] : nil }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
        default: false
        }
    }

    private static func lowered(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte + 0x20 : byte }
}
