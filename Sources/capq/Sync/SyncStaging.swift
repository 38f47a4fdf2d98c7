import ATProto
import Multiformats

/// Keeps verified records until a whole pass is verified; what an ended run left is used again.
struct SyncStaging: Sendable {
    let folder: SyncFolder

    /// Writes a verified record as the file it will be.
    func put(_ cid: CID, _ value: CBOR) throws(Failure) {
        try folder.write(Array((JSONPrinter.indented(RecordData.json(value)) + "\n").utf8), to: folder.staged(cid))
    }

    /// Tells whether a record is there and still what its CID names.
    func holds(_ cid: CID, collection: String) -> Bool {
        guard let bytes = try? read(cid), let record = Self.record(bytes, collection: collection) else { return false }
        return record.cid == cid
    }

    func read(_ cid: CID) throws(Failure) -> [UInt8] {
        try SystemFile.read(folder.staged(cid), limit: 8 << 20)
    }

    static func record(_ bytes: [UInt8], collection: String) -> PreparedRecord? {
        let limits = JSONLimits(maxBytes: 8 << 20, maxDepth: 80, maxMembers: 1_000_000)
        guard let json = try? JSON.parse(bytes, limits: limits) else { return nil }
        return try? PreparedRecord(json: json, collection: collection)
    }
}
