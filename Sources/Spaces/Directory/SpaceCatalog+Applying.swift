import ATProto
package import CapabilityGraph
import Multiformats
package import Storage
import Synchronization
package import UCAN

extension SpaceCatalog {
    package func apply(
        _ entry: AppliedEntry, in graph: Snapshot, at recorded: Timestamp, to tables: (any TableWriter)?
    ) throws {
        switch entry {
        case .noted(let map):
            guard let word = map[SpaceFacts.note]?.text else { return }
            guard let note = SpaceFacts.Note(rawValue: word) else { throw FactReader.malformed(SpaceFacts.note) }
            try apply(note, FactReader(map: map), in: graph, to: tables)
        case .admitted(let edge, let actor, let facts):
            let view = graph.view(edge)
            try admitted(view, by: actor ?? DID(trusted: view.issuer), FactReader(map: facts), at: recorded, to: tables)
        case .ended(let edge): try ended(graph.view(edge), at: recorded, to: tables)
        }
    }

    private func apply(
        _ note: SpaceFacts.Note, _ facts: FactReader, in graph: Snapshot, to tables: (any TableWriter)?
    ) throws {
        let uri = try facts.uri()
        switch note {
        case .space:
            let held = current(uri)
            let number = held.record?.number ?? Int64(graph.revision)
            try change(uri) { entry in
                entry.record = try facts.space(number: number)
                entry.tombstone = nil
            }
            guard held.record == nil else { return }
            try tables?.insert(
                SpaceTable.self,
                [
                    SpaceTable.id.to(number), SpaceTable.uri.to(uri.text),
                    SpaceTable.owner.to(try facts.text("owner")),
                ])
        case .tombstone:
            let number = current(uri).record?.number
            let tombstone = try facts.tombstone()
            change(uri) { $0 = Entry(record: nil, tombstone: tombstone) }
            guard let tables else { return }
            try tables.delete(CredentialTable.self, where: [CredentialTable.space.is(uri.text)])
            guard let number else { return }
            try tables.delete(MemberTable.self, where: [MemberTable.space.is(number)])
            try tables.delete(InviteTable.self, where: [InviteTable.space.is(number)])
            try tables.delete(SpaceTable.self, where: [SpaceTable.id.is(number)])
        case .role:
            guard let role = SpaceEdges.Role(rawValue: try facts.text("role")) else {
                throw FactReader.malformed("role")
            }
            let key = SpaceEdges.Key(role: role, subject: try facts.text("subject"))
            let edge = graph.edge(stored: try facts.bytes("edge"))
            change(uri) { $0.edges[key] = edge }
        case .member: try tables?.putMember(facts, in: try number(of: uri))
        case .invite: try tables?.putInvite(facts, in: try number(of: uri), madeAt: Int64(try facts.integer("madeAt")))
        case .credential: try tables?.putCredential(facts, edge: try facts.bytes("edge"))
        case .foreign:
            let (jti, until) = (try facts.text("jti"), try facts.time("until"))
            pending.withLock { $0.foreign.insert(jti, of: uri, until: until) }
        case .blackout:
            let until = try facts.time("until")
            pending.withLock { $0.foreign.close(uri, until: until) }
        }
    }

    private func admitted(
        _ edge: EdgeView, by actor: DID, _ facts: FactReader, at recorded: Timestamp, to tables: (any TableWriter)?
    ) throws {
        switch edge.kind {
        case .policy, .ownership, .appAccess:
            guard let uri = edge.spaceURI, let role = SpaceEdges.Role(rawValue: try facts.text("role")) else {
                throw FactReader.malformed("role")
            }
            let key = SpaceEdges.Key(role: role, subject: try facts.text("subject"))
            change(uri) { $0.edges[key] = edge.edge }
        case .membership:
            guard let tables else { return }
            guard let uri = edge.spaceURI else { throw FactReader.malformed("uri") }
            let number = try number(of: uri)
            let access = edge.snapshot.memberAccess(of: edge, at: recorded) ?? []
            try tables.putMember(
                edge.audience, in: number, access, by: actor, at: try facts.time("at"))
            if let invite = try facts.optionalText("invite") {
                try tables.update(
                    InviteTable.self, [InviteTable.uses.adding(1)], where: [InviteTable.id.is(invite)])
            }
        case .invite:
            guard let uri = edge.spaceURI else { throw FactReader.malformed("uri") }
            // One that was stated again has its row.
            guard try facts.optionalText("id") != nil else { return }
            try tables?.putInvite(facts, in: try number(of: uri), madeAt: Int64(edge.admittedAt))
        case .spaceCredential: try tables?.putCredential(facts, edge: edge.id.digest.bytes)
        default: break
        }
    }

