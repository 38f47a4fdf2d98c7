import ATProto
import Storage
import UCAN

/// The row of a space that anything was written to, read and advanced inside a change.
struct SpaceRow {
    let number: Int64
    private(set) var rev: TID?

    /// Finds the row or makes it.
    static func find(_ space: SpaceURI, in change: TableChange) throws -> SpaceRow {
        let sql = "SELECT id, rev FROM space_revision WHERE uri = ?1"
        func found() throws -> SpaceRow? {
            try change.first(sql, [.text(space.text)]) {
                SpaceRow(number: $0.integer(0), rev: $0.optionalInteger(1).map(TID.init(column:)))
            }
        }
        if let row = try found() { return row }
        try change.run("INSERT INTO space_revision(uri, rev) VALUES(?1, NULL)", [.text(space.text)])
        guard let row = try found() else { throw StorageError(.internal, "a row that was inserted is not there") }
        return row
    }

    /// Moves the space to its next revision, which is above the last and not below the clock.
    mutating func advance(_ change: TableChange, clockID: UInt16) throws -> TID {
        let next = TID.next(after: rev, microseconds: change.now.microseconds, clockID: clockID)
        try change.run("UPDATE space_revision SET rev = ?2 WHERE id = ?1", [.integer(number), next.column])
        rev = next
        return next
    }
}
