/// The tables of spaces in files of version 4: who stands on which list, invites, issued credentials.
enum SpaceFormat {
    static let statements = [
        "CREATE TABLE space(id INTEGER PRIMARY KEY, uri TEXT NOT NULL UNIQUE, owner TEXT NOT NULL) STRICT",
        "CREATE INDEX space_owner ON space(owner, uri)",
        """
        CREATE TABLE space_member(space INTEGER NOT NULL, member TEXT NOT NULL, is_space INTEGER NOT NULL, \
        access INTEGER NOT NULL, granted_by TEXT NOT NULL, granted_at INTEGER NOT NULL, \
        PRIMARY KEY(space, member)) WITHOUT ROWID, STRICT
        """,
        "CREATE INDEX space_member_of ON space_member(member, space)",
        """
        CREATE TABLE space_invite(id TEXT PRIMARY KEY NOT NULL, space INTEGER NOT NULL, \
        secret BLOB NOT NULL UNIQUE, access INTEGER NOT NULL, max_uses INTEGER, uses INTEGER NOT NULL, \
        expires_at INTEGER, is_revoked INTEGER NOT NULL, created_by TEXT NOT NULL, created_at INTEGER NOT NULL, \
        made_at INTEGER NOT NULL) WITHOUT ROWID, STRICT
        """,
        "CREATE INDEX space_invite_of ON space_invite(space, created_at, id)",
        """
        CREATE TABLE space_credential(space TEXT NOT NULL, jti TEXT NOT NULL, subject TEXT NOT NULL, client_id TEXT, \
        expires_at INTEGER NOT NULL, edge BLOB NOT NULL, PRIMARY KEY(space, jti)) WITHOUT ROWID, STRICT
        """,
        "CREATE INDEX space_credential_expiry ON space_credential(expires_at)",
        """
        CREATE TABLE credential_revocation(space TEXT NOT NULL, jti TEXT NOT NULL, reason TEXT NOT NULL, \
        revoked_at INTEGER NOT NULL, keep_until INTEGER NOT NULL, is_told INTEGER NOT NULL, \
        PRIMARY KEY(space, jti)) WITHOUT ROWID, STRICT
        """,
        "CREATE INDEX credential_revocation_expiry ON credential_revocation(keep_until)",
        "CREATE INDEX credential_revocation_untold ON credential_revocation(space, jti) WHERE is_told = 0",
    ]
}
