/// Says which passwords are taken: of 8 characters or more, and none that is tried first.
///
/// What is tried first are those that are used most (`CommonPasswords`), and words and runs of keys, each with any ending of
/// up to four digits or marks.
enum PasswordRules {
    static let minimumCharacters = 8
    static let maximumBytes = 256

    /// Throws `invalidPassword`, and says what is wrong.
    static func check(_ password: String) throws(IdentityError) {
        guard password.utf8.count <= maximumBytes, password.unicodeScalars.count >= minimumCharacters else {
            throw IdentityError(
                .invalidPassword,
                "a password has at least \(minimumCharacters) characters and at most \(maximumBytes) bytes")
        }
        guard !isTriedFirst(Array(password.utf8)) else {
            throw IdentityError(.invalidPassword, "the password is one of those that are tried first")
        }
    }

    static func isTriedFirst(_ password: [UInt8]) -> Bool {
        let text = password.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        if Set(text).count <= 2 || isRun(text) || CommonPasswords.contains(text) { return true }
        let ending = text.reversed().prefix(4).prefix { !(0x61...0x7A).contains($0) && $0 < 0x80 }
        return (0...ending.count).contains { words.contains(Array(plain(text.dropLast($0)))) }
    }

    /// Letters in place of the digits and marks that are written for them.
    private static func plain(_ text: ArraySlice<UInt8>) -> [UInt8] {
        text.map { byte in
            switch byte {
            case UInt8(ascii: "0"): UInt8(ascii: "o")
            case UInt8(ascii: "1"), UInt8(ascii: "!"): UInt8(ascii: "i")
            case UInt8(ascii: "3"): UInt8(ascii: "e")
            case UInt8(ascii: "4"), UInt8(ascii: "@"): UInt8(ascii: "a")
            case UInt8(ascii: "5"), UInt8(ascii: "$"): UInt8(ascii: "s")
            case UInt8(ascii: "7"): UInt8(ascii: "t")
            default: byte
            }
        }
    }

    /// Tests for a run along the digits, the alphabet or the rows of a keyboard, either way, or one that comes twice.
    private static func isRun(_ text: [UInt8]) -> Bool {
        let rows = [
            "01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "qwertzuiop", "azertyuiop",
            "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb", "q1w2e3r4t5y6u7i8", "1q2w3e4r5t6y7u8i",
        ]
        let half = Array(text.prefix(text.count / 2))
        let parts = text.count.isMultiple(of: 2) && half + half == text ? [text, half] : [text]
        return parts.contains { part in
            rows.contains { row in
                let row = Array(row.utf8)
                return [row, row.reversed()].contains { row in
                    row.count >= part.count
                        && (0...(row.count - part.count)).contains { row[$0..<($0 + part.count)].elementsEqual(part) }
                }
            }
        }
    }

    private static let words = Set(
        """
        password passwort passwords passwd password password motdepasse contrasena senha parola wachtwoord letmein letmeinnow
        welcome welcometo willkommen bienvenue administrator admin adminadmin root rootroot default changeme changeit guest
        guestguest login master mastermind superman batman spiderman pokemon starwars princess sunshine iloveyou iloveu
        trustno trustnoi trustnoone football baseball basketball soccer hockey monkey dragon shadow michael jennifer jessica
        jordan hunter ranger harley computer internet samsung google facebook qwerty qwertz azerty asdfgh asdfasdf zxcvbn
        qazwsx qazwsxedc abcabc abcd abcdef abcdefgh test testtest testing tester secret secretsecret mysecret topsecret
        whatever freedom killer hello hellohello helloworld goodbye flower summer winter spring autumn sommer charlie
        michelle nicole daniel andrew matthew joshua ashley amanda chocolate cookie cheese banana orange purple silver golden
        diamond mercedes ferrari porsche corvette yamaha nintendo playstation liverpool chelsea arsenal barcelona juventus
        lovelove lovely loveme babygirl babyboy angel angels butterfly rainbow jesus jesuschrist christ blessed faith
        """.split(whereSeparator: \.isWhitespace).map { PasswordRules.plain(ArraySlice($0.utf8)) })
}
