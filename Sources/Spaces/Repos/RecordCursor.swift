import ATProto

/// Remembers the last record of a page: `{collection}/{rkey}` in a repo, `{rev}/{author}/{collection}/{rkey}` by age, where
/// `{rev}` alone stands behind everything of that revision.
///
/// It gives no rights and is only compared with, so that a changed one shows nothing that another does not.
struct RecordCursor {
    let rev: TID?
    let author: String?
    let collection: String
    let rkey: String

    init(rev: TID?, author: String?, collection: String, rkey: String) {
        self.rev = rev
        self.author = author
        self.collection = collection
        self.rkey = rkey
    }

    /// Throws `MalformedCursor`.
    init(inRepo text: String) throws(ATProtoError) {
        let parts = Self.split(text)
        guard parts.count == 2, NSID.isValid(parts[0]), RecordKey.isValid(parts[1]) else { throw Self.malformed }
        self.init(rev: nil, author: nil, collection: parts[0], rkey: parts[1])
    }

    /// Throws `MalformedCursor`.
    init(byAge text: String) throws(ATProtoError) {
        let parts = Self.split(text)
        if parts.count == 1, let rev = try? TID(parts[0]) {
            self.init(rev: rev, author: nil, collection: "", rkey: "")
            return
        }
        guard parts.count == 4, let rev = try? TID(parts[0]), ATProtoDID.isValid(parts[1]), NSID.isValid(parts[2]),
            RecordKey.isValid(parts[3])
        else { throw Self.malformed }
        self.init(rev: rev, author: parts[1], collection: parts[2], rkey: parts[3])
    }

    var text: String {
        guard let rev else { return "\(collection)/\(rkey)" }
        return author.map { "\(rev.text)/\($0)/\(collection)/\(rkey)" } ?? rev.text
    }

    private static func split(_ text: String) -> [String] {
        guard text.utf8.count <= 4096 else { return [] }
        return text.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 4, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    static var malformed: ATProtoError { ATProtoError("MalformedCursor", "the cursor is malformed") }
}
