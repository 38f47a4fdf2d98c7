import Storage
import UCAN

/// How an account lies in its table.
enum AccountRow {
    static let columns = "did, handle, key_public, key_box IS NOT NULL, is_documented_here, status, created_at"

    static let byDID = "SELECT \(columns) FROM account WHERE did = ?1"
    static let byHandle = "SELECT \(columns) FROM account WHERE handle = ?1"

    static func read(_ row: SQLRow) throws -> Account {
        guard let status = Account.Status(rawValue: row.integer(5)) else {
            throw IdentityError(.cryptoFailure, "an account has an unknown status")
        }
        return Account(
            did: try DID(row.text(0)), handle: row.text(1), publicKey: try PublicKey(did: DID(row.text(2))),
            hasPrivateKey: row.bool(3), isDocumentedHere: row.bool(4), status: status,
            createdAt: Timestamp(microseconds: row.integer(6)))
    }
}
