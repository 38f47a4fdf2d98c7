import ATProto
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
        try transaction.insert(
            SessionTable.self,
            [
                SessionTable.id.to(id), SessionTable.did.to(did.text), SessionTable.appPassword.to(appPassword),
                SessionTable.refresh.to(refresh), SessionTable.expiresAt.to(expires.microseconds),
                SessionTable.edge.to(edge), SessionTable.edgeExpiresAt.to(edgeExpires.microseconds),
                SessionTable.createdAt.to(transaction.now.microseconds),
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

/// The two halves a client is given.
package struct SessionTokens: Sendable {
    package let access: String
    package let refresh: String
}

/// What a session's tokens say: the session in both, and the one use of a refresh token beside it.
struct SessionClaims: Sendable {
    static let main = "com.atproto.access"
    static let appPassword = "com.atproto.appPass"
    static let refresh = "com.atproto.refresh"

    let did: DID
    let session: String
    /// Names a refresh token, of which each is good once; nil in access tokens.
    let refreshID: String?
    let isAppPassword: Bool

    /// Reads a token whose tag was tested; the `jti` is `<session>`, or `<session>.<refresh id>`.
    init(_ token: SessionToken) throws(IdentityError) {
        let parts = token.id.split(separator: ".", omittingEmptySubsequences: false)
        let scopes = token.scope.split(separator: " ")
        guard let did = try? DID(token.subject), parts.count == (token.kind == .refresh ? 2 : 1) else {
            throw IdentityError(.invalidToken, "the token is not one of this service")
        }
        self.did = did
        session = String(parts[0])
        refreshID = parts.count == 2 ? String(parts[1]) : nil
        isAppPassword = scopes.contains { $0.utf8.elementsEqual(Self.appPassword.utf8) }
    }

    /// Makes both tokens of a session.
    static func tokens(
        did: DID, session: String, refreshID: String, isAppPassword: Bool, audience: String,
        secret: SessionToken.Secret,
        at now: Timestamp
    ) -> SessionTokens {
        let access = SessionToken(
            kind: .access, subject: did.text, audience: audience, scope: isAppPassword ? appPassword : main,
            issuedAt: now, lifetime: NewSession.accessLifetime, id: session)
        let refresh = SessionToken(
            kind: .refresh, subject: did.text, audience: audience,
            scope: isAppPassword ? "\(refresh) \(appPassword)" : refresh, issuedAt: now,
            lifetime: NewSession.refreshLifetime, id: "\(session).\(refreshID)")
        return SessionTokens(access: access.signed(with: secret), refresh: refresh.signed(with: secret))
    }
}
