/// Checks the form `{collection}/{rkey}` in which set hash and index name records.
enum RecordPath {
    /// Tests for an NSID and a record key with one slash between them.
    static func isValid(_ path: String) -> Bool {
        var path = path
        return path.withUTF8 { bytes in
            guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")) else { return false }
            return NSID.isValid(bytes[..<slash]) && RecordKey.isValid(bytes[(slash + 1)...])
        }
    }
}
