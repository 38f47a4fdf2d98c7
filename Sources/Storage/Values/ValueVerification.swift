import Multiformats

/// Checks every value against its digest, and what each space is said to hold against its rows.
package struct ValueVerification {
    /// How many values there are.
    package private(set) var count = 0

    /// Throws `corrupt` at the first fault.
    package init(_ tables: any TableReader) throws {
        var spaces: [Int64: Held] = [:]
        try tables.each(ValueSpaceTable.self) { row in
            spaces[row[ValueSpaceTable.id]] = Held(
                name: row[ValueSpaceTable.space], missing: row[ValueSpaceTable.valueCount],
                unused: row[ValueSpaceTable.used])
            return true
        }
        try tables.each(ValueTable.self) { row in
            let number = row[ValueTable.space]
            let path = row[ValueTable.path]
            guard let space = spaces[number]?.name else { throw StorageError.damaged("a value of no space") }
            let value = try ValueRow(row, space: space, path: path)
            _ = try value.value(row[ValueTable.bytes], path: path)
            spaces[number]?.missing -= 1
            spaces[number]?.unused -= value.cost(at: path)
            count += 1
            return true
        }
        for space in spaces.values where space.missing != 0 || space.unused != 0 {
            throw StorageError.damaged("the count of what the space `\(space.name)` holds")
        }
    }

    /// What a space is said to hold, less what was found.
    private struct Held {
        let name: String
        var missing: Int64
        var unused: Int64
    }
}
