/// Checks that a language tag is well-formed by the grammar of RFC 5646 section 2.1, whether or not it is registered.
public enum Language {
    public static let maximumLength = 128

    /// Tags of the first registry that the grammar does not cover; its other old tags follow the grammar.
    private static let irregular: Set<String> = [
        "en-gb-oed", "i-ami", "i-bnn", "i-default", "i-enochian", "i-hak", "i-klingon", "i-lux", "i-mingo", "i-navajo",
        "i-pwn", "i-tao", "i-tay", "i-tsu", "sgn-be-fr", "sgn-be-nl", "sgn-ch-de",
    ]

    public static func isWellFormed(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count <= maximumLength, bytes.allSatisfy({ ASCIIText.isAlphanumeric($0) || $0 == 0x2D }) else {
            return false
        }
        var subtags = bytes.split(separator: 0x2D, omittingEmptySubsequences: false)[...]
        guard subtags.allSatisfy({ (1...8).contains($0.count) }) else { return false }
        if irregular.contains(text.lowercased()) { return true }
        if isPrivateUse(subtags) { return true }

        guard let language = subtags.popFirst(), language.count >= 2, language.allSatisfy(ASCIIText.isLetter) else {
            return false
        }
        if language.count <= 3 { skip(&subtags, atMost: 3) { $0.count == 3 && $0.allSatisfy(ASCIIText.isLetter) } }
        skip(&subtags, atMost: 1) { $0.count == 4 && $0.allSatisfy(ASCIIText.isLetter) }
        skip(&subtags, atMost: 1) { region in
            region.count == 2 && region.allSatisfy(ASCIIText.isLetter)
                || region.count == 3 && region.allSatisfy(ASCIIText.isDigit)
        }
        skip(&subtags, atMost: .max) { $0.count >= 5 || $0.count == 4 && $0.first.map(ASCIIText.isDigit) == true }
        while let singleton = subtags.first, singleton.count == 1, !isX(singleton) {
            subtags.removeFirst()
            guard skip(&subtags, atMost: .max, where: { $0.count >= 2 }) > 0 else { return false }
        }
        return subtags.isEmpty || isPrivateUse(subtags)
    }

    private static func isPrivateUse(_ subtags: ArraySlice<ArraySlice<UInt8>>) -> Bool {
        subtags.count >= 2 && subtags.first.map(isX) == true
    }

    private static func isX(_ subtag: ArraySlice<UInt8>) -> Bool {
        subtag.count == 1 && subtag.first.map { $0 | 0x20 } == UInt8(ascii: "x")
    }

    /// Drops the subtags at the front that are of a kind; gives how many.
    @discardableResult
    private static func skip(
        _ subtags: inout ArraySlice<ArraySlice<UInt8>>, atMost most: Int, where isKind: (ArraySlice<UInt8>) -> Bool
    ) -> Int {
        var count = 0
        while count < most, let subtag = subtags.first, isKind(subtag) {
            subtags.removeFirst()
            count += 1
        }
        return count
    }
}
