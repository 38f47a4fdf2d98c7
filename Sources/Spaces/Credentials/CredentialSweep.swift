import ATProto
import CapabilityGraph
import Identity
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
        let graph = try store.freshSnapshot()
        let hasWork = try store.read { tables in
            try tables.exists(
                CredentialRevocationTable.self, where: [CredentialRevocationTable.isTold.is(false)])
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
        try exists(CredentialTable.self, where: [CredentialTable.expiresAt.isAtMost(now.microseconds)])
            || exists(
                CredentialRevocationTable.self,
                where: [CredentialRevocationTable.keepUntil.isAtMost(now.microseconds)])
    }
}

extension TableChange {
    /// Puts what was revoked here into the outbox, once, for the hosts of the space's writers elsewhere.
    fileprivate func tell(_ notifications: Notifications) throws {
        let isUntold = CredentialRevocationTable.isTold.is(false)
        let untold = try rows(
            CredentialRevocationTable.self, where: [isUntold],
            order: [CredentialRevocationTable.space.ascending, CredentialRevocationTable.jti.ascending]
        ) { ($0[CredentialRevocationTable.space], $0[CredentialRevocationTable.jti]) }
        for (space, rows) in Dictionary(grouping: untold, by: { $0.0 }) {
            let uri = try SpaceURI(space)
            let writers = try writersElsewhere(of: uri)
            guard !writers.isEmpty else { continue }
            try notifications.revoked(self, try Space(uri), credentials: rows.map { $0.1 }, hostsOf: writers)
        }
        try update(
            CredentialRevocationTable.self, [CredentialRevocationTable.isTold.to(true)], where: [isUntold])
    }

    /// The last writers of a space whose accounts are at other hosts.
    private func writersElsewhere(of space: SpaceURI) throws -> [String] {
        guard let number = try RepoReader(self).number(of: space) else { return [] }
        var writers: [String] = []
        try each(
            SpaceWriterTable.self, [SpaceWriterTable.did], where: [SpaceWriterTable.space.is(number)],
            order: [SpaceWriterTable.spaceRev.descending]
        ) { row in
            let did = row[SpaceWriterTable.did]
            if try !exists(AccountTable.self, where: [AccountTable.did.is(did)]) { writers.append(did) }
            return writers.count < CredentialSweep.maximumWriters
        }
        return writers
    }

    fileprivate func forgetStale() throws {
        let since = now.advanced(bySeconds: -Credentials.clockSkew).microseconds
        try delete(CredentialTable.self, where: [CredentialTable.expiresAt.isAtMost(since)])
        try delete(
            CredentialRevocationTable.self, where: [CredentialRevocationTable.keepUntil.isAtMost(now.microseconds)])
    }
}
