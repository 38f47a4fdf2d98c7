import CapabilityGraph
import Multiformats
import Storage
package import UCAN

/// A session about to be opened: the edge that lets it act for its account, and its row.
struct NewSession: Sendable {
    let id: String
    let refresh: String
    let did: DID
    /// The name of the app password it was begun with.
    let appPassword: String?
    let expires: Timestamp
    /// When the edge runs out: later than any refresh token made from it.
    let edgeExpires: Timestamp

    /// How long a refresh token is good, in seconds.
    static let refreshLifetime: Int64 = 90 * 86_400
    /// How long an edge lasts, in seconds: long enough that a session in use needs a new one four times a year at most.
    static let edgeLifetime: Int64 = 2 * refreshLifetime
    /// How long an access token is good, in seconds.
    static let accessLifetime: Int64 = 2 * 3600

    init(of did: DID, appPassword: String?, at now: Timestamp) throws(IdentityError) {
        id = try SecureRandom.identifier()
        refresh = try SecureRandom.identifier()
        self.did = did
        self.appPassword = appPassword
        expires = now.adding(seconds: Self.refreshLifetime)
        edgeExpires = now.adding(seconds: Self.edgeLifetime)
    }

    func open(in transaction: StoreTransaction) throws {
        let edge = try Self.admit(id, of: did, until: edgeExpires, in: transaction)
        try transaction.run(
            """
            INSERT INTO session(id, did, app_password, refresh, expires_at, edge, edge_expires_at, created_at) \
            VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """,
            [
                .text(id), .text(did.text), .text(optional: appPassword), .text(refresh),
                .integer(expires.microseconds), .blob(edge), .integer(edgeExpires.microseconds),
                .integer(transaction.now.microseconds),
            ])
    }

    /// Lets a session act for its account until then; gives the name of the edge.
    static func admit(
        _ id: String, of did: DID, until expires: Timestamp, in transaction: StoreTransaction
    ) throws -> [UInt8] {
        let edge = try transaction.admit(
            HostStatement(
                kind: .session, issuer: did, audience: DID(session: id),
                capabilities: [Capability(resource: .account(did), ability: .accountUse)], expires: expires))
        return transaction.graph.view(edge).id.bytes
    }
}

extension Timestamp {
    /// The instant that many seconds later, at most the last one there is.
    package func adding(seconds: Int64) -> Timestamp {
        let (sum, overflow) = microseconds.addingReportingOverflow(Timestamp(seconds: seconds).microseconds)
        return Timestamp(microseconds: overflow ? (seconds < 0 ? .min : .max) : sum)
    }
}