    private func ended(_ edge: EdgeView, at recorded: Timestamp, to tables: (any TableWriter)?) throws {
        switch edge.kind {
        case .policy, .ownership, .appAccess:
            guard let uri = edge.spaceURI else { return }
            change(uri) { entry in
                for (key, held) in entry.edges where held == edge.edge { entry.edges[key] = nil }
            }
        case .membership:
            guard let tables, let uri = edge.spaceURI, let number = current(uri).record?.number else { return }
            let place = [MemberTable.space.is(number), MemberTable.member.is(edge.audience)]
            guard let access = edge.snapshot.memberAccess(of: edge, at: recorded) else {
                try tables.delete(MemberTable.self, where: place)
                return
            }
            try tables.update(
                MemberTable.self,
                [
                    MemberTable.access.to(access.rawValue),
                    MemberTable.grantedBy.to(edge.ending?.revoker ?? edge.issuer),
                ], where: place)
        case .invite:
            guard !edge.isReplaced, let id = DID(trusted: edge.audience).inviteID else { return }
            try tables?.update(
                InviteTable.self, [InviteTable.isRevoked.to(true)], where: [InviteTable.id.is(id)])
        default: break
        }
    }

    private func current(_ uri: SpaceURI) -> Entry { entry(uri.text, isWorking: true) ?? Entry() }

    private func number(of uri: SpaceURI) throws -> Int64 {
        guard let number = current(uri).record?.number else { throw FactReader.malformed("uri") }
        return number
    }

    private func change(_ uri: SpaceURI, _ body: (inout Entry) throws -> Void) rethrows {
        var entry = current(uri)
        try body(&entry)
        pending.withLock { $0.spaces[uri.text] = entry }
    }
}

extension EdgeView {
    /// The first permissioned space the edge is about.
    var spaceURI: SpaceURI? {
        capabilities.lazy.compactMap { $0.resource.space }.first { $0.family == .atproto }.flatMap {
            try? SpaceURI($0.text)
        }
    }
}

extension Snapshot {
    /// What the list of a space gives whom an edge was made for, by all edges that stand; nil when none does.
    func memberAccess(of edge: EdgeView, at now: Timestamp) -> MemberAccess? {
        guard let space = edge.capabilities.first?.resource.space else { return nil }
        return memberAccess(of: DID(trusted: edge.audience), in: space, at: now)
    }

    /// What the list of a space gives a principal or another space by name; nil when it is not on it.
    func memberAccess(of member: DID, in space: Space, at now: Timestamp) -> MemberAccess? {
        let held = memberships(of: member, in: space, at: now)
        guard !held.isEmpty else { return nil }
        return held.reduce([]) { $0.merged(with: MemberAccess($1.abilities)) }
    }
}

extension TableWriter {
    fileprivate func putMember(_ facts: FactReader, in space: Int64) throws {
        try putMember(
            try facts.text("member"), in: space, MemberAccess(rawValue: try facts.integer("access")),
            by: DID(trusted: try facts.text("by")), at: try facts.time("at"))
    }

    fileprivate func putMember(
        _ name: String, in space: Int64, _ access: MemberAccess, by actor: DID, at granted: Timestamp
    ) throws {
        try put(
            MemberTable.self,
            [
                MemberTable.space.to(space), MemberTable.member.to(name),
                MemberTable.isSpace.to(DID(trusted: name).isSpace), MemberTable.access.to(access.rawValue),
                MemberTable.grantedBy.to(actor.text), MemberTable.grantedAt.to(granted.microseconds),
            ])
    }

    fileprivate func putInvite(_ facts: FactReader, in space: Int64, madeAt: Int64) throws {
        try insert(
            InviteTable.self,
            [
                InviteTable.id.to(try facts.text("id")), InviteTable.space.to(space),
                InviteTable.secret.to(try facts.bytes("secret")), InviteTable.access.to(try facts.integer("access")),
                InviteTable.maxUses.to(try facts.optionalInteger("max")),
                InviteTable.uses.to(try facts.optionalInteger("uses") ?? 0),
                InviteTable.expiresAt.to(try facts.optionalInteger("expires")),
                InviteTable.isRevoked.to(try facts.bool("isRevoked")),
                InviteTable.createdBy.to(try facts.text("by")), InviteTable.createdAt.to(try facts.integer("at")),
                InviteTable.madeAt.to(madeAt),
            ])
    }

    fileprivate func putCredential(_ facts: FactReader, edge: [UInt8]) throws {
        try insert(
            CredentialTable.self,
            [
                CredentialTable.space.to(try facts.text("uri")), CredentialTable.jti.to(try facts.text("jti")),
                CredentialTable.subject.to(try facts.text("subject")),
                CredentialTable.clientID.to(try facts.optionalText("client")),
                CredentialTable.expiresAt.to(try facts.integer("expires")), CredentialTable.edge.to(edge),
            ])
    }
}
