public import Multiformats

/// Encodes the index of an export: a DAG-CBOR map from `{collection}/{rkey}` to the record's CID.
///
/// Its order is that of canonical DAG-CBOR keys, shortest first and then by bytes (atproto-spaces.md 10).
public enum SpaceCARIndex {
    public static let maxEntryCount = 1_000_000
    /// Bytes of one key: collection, slash and rkey.
    static let maxPathBytes = 317 + 1 + 512

    /// Names one record of the repo.
    public struct Entry: Hashable, Sendable {
        /// `{collection}/{rkey}`, ASCII.
        public let path: String
        public let cid: CID

        public init(path: String, cid: CID) {
            self.path = path
            self.cid = cid
        }
    }

    /// Orders paths as the index does.
    public static func precedes(_ left: String, _ right: String) -> Bool {
        let (leftCount, rightCount) = (left.utf8.count, right.utf8.count)
        return leftCount != rightCount ? leftCount < rightCount : UTF8Bytes.precedes(left, right)
    }

    /// Gives the head of the map, before `count` entries.
    public static func head(count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        appendHead(major: 5, UInt64(count), to: &bytes)
        return bytes
    }

    /// Appends one entry; the caller gives them in order.
    public static func append(path: String, cid: CID, to bytes: inout [UInt8]) {
        let key = path.utf8
        appendHead(major: 3, UInt64(key.count), to: &bytes)
        bytes.append(contentsOf: key)
        let name = cid.bytes
        // Tag 42, then a byte string: a zero byte and the CID.
        bytes.append(0xd8)
        bytes.append(42)
        appendHead(major: 2, UInt64(name.count + 1), to: &bytes)
        bytes.append(0)
        bytes.append(contentsOf: name)
    }

    private static func appendHead(major: UInt8, _ value: UInt64, to bytes: inout [UInt8]) {
        let type = major << 5
        switch value {
        case 0..<24: bytes.append(type | UInt8(value))
        case 24...0xff: bytes.append(contentsOf: [type | 24, UInt8(value)])
        case 0x100...0xffff: bytes.append(contentsOf: [type | 25, UInt8(value >> 8), UInt8(truncatingIfNeeded: value)])
        default:
            bytes.append(type | 26)
            for shift in [24, 16, 8, 0] as [UInt64] { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
        }
    }
}
