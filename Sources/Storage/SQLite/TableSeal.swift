/// Sums up the rows of one table: how many there are, and the sum of their checksums.
///
/// A row that changed, vanished, came twice or moved to another table shows in it. It guards against failing hardware,
/// not against someone who can write the file.
struct TableSeal: Equatable {
    let table: String
    var rowCount: UInt64 = 0
    var sum: UInt64 = 0

    mutating func add(_ row: UInt64) {
        rowCount &+= 1
        sum &+= row
    }

    mutating func take(_ row: UInt64) {
        rowCount &-= 1
        sum &-= row
    }
}

/// The seals of all tables as they stand in the row of `seal`: for each the length of its name, the name, and two words
/// of 8 bytes, big-endian.
extension [TableSeal] {
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        for seal in self {
            bytes.append(UInt8(clamping: seal.table.utf8.count))
            bytes += seal.table.utf8
            for word in [seal.rowCount, seal.sum] { Swift.withUnsafeBytes(of: word.bigEndian) { bytes += $0 } }
        }
        return bytes
    }

    /// Nil when the bytes end inside a seal.
    init?(bytes: UnsafeRawBufferPointer) {
        self = []
        var rest = bytes[...]
        while let length = rest.first.map(Int.init) {
            guard rest.count >= 1 + length + 16 else { return nil }
            let name = rest.dropFirst().prefix(length)
            let words = rest.dropFirst(1 + length).prefix(16)
            append(
                TableSeal(
                    table: String(decoding: name, as: UTF8.self),
                    rowCount: words.prefix(8).reduce(0) { $0 << 8 | UInt64($1) },
                    sum: words.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }))
            rest = rest.dropFirst(1 + length + 16)
        }
    }
}
