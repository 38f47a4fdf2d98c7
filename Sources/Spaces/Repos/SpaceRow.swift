import ATProto
import Storage
import UCAN

/// The row of a space that anything was written to, read and advanced inside a change.
struct SpaceRow {
    let number: Int64
    private(set) var rev: TID?

    /// Finds the row or makes it.
    static func find(_ space: SpaceURI, in change: TableChange) throws -> SpaceRow {
        let held = try change.first(SpaceRevisionTable.self, where: [SpaceRevisionTable.uri.is(space.text)]) { row in
            SpaceRow(number: row[SpaceRevisionTable.id], rev: row[SpaceRevisionTable.rev].map(TID.init(column:)))
        }
        if let held { return held }
        let number = try change.insert(
            SpaceRevisionTable.self, [SpaceRevisionTable.uri.to(space.text), SpaceRevisionTable.rev.to(nil)])
        return SpaceRow(number: number, rev: nil)
    }

    /// Moves the space to its next revision, which is above the last and not below the clock.
    mutating func advance(_ change: TableChange, clockID: UInt16) throws -> TID {
        let next = TID.next(after: rev, microseconds: change.now.microseconds, clockID: clockID)
        try change.update(
            SpaceRevisionTable.self, [SpaceRevisionTable.rev.to(next.column)],
            where: [SpaceRevisionTable.id.is(number)])
        rev = next
        return next
    }
}
