/// Shortens long ids so that a row fits a terminal while its ids stay tellable apart.
enum ShortID {
    /// Letters and digits in a row that make an id worth shortening.
    static let longestWhole = 20

    /// Cuts the middle out of every long run of letters and digits: `did:key:z6MkqG…wWvLSK`.
    static func of(_ text: String) -> String {
        var result = ""
        var run = ""
        for character in text {
            if character.isASCII, character.isLetter || character.isNumber {
                run.append(character)
            } else {
                result += cut(run)
                run = ""
                result.append(character)
            }
        }
        return result + cut(run)
    }

    private static func cut(_ run: String) -> String {
        run.count > longestWhole ? "\(run.prefix(6))…\(run.suffix(6))" : run
    }
}
