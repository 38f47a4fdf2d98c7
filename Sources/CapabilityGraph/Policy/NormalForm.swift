// The standard library composes texts for its own comparison but publishes no name for it; the one other source of
// these tables is Foundation, which this module does without.
@_spi(_Unicode) import Swift

/// Composes text to Unicode normalization form C.
enum NormalForm {
    static func composed(_ text: String) -> String {
        // ASCII is composed as it stands.
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
        var out = String.UnicodeScalarView()
        for scalar in text._nfc { out.append(scalar) }
        return String(out)
    }

    static func isComposed(_ text: String) -> Bool { composed(text).utf8.elementsEqual(text.utf8) }
}
