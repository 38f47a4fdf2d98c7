/// Makes the pieces of a CARv1 archive: one header, then any number of sections (`varint length ‖ CID ‖ block`).
public enum CARWriter {
    /// Gives the header `{roots, version: 1}` with its length in front.
    public static func header(roots: [CID]) -> [UInt8] {
        let map: CBOR = .map(["roots": .array(roots.map { .link($0) }), "version": .unsigned(1)])
        let encoded = map.encoded()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(encoded.count + 2)
        Varint.append(UInt64(encoded.count), to: &bytes)
        bytes.append(contentsOf: encoded)
        return bytes
    }

    /// Gives what stands before a block of `byteCount` bytes: the section's length and the CID.
    public static func sectionHead(_ cid: CID, byteCount: Int) -> [UInt8] {
        let name = cid.bytes
        var bytes: [UInt8] = []
        bytes.reserveCapacity(name.count + 4)
        Varint.append(UInt64(name.count + byteCount), to: &bytes)
        bytes.append(contentsOf: name)
        return bytes
    }

    /// Appends a whole section.
    public static func append(_ cid: CID, _ block: [UInt8], to bytes: inout [UInt8]) {
        bytes.append(contentsOf: sectionHead(cid, byteCount: block.count))
        bytes.append(contentsOf: block)
    }
}
