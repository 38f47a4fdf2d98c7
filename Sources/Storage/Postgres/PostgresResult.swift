/// The rows that a statement gave, copied out of the connection, which is free for the next one.
struct PostgresResult {
    /// Rows that the statement inserted, updated or deleted.
    var changeCount = 0
    private(set) var rowCount = 0
    private var columnCount = 0
    /// The bytes of all values, one after the other.
    private var bytes: [UInt8] = []
    /// Where each value ends in `bytes`; below 0 for null, which takes no place: then where it would end, inverted.
    private var ends: [Int] = []

    /// What the rows take, in bytes.
    var size: Int { bytes.count + ends.count * 8 }

    mutating func append(_ columns: Int, _ value: (Int) -> UnsafeRawBufferPointer?) {
        columnCount = columns
        rowCount += 1
        for column in 0..<columns {
            if let value = value(column) {
                bytes.append(contentsOf: value)
                ends.append(bytes.count)
            } else {
                ends.append(~bytes.count)
            }
        }
    }

    /// Gives a value where it lies; nil for null.
    func withBytes<Value>(
        _ row: Int, _ column: Int, _ body: (UnsafeRawBufferPointer?) throws -> Value
    ) rethrows -> Value {
        let place = row * columnCount + column
        let end = ends[place]
        guard end >= 0 else { return try body(nil) }
        let start = place == 0 ? 0 : ends[place - 1] < 0 ? ~ends[place - 1] : ends[place - 1]
        return try bytes.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
    }

    /// Integers come in 8, 4 or 1 bytes, as their types say.
    func integer(_ row: Int, _ column: Int) -> Int64 {
        withBytes(row, column) { bytes in
            guard let bytes else { return 0 }
            switch bytes.count {
            case 8: return Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
            case 4: return Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
            default: return bytes.first.map(Int64.init) ?? 0
            }
        }
    }

    func word(_ row: Int, _ column: Int) -> UInt64 { UInt64(bitPattern: integer(row, column)) }

    func text(_ row: Int, _ column: Int) -> String {
        withBytes(row, column) { $0.map { String(decoding: $0, as: UTF8.self) } ?? "" }
    }

    func bytes(_ row: Int, _ column: Int) -> [UInt8] { withBytes(row, column) { $0.map { [UInt8]($0) } ?? [] } }

    func isNull(_ row: Int, _ column: Int) -> Bool { ends[row * columnCount + column] < 0 }
}

/// One row of a result.
final class PostgresRow: RowSource {
    private let result: PostgresResult
    private let row: Int

    init(_ result: PostgresResult, _ row: Int) {
        self.result = result
        self.row = row
    }

    func integer(_ place: Int) -> Int64 { result.integer(row, place) }
    func text(_ place: Int) -> String { result.text(row, place) }
    func bytes(_ place: Int) -> [UInt8] { result.bytes(row, place) }
    func isNull(_ place: Int) -> Bool { result.isNull(row, place) }

    func withBytes(_ place: Int, _ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        try result.withBytes(row, place) { try body($0 ?? UnsafeRawBufferPointer(start: nil, count: 0)) }
    }
}

extension PostgresResult {
    /// Takes a row of the log for the next entry; gives its kind. Throws `corrupt` when it is not as it was written.
    func advance(_ position: inout LogPosition, _ row: Int, _ server: String) throws(PostgresFailure) -> UInt8 {
        let revision = word(row, 0)
        guard let kind = UInt8(exactly: integer(row, 1)), revision > position.revision else {
            throw PostgresFailure(.damaged("entry \(revision)", in: server))
        }
        let checksum = withBytes(row, 4) { record in
            position.advance(
                to: revision, kind: kind, recordedAt: integer(row, 2),
                record: record ?? UnsafeRawBufferPointer(start: nil, count: 0), withToken: false)
        }
        guard checksum == word(row, 3) else { throw PostgresFailure(.damaged("entry \(revision)", in: server)) }
        return kind
    }
}
