import Multiformats

extension LogStore {
    /// Checks every value against its digest, and what each space is said to hold against its rows; gives their number.
    func checkValues() throws(StorageError) -> Int {
        try onOneState { (_) throws(StorageError) in
            let query = try connection.prepare(
                """
                SELECT \(ValueRow.columns), path, kv_space.space, bytes FROM kv_value \
                LEFT JOIN kv_space ON kv_space.id = kv_value.space
                """
            )
            var count = 0
            while try query.step() {
                let row = SQLRow(statement: query)
                guard !row.isNull(6) else { throw damaged("a value of no space") }
                let path = row.text(5)
                _ = try ValueRow(row, space: row.text(6), path: path).value(row.bytes(7), path: path)
                count += 1
            }
            let sums = try connection.prepare(
                """
                SELECT space FROM kv_space WHERE value_count != (SELECT count(*) FROM kv_value \
                WHERE space = kv_space.id) OR used != (SELECT coalesce(sum(size + length(path) + length(headers)), 0) \
                FROM kv_value WHERE space = kv_space.id) LIMIT 1
                """
            )
            guard try !sums.step() else { throw damaged("the count of what the space `\(sums.text(0))` holds") }
            return count
        }
    }
}
