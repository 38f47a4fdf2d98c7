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

    private static func read(_ row: Row) -> SessionRow {
        SessionRow(
            id: row[SessionTable.id], did: row[SessionTable.did],
            refresh: RefreshChain(stored: row[SessionTable.refresh]), edge: row[SessionTable.edge],
            edgeExpires: row[SessionTable.edgeExpiresAt])
    }

    static func row(_ id: String, in transaction: StoreTransaction) throws -> SessionRow? {
        try transaction.first(SessionTable.self, where: [SessionTable.id.is(id)], read)
    }

    /// Ends a session: its row goes, and its edge ends with all that rests on it.
    static func end(_ row: SessionRow, reason: String, in transaction: StoreTransaction) throws {
        try transaction.delete(SessionTable.self, where: [SessionTable.id.is(row.id)])
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
        try transaction.update(
            SessionTable.self,
            [SessionTable.edge.to(edge), SessionTable.edgeExpiresAt.to(expires.microseconds)],
            where: [SessionTable.id.is(row.id)])
    }

    /// Ends every session of an account.
    static func endSessions(of did: DID, reason: String, in transaction: StoreTransaction) throws {
        let rows = try transaction.rows(SessionTable.self, where: [SessionTable.did.is(did.text)], Self.read)
        for row in rows { try end(row, reason: reason, in: transaction) }
    }

    /// Ends every session begun with an app password.
    static func endSessions(of did: DID, appPassword: String, in transaction: StoreTransaction) throws {
        let rows = try transaction.rows(
            SessionTable.self, where: [SessionTable.did.is(did.text), SessionTable.appPassword.is(appPassword)],
            Self.read)
        for row in rows { try end(row, reason: "the app password was revoked", in: transaction) }
    }

    /// Forgets sessions of an account that have run out, and keeps their number bounded: the oldest end first.
    static func sweep(_ did: DID, in transaction: StoreTransaction) throws {
        let own = SessionTable.did.is(did.text)
        try transaction.delete(
            SessionTable.self, where: [own, SessionTable.expiresAt.isAtMost(transaction.now.microseconds)])
        let rows = try transaction.rows(
            SessionTable.self, where: [own], order: [SessionTable.createdAt.descending], Self.read)
        for row in rows.dropFirst(maximumSessions - 1) { try end(row, reason: "too many sessions", in: transaction) }
    }

    /// Sessions one account may have at once.
    static let maximumSessions = 1000
}
