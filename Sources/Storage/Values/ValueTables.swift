/// The spaces that hold values: how many there are, and what they cost: the bytes of values, paths and headers.
package enum ValueSpaceTable: Table {
    static let id = Column<Int64>("id", at: 0)
    static let space = Column<String>("space", at: 1)
    static let valueCount = Column<Int64>("value_count", at: 2)
    static let used = Column<Int64>("used", at: 3)

    package static let schema = TableSchema(
        "kv_space", [id, space, valueCount, used], key: .number(id), indexes: [TableIndex([space], isUnique: true)])
}

/// The values, one a path of a space (docs/protocol/kv.md).
///
/// `digest` is the BLAKE3 of `bytes`; `checksum` covers everything else of the row and the name of its space, so that a
/// row that is damaged or moved is never read as another. `headers` is JSON, `[[name, value], …]`. Bytes stand last: what
/// is asked of a value without its bytes stays on the first page.
package enum ValueTable: Table {
    static let id = Column<Int64>("id", at: 0)
    static let space = Column<Int64>("space", at: 1)
    static let path = Column<String>("path", at: 2)
    static let digest = Column<[UInt8]>("digest", at: 3)
    static let size = Column<Int64>("size", at: 4)
    static let updatedAt = Column<Int64>("updated_at", at: 5)
    static let checksum = Column<Int64>("checksum", at: 6)
    static let headers = Column<[UInt8]>("headers", at: 7)
    static let bytes = Column<[UInt8]>("bytes", at: 8)

    package static let schema = TableSchema(
        "kv_value", [id, space, path, digest, size, updatedAt, checksum, headers, bytes], key: .number(id),
        indexes: [TableIndex([space, path], isUnique: true)])
}

/// The tables of the key-value plane. Times are microseconds since 1970.
package let valueTables = [ValueSpaceTable.schema, ValueTable.schema]
