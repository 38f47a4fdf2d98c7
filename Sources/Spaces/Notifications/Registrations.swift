package import CapabilityGraph
package import Storage
package import UCAN

/// Who is told of the writes of a space (atproto-spaces.md 13.10).
package enum Registrations {
    /// How long one lasts: 24 hours.
    package static let lifetime: Int64 = 24 * 3600 * 1_000_000
    /// How many one space keeps.
    static let maxPerSpace = 1000

    /// Adds or renews a registration and gives when it ends; nil when the space has no room for another.
    ///
    /// `registrant` is who asked, whom `remove` lets take it back.
    package static func put(
        _ change: StoreTransaction, space: Space, service: String, repo: String? = nil, registrant: String
    ) throws -> Timestamp? {
        let now = change.now.microseconds
        try change.run("DELETE FROM registration WHERE expires_at <= ?1", [.integer(now)])
        let count = try change.first(
            "SELECT count(*) FROM registration WHERE space = ?1 AND NOT (service = ?2 AND repo = ?3)",
            [.text(space.text), .text(service), .text(repo ?? "")]
        ) { $0.integer(0) }
        guard count ?? 0 < maxPerSpace else { return nil }
        let end = Timestamp(microseconds: now + lifetime)
        try change.run(
            "INSERT OR REPLACE INTO registration(space, service, repo, registrant, expires_at) VALUES(?1, ?2, ?3, ?4, ?5)",
            [
                .text(space.text), .text(service), .text(repo ?? ""), .text(registrant), .integer(end.microseconds),
            ])
        return end
    }

    /// What became of a wish to be told no more.
    package enum Removal: Sendable {
        case removed, absent
        /// Somebody else registered it.
        case notYours
    }

    /// Takes a registration back for the one who made it, for the service itself, or for the owner.
    package static func remove(
        _ change: StoreTransaction, space: Space, service: String, by registrant: String, isOwner: Bool
    ) throws -> Removal {
        let known = try change.rows(
            "SELECT registrant FROM registration WHERE space = ?1 AND service = ?2 AND expires_at > ?3",
            [.text(space.text), .text(service), .integer(change.now.microseconds)]
        ) { $0.text(0) }
        guard !known.isEmpty else { return .absent }
        let isService = service == registrant || service.hasPrefix(registrant + "#")
        guard isOwner || isService || known.allSatisfy({ $0 == registrant }) else { return .notYours }
        try change.run(
            "DELETE FROM registration WHERE space = ?1 AND service = ?2", [.text(space.text), .text(service)])
        return .removed
    }

    /// The services to tell of a write to a repo, or of something that concerns the whole space.
    static func services(_ change: StoreTransaction, space: Space, repo: String?) throws -> [String] {
        try change.rows(
            """
            SELECT DISTINCT service FROM registration WHERE space = ?1 AND expires_at > ?2 \
            AND (?3 IS NULL OR repo = '' OR repo = ?3) ORDER BY service
            """, [.text(space.text), .integer(change.now.microseconds), .text(optional: repo)]
        ) { $0.text(0) }
    }

    static func removeAll(_ change: StoreTransaction, space: Space) throws {
        try change.run("DELETE FROM registration WHERE space = ?1", [.text(space.text)])
    }
}
