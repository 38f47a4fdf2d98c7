/// Classifies bytes of identifiers; every identifier of the protocol is ASCII.
package enum ASCIIText {
    package static func isLetter(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte)
    }

    package static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    package static func isAlphanumeric(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }

    package static func isHexDigit(_ byte: UInt8) -> Bool { isDigit(byte) || (0x61...0x66).contains(byte | 0x20) }

    /// Tests a label of a domain name: 1 to 63 letters, digits and inner hyphens.
    package static func isLabel(_ bytes: some BidirectionalCollection<UInt8>) -> Bool {
        guard let first = bytes.first, let last = bytes.last, bytes.count <= 63 else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && bytes.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }

    /// Quotes untrusted text for a message: at most 80 bytes, control and non-ASCII bytes shown as `?`.
    package static func quoted(_ text: String) -> String {
        var shown = "`"
        for byte in text.utf8.prefix(80) {
            shown.unicodeScalars.append(byte >= 0x20 && byte < 0x7F ? Unicode.Scalar(byte) : "?")
        }
        if text.utf8.count > 80 { shown += "..." }
        return shown + "`"
    }
}

extension String {
    /// Tests that both texts have the same UTF-8 bytes; `==` would equate canonically equivalent texts.
    package func isExactly(_ other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}

extension String? {
    /// Tests that the text is present and has these UTF-8 bytes.
    package func isExactly(_ other: String) -> Bool { self?.isExactly(other) ?? false }
}

extension ATProtoError {
    /// The error of text that breaks a syntax rule (atproto-spaces.md 20).
    package static func invalidRequest(_ message: String) -> ATProtoError { ATProtoError("InvalidRequest", message) }
}
