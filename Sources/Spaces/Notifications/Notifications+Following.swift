package import ATProto
import CapabilityGraph
import Storage
package import UCAN

extension Notifications {
    /// Has a service told of a space's writes, or of those to one repo, until the instant given back (13.10).
    package func register(
        _ permit: Permit, service: ServiceIdentifier, repo: String?, at now: Timestamp
    ) throws -> Timestamp {
        try permit.require(.registerNotify)
        let space = try Space(permit.space)
        return try store.change(at: now) { change in
            let permit = try permit.confirmed(in: change)
            let end = try Registrations.put(
                change, space: space, service: service.text, repo: repo, registrant: try change.user(of: permit).text)
            guard let end else {
                throw ATProtoError(
                    "RateLimitExceeded",
                    "the space has no room for another registration, or tells another service of that document")
            }
            return end
        }
    }

    /// Takes a registration back; false when there is none. Others' registrations are refused.
    package func unregister(_ permit: Permit, service: ServiceIdentifier, at now: Timestamp) throws -> Bool {
        try permit.require(.registerNotify)
        let space = try Space(permit.space)
        return try store.change(at: now) { change in
            let permit = try permit.confirmed(in: change)
            let removal = try Registrations.remove(
                change, space: space, service: service.text, by: try change.user(of: permit).text,
                isOwner: permit.isOwner)
            switch removal {
            case .removed: return true
            case .absent: return false
            case .notYours: throw AccessRefusal("Forbidden", "somebody else registered the service")
            }
        }
    }
}

extension TableChange {
    /// On whose right to read a permit rests: the user a credential was minted for, else who asks.
    fileprivate func user(of permit: Permit) throws -> DID {
        guard case .credential(let space, _, _, let jti, _) = permit.caller else { return permit.principal }
        let user = try first(
            CredentialTable.self, [CredentialTable.subject],
            where: [CredentialTable.space.is(space.text), CredentialTable.jti.is(jti)]
        ) { DID(trusted: $0[CredentialTable.subject]) }
        return user ?? permit.principal
    }
}

/// What a repo's host says of a write (13.11).
package struct WriteNotice: Sendable {
    package let repo: DID
    package let rev: TID
    /// Set-hash digest after the write, 32 bytes.
    package let hash: [UInt8]

    /// How far ahead of the clock a revision may be, in microseconds.
    static let furthestAhead: Int64 = 5 * 60 * 1_000_000

    /// Throws `InvalidRequest` for a hash of another length.
    package init(repo: DID, rev: TID, hash: [UInt8]) throws(ATProtoError) {
        guard hash.count == 32 else { throw ATProtoError("InvalidRequest", "`hash` has 32 bytes") }
        self.repo = repo
        self.rev = rev
        self.hash = hash
    }
}

extension Notifications {
    /// Takes notice of a write to a repo held elsewhere and passes it on; one that is known already changes nothing.
    ///
    /// Throws `FutureRev` for a revision of later than five minutes from now.
    package func take(_ notice: WriteNotice, _ permit: Permit, at now: Timestamp) throws {
        try permit.require(.notifyWrite(writer: notice.repo))
        let latest = TID(microseconds: now.microseconds + WriteNotice.furthestAhead, clockID: 1023)
        guard notice.rev <= latest else { throw ATProtoError("FutureRev", "the revision lies in the future") }
        let space = try Space(permit.space)
        try store.change(at: now) { change in
            let permit = try permit.confirmed(in: change)
            let advance = try SpaceWriters(change).record(
                permit.space, author: notice.repo.text, rev: notice.rev, hash: notice.hash)
            guard let advance else { return }
            let event = WriteEvent(
                space: space, repo: advance.author, rev: advance.rev.text, hash: advance.hash,
                spaceRev: advance.spaceRev.text, prevSpaceRev: advance.previousSpaceRev?.text)
            try self.wrote(change, event, isHosted: true)
        }
    }

    /// Believes an authority elsewhere that its space is gone: no credential of the space reads here any more (13.12).
    ///
    /// What accounts of this host wrote to the space stays theirs.
    package func takeDeletion(_ permit: Permit, at now: Timestamp) throws {
        try permit.require(.notifyByAuthority)
        let until = now.advanced(bySeconds: SpaceCredential.Binding.longestLifetime + Credentials.clockSkew)
        try store.transact(at: now) { change in
            let permit = try permit.confirmed(in: change)
            // Where nobody here wrote to the space, nothing of it is read.
            guard try RepoReader(change).number(of: permit.space) != nil else { return }
            try change.note(SpaceFacts.blackout(permit.space, until: until))
            change.afterCommit { self.recheckStreams() }
        }
    }
}
