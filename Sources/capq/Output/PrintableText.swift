/// Makes text from outside safe to show on a terminal.
enum PrintableText {
    /// Replaces control and direction-changing characters with `\u{…}`, so that nothing can steer the terminal.
    static func of(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if isUnsafe(scalar) {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1f, 0x7f...0x9f, 0x061c, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x206f, 0xfeff: true
        default: false
        }
    }
}

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
