import ATProto
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
    /// `registrant` is the user who asked, whom `remove` lets take it back, and on whose right to read it rests. Renewed
    /// by somebody else it stays the first one's.
    package static func put(
        _ change: TableChange, space: Space, service: String, repo: String? = nil, registrant: String
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
            """
            INSERT INTO registration(space, service, repo, registrant, expires_at) VALUES(?1, ?2, ?3, ?4, ?5) \
            ON CONFLICT(space, service, repo) DO UPDATE SET expires_at = ?5
            """,
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
        _ change: TableChange, space: Space, service: String, by registrant: String, isOwner: Bool
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

    /// The services to tell of a write to a repo.
    ///
    /// A user who may no longer read the space is forgotten, unless a managing application admits people whom the graph
    /// does not know by name.
    static func followers(_ change: TableChange, space: Space, repo: String) throws -> [String] {
        var services: [String] = []
        var known: [String: Bool] = [:]
        for (service, registrant) in try rows(change, space, repo) {
            let reads = try known[registrant] ?? mayRead(change, space, registrant)
            known[registrant] = reads
            if reads {
                if services.last != service { services.append(service) }
            } else {
                try change.run(
                    "DELETE FROM registration WHERE space = ?1 AND registrant = ?2",
                    [.text(space.text), .text(registrant)])
            }
        }
        return services
    }

    /// Everybody to tell of what concerns the whole space.
    static func everybody(_ change: TableChange, space: Space) throws -> [String] {
        var services: [String] = []
        for (service, _) in try rows(change, space, nil) where services.last != service { services.append(service) }
        return services
    }

    private static func rows(
        _ change: TableChange, _ space: Space, _ repo: String?
    ) throws -> [(service: String, registrant: String)] {
        try change.rows(
            """
            SELECT service, registrant FROM registration WHERE space = ?1 AND expires_at > ?2 \
            AND (?3 IS NULL OR repo = '' OR repo = ?3) ORDER BY service
            """, [.text(space.text), .integer(change.now.microseconds), .text(optional: repo)]
        ) { ($0.text(0), $0.text(1)) }
    }

    private static func mayRead(_ change: TableChange, _ space: Space, _ registrant: String) throws -> Bool {
        let question = CheckQuestion(
            principal: DID(trusted: registrant), ability: .spaceRead, resource: .atproto(space: space, path: nil))
        if change.graph.check(question, at: change.now).isAllowed { return true }
        let record = try (try? SpaceURI(space.text)).flatMap { try change.spaces.space($0) }
        return record?.settings.readPolicy.managingApp != nil
    }

    static func removeAll(_ change: TableChange, space: Space) throws {
        try change.run("DELETE FROM registration WHERE space = ?1", [.text(space.text)])
    }
}
