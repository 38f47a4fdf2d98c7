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
        // Tag 42, then a byte string: a zero byte and the CID.
        bytes.append(0xd8)
        bytes.append(42)
        appendHead(major: 2, UInt64(cid.byteCount + 1), to: &bytes)
        bytes.append(0)
        cid.append(to: &bytes)
    }

    private static func appendHead(major: UInt8, _ value: UInt64, to bytes: inout [UInt8]) {
        let type = major << 5
        switch value {
        case 0..<24: bytes.append(type | UInt8(value))
        case 24...0xff:
            bytes.append(type | 24)
            bytes.append(UInt8(value))
        case 0x100...0xffff:
            bytes.append(type | 25)
            bytes.append(UInt8(value >> 8))
            bytes.append(UInt8(truncatingIfNeeded: value))
        default:
            bytes.append(type | 26)
            for shift in [24, 16, 8, 0] as [UInt64] { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
        }
    }
}

extension SpaceCARIndex {
    /// Reads an index, refusing every order and spelling but the canonical one.
    ///
    /// - Throws: `CarIndexInvalid`; `CarIndexTooLarge` beyond `maxEntryCount` entries.
    public static func decode(_ bytes: [UInt8]) throws(ATProtoError) -> [Entry] {
        var reader = Reader(bytes: bytes)
        let count = try reader.head(major: 5)
        guard count <= UInt64(maxEntryCount) else {
            throw ATProtoError("CarIndexTooLarge", "the index has more than \(maxEntryCount) entries")
        }
        var entries: [Entry] = []
        // Little is reserved on the word of the head alone: an entry takes at least 43 bytes.
        entries.reserveCapacity(min(Int(count), bytes.count / 43))
        for _ in 0..<count {
            let entry = try reader.entry()
            if let last = entries.last, !precedes(last.path, entry.path) {
                throw Reader.invalid("the keys of the index are not in canonical order")
            }
            entries.append(entry)
        }
        guard reader.isAtEnd else { throw Reader.invalid("the index is followed by more bytes") }
        return entries
    }

    private struct Reader {
        let bytes: [UInt8]
        var at = 0

        var isAtEnd: Bool { at == bytes.count }

        static func invalid(_ message: String) -> ATProtoError { ATProtoError("CarIndexInvalid", message) }

        mutating func take(_ count: Int) throws(ATProtoError) -> ArraySlice<UInt8> {
            guard count <= bytes.count - at else { throw Self.invalid("the index ends inside an entry") }
            defer { at += count }
            return bytes[at..<at + count]
        }

        /// Reads a shortest-form head of the kind `major` and gives its argument.
        mutating func head(major: UInt8) throws(ATProtoError) -> UInt64 {
            let first = try take(1).first ?? 0
            guard first >> 5 == major else { throw Self.invalid("the index is not a map from text to links") }
            let info = first & 31
            if info < 24 { return UInt64(info) }
            guard info <= 26 else { throw Self.invalid("a length in the index is not sensible") }
            let value = try take(1 << Int(info - 24)).reduce(0) { $0 << 8 | UInt64($1) }
            let least: [UInt64] = [24, 0x100, 0x1_0000]
            guard value >= least[Int(info - 24)] else {
                throw Self.invalid("a length in the index is not the shortest")
            }
            return value
        }

        mutating func entry() throws(ATProtoError) -> Entry {
            let count = try head(major: 3)
            guard count <= UInt64(maxPathBytes) else { throw Self.invalid("a key of the index is too long") }
            let path = String(decoding: try take(Int(count)), as: UTF8.self)
            guard RecordPath.isValid(path) else {
                throw Self.invalid("a key of the index is not a collection and a record key")
            }
            guard try take(2).elementsEqual([0xd8, 42]), try head(major: 2) == 37, try take(1).first == 0,
                let cid = try? CID(bytes: try take(36)), cid.codec == CID.dagCBORCodec, cid.hash.code == .sha2_256
            else { throw Self.invalid("a value of the index is not the CID of a record") }
            return Entry(path: path, cid: cid)
        }
    }
}
