/// Splits the URI of a space or of a record in one; everything it holds has been checked.
struct SpaceURISegments {
    let space: SpaceURI
    let record: (author: String, collection: String, rkey: String)?

    /// Reads 4 segments (space) or 7 (record); with `acceptingLegacy` also the `ats://` form, which lacks `space`.
    init?(_ text: String, acceptingLegacy: Bool) {
        let bytes = Array(text.utf8.prefix(SpaceURI.maximumLength + 1))
        guard bytes.count <= SpaceURI.maximumLength else { return nil }
        let isLegacy = acceptingLegacy && bytes.starts(with: "ats://".utf8)
        guard isLegacy || bytes.starts(with: "at://".utf8) else { return nil }
        var parts = bytes.dropFirst(isLegacy ? 6 : 5).split(
            separator: UInt8(ascii: "/"), maxSplits: 8, omittingEmptySubsequences: false)
        if !isLegacy {
            guard parts.count >= 2, parts.remove(at: 1).elementsEqual("space".utf8) else { return nil }
        }
        guard parts.count == 3 || parts.count == 6, ATProtoDID.isValid(parts[0]), NSID.isValid(parts[1]),
            RecordKey.isValid(parts[2])
        else { return nil }
        // The checks above leave only ASCII.
        let texts = parts.map { String(decoding: $0, as: UTF8.self) }
        space = SpaceURI(trusted: texts[0], type: texts[1], skey: texts[2])
        guard parts.count == 6 else {
            record = nil
            return
        }
        guard ATProtoDID.isValid(parts[3]), NSID.isValid(parts[4]), RecordKey.isValid(parts[5]) else { return nil }
        record = (texts[3], texts[4], texts[5])
    }
}
