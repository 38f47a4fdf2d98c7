package import Multiformats
package import UCAN

/// A value of the key-value plane and what is kept beside it: its headers, its digest, when it was written.
package struct StoredValue: Sendable {
    /// A header that was sent with the value and goes out with it; its name is in lower case.
    package struct Header: Sendable, Hashable {
        package let name: String
        package let value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// BLAKE3 of the bytes.
    package let digest: Digest
    package let size: Int64
    package let headers: [Header]
    package let updatedAt: Timestamp
    /// Empty where only the rest was asked for.
    package let bytes: [UInt8]
}

/// A value before it is stored: hashed and laid out outside the change.
package struct NewValue: Sendable {
    package let bytes: [UInt8]
    package let digest: Digest
    let headers: [UInt8]

    package init(bytes: [UInt8], headers: [StoredValue.Header]) {
        self.bytes = bytes
        digest = BLAKE3.hash(bytes)
        self.headers = JSON.array(headers.map { .array([.string($0.name), .string($0.value)]) }).serialized()
    }
}

/// A row of the table as it is read, checked before anything of it is used.
struct ValueRow {
    static let columns: [any AnyColumn] = [
        ValueTable.digest, ValueTable.size, ValueTable.updatedAt, ValueTable.checksum, ValueTable.headers,
    ]

    let digest: Digest
    let size: Int64
    let updatedAt: Int64
    let headers: [UInt8]

    /// Reads `columns`; throws `corrupt` when they are not what was written for this path.
    init(_ row: Row, space: String, path: String) throws(StorageError) {
        guard let digest = Digest(row[ValueTable.digest]) else { throw ValueRow.damaged(path) }
        self.digest = digest
        size = row[ValueTable.size]
        updatedAt = row[ValueTable.updatedAt]
        headers = row[ValueTable.headers]
        let checksum = Self.checksum(
            space: space, path: path, digest: digest, size: size, updatedAt: updatedAt, headers: headers)
        guard checksum == row[ValueTable.checksum] else { throw ValueRow.damaged(path) }
    }

    /// What the row counts for.
    func cost(at path: String) -> Int64 { size + Int64(path.utf8.count + headers.count) }

    static func damaged(_ path: String) -> StorageError {
        StorageError(.corrupt, "the value at `\(path)` is damaged", hint: "restore it from a backup")
    }

    static func checksum(
        space: String, path: String, digest: Digest, size: Int64, updatedAt: Int64, headers: [UInt8]
    ) -> Int64 {
        var checksum = Checksum(seed: 0)
        for text in [Array(space.utf8), Array(path.utf8), headers, digest.bytes] {
            text.withUnsafeBytes { checksum.mix($0) }
        }
        checksum.mix(UInt64(bitPattern: size))
        checksum.mix(UInt64(bitPattern: updatedAt))
        return Int64(bitPattern: checksum.finished())
    }

    /// The value with its bytes, which must have the digest of the row, or without them.
    func value(_ bytes: [UInt8]?, path: String) throws(StorageError) -> StoredValue {
        if let bytes {
            guard Int64(bytes.count) == size, BLAKE3.hash(bytes) == digest else { throw ValueRow.damaged(path) }
        }
        guard case .array(let list)? = try? JSON.parse(headers) else { throw ValueRow.damaged(path) }
        var named: [StoredValue.Header] = []
        for case .array(let pair) in list where pair.count == 2 {
            guard case .string(let name) = pair[0], case .string(let value) = pair[1] else { continue }
            named.append(StoredValue.Header(name: name, value: value))
        }
        guard named.count == list.count else { throw ValueRow.damaged(path) }
        return StoredValue(
            digest: digest, size: size, headers: named, updatedAt: Timestamp(microseconds: updatedAt),
            bytes: bytes ?? [])
    }
}
