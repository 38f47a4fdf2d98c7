package import Storage

/// Who is told of a space's writes (atproto-spaces.md 13.10); `repo` is empty for a registration of the whole space.
package enum RegistrationTable: Table {
    static let space = Column<String>("space", at: 0)
    static let service = Column<String>("service", at: 1)
    static let repo = Column<String>("repo", at: 2)
    static let registrant = Column<String>("registrant", at: 3)
    static let expiresAt = Column<Int64>("expires_at", at: 4)

    package static let schema = TableSchema(
        "registration", [space, service, repo, registrant, expiresAt], key: .columns([space, service, repo]),
        indexes: [TableIndex([expiresAt])])
}

/// What is still to be told (17), one row a message. A lane is told its messages one after the other, in the order of
/// their numbers, which never return.
package enum OutboxTable: Table {
    static let id = Column<Int64>("id", at: 0)
    static let lane = Column<String>("lane", at: 1)
    static let method = Column<String>("method", at: 2)
    static let space = Column<String>("space", at: 3)
    static let issuer = Column<String>("issuer", at: 4)
    static let service = Column<String>("service", at: 5)
    static let audience = Column<String>("audience", at: 6)
    static let body = Column<[UInt8]>("body", at: 7)
    static let createdAt = Column<Int64>("created_at", at: 8)

    package static let schema = TableSchema(
        "outbox", [id, lane, method, space, issuer, service, audience, body, createdAt],
        key: .number(id, neverReturns: true), indexes: [TableIndex([lane, id])])
}

/// The tables of notifications. Times are microseconds since 1970.
package let notifyTables = [RegistrationTable.schema, OutboxTable.schema]
