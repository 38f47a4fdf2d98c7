import Storage
import UCAN

/// How an account lies in its table.
enum AccountRow {
    static let columns: [any AnyColumn] = [
        AccountTable.did, AccountTable.handle, AccountTable.publicKey, AccountTable.keyBox,
        AccountTable.isDocumentedHere, AccountTable.status, AccountTable.createdAt,
    ]

    static func first(_ term: Term, in tables: any TableReader) throws -> Account? {
        try tables.first(AccountTable.self, columns, where: [term], read)
    }

    private static func read(_ row: Row) throws -> Account {
        guard let status = Account.Status(rawValue: row[AccountTable.status]) else {
            throw IdentityError(.cryptoFailure, "an account has an unknown status")
        }
        return Account(
            did: try DID(row[AccountTable.did]), handle: row[AccountTable.handle],
            publicKey: try PublicKey(did: DID(row[AccountTable.publicKey])),
            hasPrivateKey: row.holds(AccountTable.keyBox), isDocumentedHere: row[AccountTable.isDocumentedHere],
            status: status, createdAt: Timestamp(microseconds: row[AccountTable.createdAt]))
    }
}
