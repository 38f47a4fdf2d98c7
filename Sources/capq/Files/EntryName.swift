/// Checks names that become names of files: keys and contexts.
enum EntryName {
    /// Accepts 1 to 64 letters, digits, dots, dashes and underscores, not starting with a dot or a dash.
    static func check(_ name: String, what: String) throws(Failure) {
        let isPlain = name.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || ".-_".utf8.contains(byte)
        }
        guard isPlain, (1...64).contains(name.utf8.count), !name.hasPrefix("."), !name.hasPrefix("-") else {
            throw .usage(
                "`\(name)` cannot name a \(what)",
                hint: "letters, digits, dots, dashes and underscores, at most 64, not starting with a dot or dash"
            )
        }
    }
}
