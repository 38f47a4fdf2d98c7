package import Storage

/// The spaces held here; the number is the revision at which a space was made.
package enum SpaceTable: Table {
    static let id = Column<Int64>("id", at: 0)
    static let uri = Column<String>("uri", at: 1)
    static let owner = Column<String>("owner", at: 2)

    package static let schema = TableSchema(
        "space", [id, uri, owner], key: .number(id),
        indexes: [TableIndex([uri], isUnique: true), TableIndex([owner, uri])])
}

/// Who stands on which list (atproto-spaces.md 5).
package enum MemberTable: Table {
    package static let space = Column<Int64>("space", at: 0)
    package static let member = Column<String>("member", at: 1)
    static let isSpace = Column<Bool>("is_space", at: 2)
    package static let access = Column<Int64>("access", at: 3)
    static let grantedBy = Column<String>("granted_by", at: 4)
    static let grantedAt = Column<Int64>("granted_at", at: 5)

    package static let schema = TableSchema(
        "space_member", [space, member, isSpace, access, grantedBy, grantedAt], key: .columns([space, member]),
        indexes: [TableIndex([member, space])])
}

/// Invites (16). `madeAt` is the revision at which one was made: it admits nobody who was removed after that.
package enum InviteTable: Table {
    static let id = Column<String>("id", at: 0)
    static let space = Column<Int64>("space", at: 1)
    static let secret = Column<[UInt8]>("secret", at: 2)
    static let access = Column<Int64>("access", at: 3)
    static let maxUses = Column<Int64?>("max_uses", at: 4)
    static let uses = Column<Int64>("uses", at: 5)
    static let expiresAt = Column<Int64?>("expires_at", at: 6)
    static let isRevoked = Column<Bool>("is_revoked", at: 7)
    static let createdBy = Column<String>("created_by", at: 8)
    static let createdAt = Column<Int64>("created_at", at: 9)
    static let madeAt = Column<Int64>("made_at", at: 10)

    package static let schema = TableSchema(
        "space_invite",
        [id, space, secret, access, maxUses, uses, expiresAt, isRevoked, createdBy, createdAt, madeAt],
        key: .columns([id]), indexes: [TableIndex([secret], isUnique: true), TableIndex([space, createdAt, id])])
}

/// Issued credentials (4.8); `edge` is the 32-byte id of the edge that is the credential.
package enum CredentialTable: Table {
    static let space = Column<String>("space", at: 0)
    static let jti = Column<String>("jti", at: 1)
    static let subject = Column<String>("subject", at: 2)
    static let clientID = Column<String?>("client_id", at: 3)
    static let expiresAt = Column<Int64>("expires_at", at: 4)
    static let edge = Column<[UInt8]>("edge", at: 5)

    package static let schema = TableSchema(
        "space_credential", [space, jti, subject, clientID, expiresAt, edge], key: .columns([space, jti]),
        indexes: [TableIndex([expiresAt])])
}

/// News of credentials that died here, for the hosts of a space's writers; not authority, which is the graph's.
package enum CredentialRevocationTable: Table {
    static let space = Column<String>("space", at: 0)
    static let jti = Column<String>("jti", at: 1)
    static let reason = Column<String>("reason", at: 2)
    static let revokedAt = Column<Int64>("revoked_at", at: 3)
    static let keepUntil = Column<Int64>("keep_until", at: 4)
    static let isTold = Column<Bool>("is_told", at: 5)

    package static let schema = TableSchema(
        "credential_revocation", [space, jti, reason, revokedAt, keepUntil, isTold], key: .columns([space, jti]),
        indexes: [TableIndex([keepUntil]), TableIndex([space, jti], where: isTold.is(false))])
}

/// The tables of spaces: who stands on which list, invites, issued credentials. Times are microseconds since 1970.
package enum SpaceTables {
    /// Those that are projections of the log, by the family's own words.
    package static let projections = [
        ProjectedTable(SpaceTable.schema), ProjectedTable(MemberTable.schema), ProjectedTable(InviteTable.schema),
        ProjectedTable(CredentialTable.schema, forgottenAt: CredentialTable.expiresAt),
    ]

    package static let all = projections.map(\.schema) + [CredentialRevocationTable.schema]
}
