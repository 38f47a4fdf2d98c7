/// Checks the DID syntax of the AT Protocol: a method of lower-case letters, no fragment, at most 2048 bytes.
///
/// Stricter than the published pattern in one point: a `%` must begin a percent-escape, as DID Core says, so that every
/// accepted text is also a `DID` of the graph.
public enum ATProtoDID {
    public static let maximumLength = 2048

    public static func isValid(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { isValid($0) }
    }

    static func isValid(_ bytes: some RandomAccessCollection<UInt8>) -> Bool {
        guard bytes.count <= maximumLength, bytes.starts(with: "did:".utf8) else { return false }
        let rest = bytes.dropFirst(4)
        guard let colon = rest.firstIndex(of: UInt8(ascii: ":")), colon > rest.startIndex,
            rest[..<colon].allSatisfy({ (0x61...0x7A).contains($0) })
        else { return false }
        let identifier = rest[colon...].dropFirst()
        guard let last = identifier.last, last != UInt8(ascii: ":") else { return false }
        var index = identifier.startIndex
        while index < identifier.endIndex {
            guard identifier[index] == UInt8(ascii: "%") else {
                guard isPlain(identifier[index]) else { return false }
                index = identifier.index(after: index)
                continue
            }
            let digits = identifier[identifier.index(after: index)...].prefix(2)
            guard digits.count == 2, digits.allSatisfy(ASCIIText.isHexDigit) else { return false }
            index = digits.endIndex
        }
        return true
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        ASCIIText.isAlphanumeric(byte) || ".-_:".utf8.contains(byte)
    }
}
