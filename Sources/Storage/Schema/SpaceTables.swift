/// The tables of spaces: settings, members, invites, issued and revoked credentials (atproto-spaces.md 5, 14, 16, 4.8).
///
/// They list what the graph decides: `edge` columns hold the 32-byte ids of the edges that carry a row's rights, null
/// while a row carries none. Times are microseconds since 1970; spaces are named by URI, inside this family by number.
enum SpaceTables {
    static let statements: [String] = [
        """
        CREATE TABLE space(id INTEGER PRIMARY KEY, uri TEXT NOT NULL UNIQUE, authority TEXT NOT NULL, \
        type TEXT NOT NULL, skey TEXT NOT NULL, creator TEXT NOT NULL, owner TEXT NOT NULL, \
        created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, display_name TEXT, description TEXT, \
        read_policy TEXT NOT NULL, write_policy TEXT NOT NULL, app_access TEXT NOT NULL, config TEXT NOT NULL) STRICT
        """,
        "CREATE INDEX space_owner ON space(owner, uri)",
        // What stays of a deleted space. `revision` is the graph's before the deletion, at which it is asked who could
        // read; `was_open` is 1 where a managing application admitted people whom the graph does not know.
        """
        CREATE TABLE space_tombstone(uri TEXT PRIMARY KEY NOT NULL, owner TEXT NOT NULL, deleted_at INTEGER NOT NULL, \
        revision INTEGER NOT NULL, was_open INTEGER NOT NULL) WITHOUT ROWID, STRICT
        """,
        // The edges of policies, app access and ownership, by role and whom they name.
        """
        CREATE TABLE space_edge(space INTEGER NOT NULL, role TEXT NOT NULL, subject TEXT NOT NULL, \
        edge BLOB NOT NULL, PRIMARY KEY(space, role, subject)) WITHOUT ROWID, STRICT
        """,
        """
        CREATE TABLE space_member(space INTEGER NOT NULL, member TEXT NOT NULL, is_space INTEGER NOT NULL, \
        access INTEGER NOT NULL, granted_by TEXT NOT NULL, granted_at INTEGER NOT NULL, edge BLOB, \
        PRIMARY KEY(space, member)) WITHOUT ROWID, STRICT
        """,
        "CREATE INDEX space_member_of ON space_member(member, space)",
        "CREATE INDEX space_member_spaces ON space_member(space, member) WHERE is_space = 1",
        """
        CREATE TABLE space_invite(id TEXT PRIMARY KEY NOT NULL, space INTEGER NOT NULL, secret BLOB NOT NULL UNIQUE, \
        access INTEGER NOT NULL, max_uses INTEGER, uses INTEGER NOT NULL, expires_at INTEGER, \
        is_revoked INTEGER NOT NULL, created_by TEXT NOT NULL, created_at INTEGER NOT NULL, edge BLOB NOT NULL) \
        WITHOUT ROWID, STRICT
        """,
        "CREATE INDEX space_invite_of ON space_invite(space, created_at, id)",
        """
        CREATE TABLE space_credential(space TEXT NOT NULL, jti TEXT NOT NULL, user TEXT NOT NULL, client_id TEXT, \
        expires_at INTEGER NOT NULL, edge BLOB NOT NULL, PRIMARY KEY(space, jti)) WITHOUT ROWID, STRICT
        """,
        "CREATE INDEX space_credential_expiry ON space_credential(expires_at)",
        // `origin` 0: revoked here, to be told to the hosts of writers; 1: told by the authority.
        """
        CREATE TABLE credential_revocation(space TEXT NOT NULL, jti TEXT NOT NULL, authority TEXT NOT NULL, \
        reason TEXT NOT NULL, revoked_at INTEGER NOT NULL, keep_until INTEGER NOT NULL, origin INTEGER NOT NULL, \
        is_told INTEGER NOT NULL, PRIMARY KEY(space, jti)) WITHOUT ROWID, STRICT
        """,
        "CREATE INDEX credential_revocation_expiry ON credential_revocation(keep_until)",
        "CREATE INDEX credential_revocation_authority ON credential_revocation(authority, keep_until)",
        "CREATE INDEX credential_revocation_untold ON credential_revocation(space, jti) WHERE origin = 0 AND is_told = 0",
        // Spaces whose authority revoked more than is kept: every credential of theirs is refused until then.
        """
        CREATE TABLE credential_blackout(space TEXT PRIMARY KEY NOT NULL, until INTEGER NOT NULL) \
        WITHOUT ROWID, STRICT
        """,
    ]
}
