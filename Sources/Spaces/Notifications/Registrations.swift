import ATProto
package import CapabilityGraph
import Multiformats
package import Storage
package import UCAN

/// Who is told of the writes of a space (atproto-spaces.md 13.10).
package enum Registrations {
    /// How long one lasts: 24 hours.
    package static let lifetime: Int64 = 24 * 3600 * 1_000_000
    /// How many one space keeps.
    static let maxPerSpace = 1000

    /// Adds or renews a registration and gives when it ends; nil when the space has no room for another, or tells another
    /// service of the same document already: somebody who never asked for it is not called once for each service that a
    /// document lists. A service that registers itself has asked.
    ///
    /// `registrant` is the user who asked, whom `remove` lets take it back, and on whose right to read it rests. Renewed
    /// by somebody else it stays the first one's.
    package static func put(
        _ change: TableChange, space: Space, service: String, repo: String? = nil, registrant: String
    ) throws -> Timestamp? {
        let now = change.now.microseconds
        try change.delete(RegistrationTable.self, where: [RegistrationTable.expiresAt.isAtMost(now)])
        let inSpace = RegistrationTable.space.is(space.text)
        let isKnown = try change.exists(
            RegistrationTable.self,
            where: [inSpace, RegistrationTable.service.is(service), RegistrationTable.repo.is(repo ?? "")])
        let others = try change.count(RegistrationTable.self, where: [inSpace]) - (isKnown ? 1 : 0)
        guard others < maxPerSpace else { return nil }
        let document = service.prefix { $0 != "#" }
        if !isKnown, !document.elementsEqual(registrant) {
            let services = try change.rows(RegistrationTable.self, where: [inSpace]) { $0[RegistrationTable.service] }
            guard !services.contains(where: { $0.prefix { $0 != "#" } == document && !UTF8Bytes.equal($0, service) })
            else {
                return nil
            }
        }
        let end = Timestamp(microseconds: now + lifetime)
        try change.put(
            RegistrationTable.self,
            [
                RegistrationTable.space.to(space.text), RegistrationTable.service.to(service),
                RegistrationTable.repo.to(repo ?? ""), RegistrationTable.registrant.to(registrant),
                RegistrationTable.expiresAt.to(end.microseconds),
            ], updating: [RegistrationTable.expiresAt])
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
        let place = [RegistrationTable.space.is(space.text), RegistrationTable.service.is(service)]
        let known = try change.rows(
            RegistrationTable.self, where: place + [RegistrationTable.expiresAt.isAbove(change.now.microseconds)]
        ) { $0[RegistrationTable.registrant] }
        guard !known.isEmpty else { return .absent }
        let isService = service == registrant || service.hasPrefix(registrant + "#")
        guard isOwner || isService || known.allSatisfy({ $0 == registrant }) else { return .notYours }
        try change.delete(RegistrationTable.self, where: place)
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
                try change.delete(
                    RegistrationTable.self,
                    where: [RegistrationTable.space.is(space.text), RegistrationTable.registrant.is(registrant)])
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
        var found: [(service: String, registrant: String)] = []
        try change.each(
            RegistrationTable.self,
            where: [
                RegistrationTable.space.is(space.text),
                RegistrationTable.expiresAt.isAbove(change.now.microseconds),
            ], order: [RegistrationTable.service.ascending]
        ) { row in
            let only = row[RegistrationTable.repo]
            if repo.map({ only.isEmpty || UTF8Bytes.equal(only, $0) }) ?? true {
                found.append((row[RegistrationTable.service], row[RegistrationTable.registrant]))
            }
            return true
        }
        return found
    }

    private static func mayRead(_ change: TableChange, _ space: Space, _ registrant: String) throws -> Bool {
        let question = CheckQuestion(
            principal: DID(trusted: registrant), ability: .spaceRead, resource: .atproto(space: space, path: nil))
        if change.graph.check(question, at: change.now).isAllowed { return true }
        let record = try (try? SpaceURI(space.text)).flatMap { try change.spaces.space($0) }
        return record?.settings.readPolicy.managingApp != nil
    }

    static func removeAll(_ change: TableChange, space: Space) throws {
        try change.delete(RegistrationTable.self, where: [RegistrationTable.space.is(space.text)])
    }
}
