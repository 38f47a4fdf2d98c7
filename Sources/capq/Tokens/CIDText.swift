import Multiformats

/// Reads CIDs typed on the command line.
enum CIDText {
    /// Accepts any base a CID is written in; a usage failure otherwise.
    static func parse(_ text: String) throws(Failure) -> CID {
        guard let cid = try? CID(text: text.utf8) else {
            let hint =
                text.utf8.contains(0xe2) ? "`…` marks a shortened id: `--full` shows whole ones" : "as in bafkr4i…"
            throw .usage("`\(text)` is not a CID", hint: hint)
        }
        return cid
    }
}
