/// Checks the `language` format of lexicons: BCP 47 tags (RFC 5646 2.1).
public enum Language {
    /// Longest tag that is looked at; the format names no bound.
    public static let maximumLength = 128

    /// Tags that the grammar does not make, and that are registered nevertheless.
    private static let irregular = [
        "en-gb-oed", "i-ami", "i-bnn", "i-default", "i-enochian", "i-hak", "i-klingon", "i-lux", "i-mingo", "i-navajo",
        "i-pwn", "i-tao", "i-tay", "i-tsu", "sgn-be-fr", "sgn-be-nl", "sgn-ch-de",
    ]

    /// Tests that the tag has the form of a language tag.
    public static func isWellFormed(_ text: String) -> Bool { parts(text) != nil }

    /// Tests also that nothing is said twice and that the language is two or three lower-case letters.
    public static func isValid(_ text: String) -> Bool {
        guard let parts = parts(text) else { return false }
        guard let language = text.utf8.split(separator: UInt8(ascii: "-")).first, !parts.isSpecial else {
            return parts.isSpecial
        }
        return (2...3).contains(language.count) && language.allSatisfy { (0x61...0x7A).contains($0) }
            && Set(parts.variants).count == parts.variants.count
            && Set(parts.singletons).count == parts.singletons.count
    }

    private struct Parts {
        /// Private use alone, or irregular: outside the rules for languages.
        var isSpecial = false
        var variants: [[UInt8]] = []
        var singletons: [UInt8] = []
    }

    private static func parts(_ text: String) -> Parts? {
        guard text.utf8.count <= maximumLength else { return nil }
        // Subtags are compared without case; what is no ASCII letter stays and fails below.
        let lowered = text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        if irregular.contains(where: { $0.utf8.elementsEqual(lowered) }) { return Parts(isSpecial: true) }
        let subtags = lowered.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false).map(Array.init)
        guard subtags.allSatisfy({ (1...8).contains($0.count) && $0.allSatisfy(ASCIIText.isAlphanumeric) }) else {
            return nil
        }
        return read(subtags)
    }

    private static func read(_ subtags: [[UInt8]]) -> Parts? {
        var parts = Parts()
        var rest = subtags[...]
        func take(_ isWanted: ([UInt8]) -> Bool) -> [UInt8]? {
            guard let next = rest.first, isWanted(next) else { return nil }
            rest.removeFirst()
            return next
        }
        let privateUse: [UInt8] = [UInt8(ascii: "x")]
        if rest.first != privateUse {
            guard let language = take({ $0.count >= 2 && isAlphabetic($0) }) else { return nil }
            if language.count <= 3 {
                for _ in 0..<3 where take({ $0.count == 3 && isAlphabetic($0) }) == nil { break }
            }
            _ = take { $0.count == 4 && isAlphabetic($0) }
            _ = take { ($0.count == 2 && isAlphabetic($0)) || ($0.count == 3 && $0.allSatisfy(ASCIIText.isDigit)) }
            while let variant = take({ $0.count >= 5 || ($0.count == 4 && ASCIIText.isDigit($0[0])) }) {
                parts.variants.append(variant)
            }
            while let singleton = take({ $0.count == 1 && $0 != privateUse }) {
                parts.singletons.append(singleton[0])
                guard take({ $0.count >= 2 }) != nil else { return nil }
                while take({ $0.count >= 2 }) != nil {}
            }
        } else {
            parts.isSpecial = true
        }
        if take({ $0 == privateUse }) != nil {
            guard !rest.isEmpty else { return nil }
            rest = []
        }
        return rest.isEmpty ? parts : nil
    }

    private static func isAlphabetic(_ subtag: [UInt8]) -> Bool { subtag.allSatisfy(ASCIIText.isLetter) }
}
