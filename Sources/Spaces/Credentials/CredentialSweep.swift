import ATProto
import CapabilityGraph
package import Storage
import Synchronization
package import UCAN

/// Lists credentials that died without anybody looking, tells the hosts of a space's writers what was revoked, and
/// forgets what has expired (atproto-spaces.md 4.8).
package final class CredentialSweep: Sendable {
    private let store: GraphStore
    private let notifications: Notifications
    /// The graph's revision at which no credential was found dead.
    private let seen = Mutex<UInt32?>(nil)

    package init(store: GraphStore, notifications: Notifications) {
        self.store = store
        self.notifications = notifications
    }

    /// The most writers' accounts that one revocation is told to: telling is best effort, the credential's short life
    /// does the rest.
    static let maximumWriters = 1000

    /// Changes nothing, and so costs no write, where there is nothing to do.
    package func run(at now: Timestamp) throws {
        try store.catalog.forget(before: now)
        let graph = store.snapshot()
        let hasWork = try store.read { tables in
            try tables.exists("SELECT 1 FROM credential_revocation WHERE is_told = 0")
                || tables.hasStale(at: now.advanced(bySeconds: -60))
                || (seen.withLock { $0 != graph.revision }
                    && tables.issuedCredentials(at: now).contains { !$0.isInForce(in: graph, at: now) })
        }
        guard hasWork else { return seen.withLock { $0 = graph.revision } }
        let notifications = self.notifications
        try store.change(at: now) { change in
            for issued in try change.issuedCredentials(at: now) where !issued.isInForce(in: change.graph, at: now) {
                try change.revoke(issued, because: issued.cause(in: change.graph) ?? .settingsChanged)
            }
            try change.tell(notifications)
            try change.forgetStale()
        }
    }
}

extension TableReader {
    fileprivate func hasStale(at now: Timestamp) throws -> Bool {
        let since: [SQLValue] = [.integer(now.microseconds)]
        return try exists("SELECT 1 FROM space_credential WHERE expires_at <= ?1", since)
            || exists("SELECT 1 FROM credential_revocation WHERE keep_until <= ?1", since)
    }
}

extension TableChange {
    /// Puts what was revoked here into the outbox, once, for the hosts of the space's writers elsewhere.
    fileprivate func tell(_ notifications: Notifications) throws {
        let untold = try rows(
            "SELECT space, jti FROM credential_revocation WHERE is_told = 0 ORDER BY space, jti"
        ) { ($0.text(0), $0.text(1)) }
        for (space, rows) in Dictionary(grouping: untold, by: { $0.0 }) {
            let writers = try self.rows(
                """
                SELECT w.did FROM space_revision s JOIN space_writer w ON w.space = s.id \
                WHERE s.uri = ?1 AND NOT EXISTS (SELECT 1 FROM account a WHERE a.did = w.did) \
                ORDER BY w.space_rev DESC LIMIT \(CredentialSweep.maximumWriters)
                """, [.text(space)]
            ) { $0.text(0) }
            guard !writers.isEmpty else { continue }
            try notifications.revoked(
                self, try Space(try SpaceURI(space)), credentials: rows.map { $0.1 }, hostsOf: writers)
        }
        try run("UPDATE credential_revocation SET is_told = 1 WHERE is_told = 0")
    }

    fileprivate func forgetStale() throws {
        let since = now.advanced(bySeconds: -Credentials.clockSkew).microseconds
        try run("DELETE FROM space_credential WHERE expires_at <= ?1", [.integer(since)])
        try run("DELETE FROM credential_revocation WHERE keep_until <= ?1", [.integer(now.microseconds)])
    }
}
