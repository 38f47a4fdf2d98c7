package import Storage

/// The accounts of this host. The key box is the signing key sealed under the data folder's key file, null when its owner
/// keeps the key; the public key is its did:key.
package enum AccountTable: Table {
    package static let did = Column<String>("did", at: 0)
    static let handle = Column<String>("handle", at: 1)
    static let password = Column<String>("password", at: 2)
    static let publicKey = Column<String>("key_public", at: 3)
    static let keyBox = Column<[UInt8]?>("key_box", at: 4)
    static let isDocumentedHere = Column<Bool>("is_documented_here", at: 5)
    static let status = Column<Int64>("status", at: 6)
    static let createdAt = Column<Int64>("created_at", at: 7)

    package static let schema = TableSchema(
        "account", [did, handle, password, publicKey, keyBox, isDocumentedHere, status, createdAt],
        key: .columns([did]), indexes: [TableIndex([handle], isUnique: true)])
}

/// The sessions of accounts. `refresh` ends with the id of the one refresh token that has not been used yet, behind those
/// used lately, each with the time of its use (`id time id time … id`); `edge` names the graph's edge that lets the
/// session act.
enum SessionTable: Table {
    static let id = Column<String>("id", at: 0)
    static let did = Column<String>("did", at: 1)
    static let appPassword = Column<String?>("app_password", at: 2)
    static let refresh = Column<String>("refresh", at: 3)
    static let expiresAt = Column<Int64>("expires_at", at: 4)
    static let edge = Column<[UInt8]>("edge", at: 5)
    static let edgeExpiresAt = Column<Int64>("edge_expires_at", at: 6)
    static let createdAt = Column<Int64>("created_at", at: 7)

    static let schema = TableSchema(
        "session", [id, did, appPassword, refresh, expiresAt, edge, edgeExpiresAt, createdAt], key: .columns([id]),
        indexes: [TableIndex([did, appPassword])])
}

/// App passwords; the tag is a keyed hash by which a random password is found.
enum AppPasswordTable: Table {
    static let did = Column<String>("did", at: 0)
    static let name = Column<String>("name", at: 1)
    static let tag = Column<[UInt8]>("tag", at: 2)
    static let isPrivileged = Column<Bool>("is_privileged", at: 3)
    static let createdAt = Column<Int64>("created_at", at: 4)

    static let schema = TableSchema(
        "app_password", [did, name, tag, isPrivileged, createdAt], key: .columns([did, name]),
        indexes: [TableIndex([did, tag], isUnique: true)])
}

/// The tables of accounts: passwords, keys, sessions. Times are microseconds since 1970.
package let accountTables = [AccountTable.schema, SessionTable.schema, AppPasswordTable.schema]
