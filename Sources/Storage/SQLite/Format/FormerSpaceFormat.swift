/// The tables of spaces as releases with files of versions 2 and 3 kept them, where rights stood in rows.
///
/// Version 4 takes each row into `takeover`, as JSON, for the family to state in the log when the store is opened; the table is
/// empty at all other times.
enum FormerSpaceFormat {
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

    /// Empties the old tables into `takeover`, drops them and makes those of version 4.
    static let takeover: [String] =
        [
            "CREATE TABLE takeover(id INTEGER PRIMARY KEY, kind TEXT NOT NULL, row TEXT NOT NULL) STRICT",
            """
            INSERT INTO takeover(kind, row) SELECT 'space', json_object('uri', uri, 'creator', creator, 'owner', owner, \
            'created', created_at, 'updated', updated_at, 'name', display_name, 'description', description, \
            'read', read_policy, 'write', write_policy, 'apps', app_access, 'config', config) FROM space ORDER BY id
            """,
            """
            INSERT INTO takeover(kind, row) SELECT 'tombstone', json_object('uri', uri, 'owner', owner, \
            'deleted', deleted_at, 'before', revision, 'wasOpen', was_open) FROM space_tombstone ORDER BY uri
            """,
            """
            INSERT INTO takeover(kind, row) SELECT 'role', json_object('uri', s.uri, 'role', e.role, \
            'subject', e.subject, 'edge', hex(e.edge)) FROM space_edge e JOIN space s ON s.id = e.space \
            ORDER BY e.space, e.role, e.subject
            """,
            """
            INSERT INTO takeover(kind, row) SELECT 'member', json_object('uri', s.uri, 'member', m.member, \
            'isSpace', m.is_space, 'access', m.access, 'by', m.granted_by, 'at', m.granted_at, 'edge', hex(m.edge)) \
            FROM space_member m JOIN space s ON s.id = m.space ORDER BY m.space, m.member
            """,
            """
            INSERT INTO takeover(kind, row) SELECT 'invite', json_object('uri', s.uri, 'id', i.id, \
            'secret', hex(i.secret), 'access', i.access, 'max', i.max_uses, 'uses', i.uses, 'expires', i.expires_at, \
            'isRevoked', i.is_revoked, 'by', i.created_by, 'at', i.created_at, 'edge', hex(i.edge)) \
            FROM space_invite i JOIN space s ON s.id = i.space ORDER BY i.created_at, i.id
            """,
            """
            INSERT INTO takeover(kind, row) SELECT 'credential', json_object('uri', space, 'jti', jti, 'subject', user, \
            'client', client_id, 'expires', expires_at, 'edge', hex(edge)) FROM space_credential ORDER BY space, jti
            """,
            """
            INSERT INTO takeover(kind, row) SELECT 'foreign', json_object('uri', space, 'jti', jti, \
            'until', keep_until) FROM credential_revocation WHERE origin = 1 ORDER BY space, jti
            """,
            """
            INSERT INTO takeover(kind, row) SELECT 'blackout', json_object('uri', space, 'until', until) \
            FROM credential_blackout ORDER BY space
            """,
            "ALTER TABLE credential_revocation RENAME TO former_revocation",
            "DROP INDEX credential_revocation_expiry",
            "DROP INDEX credential_revocation_authority",
            "DROP INDEX credential_revocation_untold",
        ]
        + ["space", "space_tombstone", "space_edge", "space_member", "space_invite", "space_credential"].map {
            "DROP TABLE \($0)"
        } + ["DROP TABLE credential_blackout"] + SpaceFormat.statements
        + [
            """
            INSERT INTO credential_revocation(space, jti, reason, revoked_at, keep_until, is_told) \
            SELECT space, jti, reason, revoked_at, keep_until, is_told FROM former_revocation WHERE origin = 0
            """,
            "DROP TABLE former_revocation",
        ]
}
