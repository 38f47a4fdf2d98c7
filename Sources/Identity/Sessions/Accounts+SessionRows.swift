import CapabilityGraph
import Multiformats
import Storage
import UCAN

extension Accounts {
    struct SessionRow {
        let id: String
        let did: String
        let refresh: RefreshChain
        let edge: [UInt8]
        let edgeExpires: Int64
    }

    private static let columns = "id, did, refresh, edge, edge_expires_at"

    private static func read(_ row: SQLRow) -> SessionRow {
        SessionRow(
            id: row.text(0), did: row.text(1), refresh: RefreshChain(stored: row.text(2)), edge: row.bytes(3),
            edgeExpires: row.integer(4))
    }

    static func row(_ id: String, in transaction: StoreTransaction) throws -> SessionRow? {
        try transaction.first("SELECT \(columns) FROM session WHERE id = ?1", [.text(id)], read)
    }

    /// Ends a session: its row goes, and its edge ends with all that rests on it.
    static func end(_ row: SessionRow, reason: String, in transaction: StoreTransaction) throws {
        try transaction.run("DELETE FROM session WHERE id = ?1", [.text(row.id)])
        try endEdge(row, by: DID(row.did), reason: reason, in: transaction)
    }

    static func endEdge(_ row: SessionRow, by did: DID, reason: String, in transaction: StoreTransaction) throws {
        guard let edge = transaction.graph.edge(try Multihash(bytes: row.edge)) else { return }
        try transaction.end(edge, by: did, reason: reason)
    }

    /// Gives a session a new edge for the old one, which is about to run out.
    static func renewEdge(of row: SessionRow, _ did: DID, in transaction: StoreTransaction) throws {
        let expires = transaction.now.adding(seconds: NewSession.edgeLifetime)
        let edge = try NewSession.admit(row.id, of: did, until: expires, in: transaction)
        try endEdge(row, by: did, reason: "renewed", in: transaction)
        try transaction.run(
            "UPDATE session SET edge = ?2, edge_expires_at = ?3 WHERE id = ?1",
            [.text(row.id), .blob(edge), .integer(expires.microseconds)])
    }

    /// Ends every session of an account.
    static func endSessions(of did: DID, reason: String, in transaction: StoreTransaction) throws {
        let rows = try transaction.rows(
            "SELECT \(columns) FROM session WHERE did = ?1", [.text(did.text)], read)
        for row in rows { try end(row, reason: reason, in: transaction) }
    }

    /// Ends every session begun with an app password.
    static func endSessions(of did: DID, appPassword: String, in transaction: StoreTransaction) throws {
        let rows = try transaction.rows(
            "SELECT \(columns) FROM session WHERE did = ?1 AND app_password = ?2",
            [.text(did.text), .text(appPassword)],
            read)
        for row in rows { try end(row, reason: "the app password was revoked", in: transaction) }
    }

    /// Forgets sessions of an account that have run out, and keeps their number bounded: the oldest end first.
    static func sweep(_ did: DID, in transaction: StoreTransaction) throws {
        try transaction.run(
            "DELETE FROM session WHERE did = ?1 AND expires_at <= ?2",
            [.text(did.text), .integer(transaction.now.microseconds)])
        let surplus = try transaction.rows(
            "SELECT \(columns) FROM session WHERE did = ?1 ORDER BY created_at DESC LIMIT -1 OFFSET ?2",
            [.text(did.text), .integer(maximumSessions - 1)], read)
        for row in surplus { try end(row, reason: "too many sessions", in: transaction) }
    }

    /// Sessions one account may have at once.
    static let maximumSessions = 1000
}
