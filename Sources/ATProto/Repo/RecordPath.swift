/// Checks the form `{collection}/{rkey}` in which set hash and index name records.
enum RecordPath {
    /// Tests for two parts of the characters that NSIDs and record keys have, within their lengths.
    static func isValid(_ path: String) -> Bool {
        let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2, (1...317).contains(parts[0].count), (1...512).contains(parts[1].count) else {
            return false
        }
        return parts.allSatisfy { $0.allSatisfy(isAllowed) }
    }

    private static func isAllowed(_ character: UInt8) -> Bool {
        switch character {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"),
            UInt8(ascii: "~"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
