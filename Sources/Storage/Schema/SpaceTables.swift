/// The tables of spaces: who stands on which list, invites, issued credentials (atproto-spaces.md 5, 14, 16, 4.8).
///
/// All are projections of the log, by the family's own words: `space.id` is the revision at which a space was made. Times are
/// microseconds since 1970.
package enum SpaceTables {
    package static let space = ProjectedTable(
        "space", columns: ["id", "uri", "owner"],
        schema: [
            "CREATE TABLE space(id INTEGER PRIMARY KEY, uri TEXT NOT NULL UNIQUE, owner TEXT NOT NULL) STRICT",
            "CREATE INDEX space_owner ON space(owner, uri)",
        ])

    package static let member = ProjectedTable(
        "space_member", columns: ["space", "member", "is_space", "access", "granted_by", "granted_at"],
        schema: [
            """
            CREATE TABLE space_member(space INTEGER NOT NULL, member TEXT NOT NULL, is_space INTEGER NOT NULL, \
            access INTEGER NOT NULL, granted_by TEXT NOT NULL, granted_at INTEGER NOT NULL, \
            PRIMARY KEY(space, member)) WITHOUT ROWID, STRICT
            """,
            "CREATE INDEX space_member_of ON space_member(member, space)",
        ])

    /// `made_at` is the revision at which an invite was made: it admits nobody who was removed after that.
    package static let invite = ProjectedTable(
        "space_invite",
        columns: [
            "id", "space", "secret", "access", "max_uses", "uses", "expires_at", "is_revoked", "created_by",
            "created_at",
            "made_at",
        ],
        schema: [
            """
            CREATE TABLE space_invite(id TEXT PRIMARY KEY NOT NULL, space INTEGER NOT NULL, \
            secret BLOB NOT NULL UNIQUE, access INTEGER NOT NULL, max_uses INTEGER, uses INTEGER NOT NULL, \
            expires_at INTEGER, is_revoked INTEGER NOT NULL, created_by TEXT NOT NULL, created_at INTEGER NOT NULL, \
            made_at INTEGER NOT NULL) WITHOUT ROWID, STRICT
            """,
            "CREATE INDEX space_invite_of ON space_invite(space, created_at, id)",
        ])

    /// `edge` is the 32-byte id of the edge that is the credential.
    package static let credential = ProjectedTable(
        "space_credential", columns: ["space", "jti", "subject", "client_id", "expires_at", "edge"],
        schema: [
            """
            CREATE TABLE space_credential(space TEXT NOT NULL, jti TEXT NOT NULL, subject TEXT NOT NULL, client_id TEXT, \
            expires_at INTEGER NOT NULL, edge BLOB NOT NULL, PRIMARY KEY(space, jti)) WITHOUT ROWID, STRICT
            """,
            "CREATE INDEX space_credential_expiry ON space_credential(expires_at)",
        ], forgotten: "expires_at <= ?1")

    package static let projections = [space, member, invite, credential]

    /// News of credentials that died here, for the hosts of a space's writers; not authority, which is the graph's.
    static let news = [
        """
        CREATE TABLE credential_revocation(space TEXT NOT NULL, jti TEXT NOT NULL, reason TEXT NOT NULL, \
        revoked_at INTEGER NOT NULL, keep_until INTEGER NOT NULL, is_told INTEGER NOT NULL, \
        PRIMARY KEY(space, jti)) WITHOUT ROWID, STRICT
        """,
        "CREATE INDEX credential_revocation_expiry ON credential_revocation(keep_until)",
        "CREATE INDEX credential_revocation_untold ON credential_revocation(space, jti) WHERE is_told = 0",
    ]
}
