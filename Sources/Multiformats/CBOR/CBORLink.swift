/// Checks the shape of CIDs in links, whatever their hash function: the codec carries what identity refuses.
enum CBORLink {
    static func isWellFormed(_ bytes: some Collection<UInt8>) -> Bool {
        // Version 0 is a bare SHA-256 multihash.
        if bytes.count == 34, bytes.starts(with: [0x12, 0x20]) { return true }
        guard let version = Varint.decode(bytes), version.value == 1 else { return false }
        let afterVersion = bytes.dropFirst(version.byteCount)
        guard let codec = Varint.decode(afterVersion) else { return false }
        let afterCodec = afterVersion.dropFirst(codec.byteCount)
        guard let hash = Varint.decode(afterCodec) else { return false }
        let afterHash = afterCodec.dropFirst(hash.byteCount)
        guard let length = Varint.decode(afterHash) else { return false }
        return UInt64(afterHash.count - length.byteCount) == length.value
    }
}
