import ATProto
import CapabilityGraph
import Multiformats
package import Storage
import UCAN

// Files of versions 2 and 3 kept rights in rows. The migration puts each row into `takeover`; here it is stated in the log, as
// it stood, and then fitted to the edges that this release makes. No answer changes with it: where somebody ended the edge
// behind a row, which the row was not told, the row is what was wrong, and nothing of it comes back.

extension SpaceCatalog {
    package func takeOver(in change: StoreTransaction) throws {
        func each(_ note: SpaceFacts.Note, _ body: (FormerRow) throws -> Void) throws {
            let rows = try change.rows(
                TakeoverTable.self, where: [TakeoverTable.kind.is(note.rawValue)], order: [TakeoverTable.id.ascending]
            ) { try FormerRow($0[TakeoverTable.row]) }
            for row in rows { try body(row) }
        }
        try each(.tombstone) { try change.note($0.facts(.tombstone, texts: ["owner"], flags: ["wasOpen"])) }
        try each(.space) {
            try change.note(
                $0.facts(
                    .space, texts: ["creator", "owner", "read", "write", "apps", "config", "name", "description"]))
        }
        var ended: [SpaceURI: Set<SpaceEdges.Key>] = [:]
        try each(.role) { row in
            var facts = try row.facts(.role, texts: ["role", "subject"], bytes: ["edge"])
            let reader = FactReader(map: facts)
            guard let role = SpaceEdges.Role(rawValue: try reader.text("role")) else {
                throw FactReader.malformed("role")
            }
            let edge = change.graph.edge(stored: try reader.bytes("edge"))
            guard edge.map({ change.graph.view($0).ending == nil }) ?? false else {
                ended[try row.uri, default: []].insert(SpaceEdges.Key(role: role, subject: try reader.text("subject")))
                return
            }
            if let name = role.former { facts["role"] = .text(name.rawValue) }
            try change.note(facts)
        }
        try each(.space) { row in
            guard let space = try change.spaces.space(row.uri) else { return }
            let settings = (ended[space.uri] ?? []).reduce(space.settings) { $0.without($1) ?? $0 }
            let record = settings == space.settings ? space : try change.state(space.set(to: settings))
            try change.reconcileEdges(of: record, by: record.owner)
        }
        try each(.member) { row in
            try change.takeOver(member: row, without: Set((ended[try row.uri] ?? []).map(\.role)))
        }
        try each(.invite) { try change.takeOver(invite: $0) }
        try each(.credential) {
            try change.note($0.facts(.credential, texts: ["jti", "subject", "client"], bytes: ["edge"]))
        }
        try each(.foreign) { try change.note($0.facts(.foreign, texts: ["jti"])) }
        try each(.blackout) { try change.note($0.facts(.blackout, texts: [])) }
        try change.delete(TakeoverTable.self)
    }
}

extension StoreTransaction {
    /// `ended` are the edges of the space on which members' rights rested and which somebody ended.
    fileprivate func takeOver(member row: FormerRow, without ended: Set<SpaceEdges.Role>) throws {
        var facts = try row.facts(.member, texts: ["member", "by"], bytes: ["edge"])
        let reader = FactReader(map: facts)
        if let edge = graph.edge(stored: try reader.bytes("edge")), graph.view(edge).ending != nil { return }
        guard !ended.contains(.list), let space = try spaces.space(row.uri) else { return }
        var access = MemberAccess(rawValue: try reader.integer("access"))
        if ended.contains(.listRead) { access.subtract(.readSelf) }
        if ended.contains(.listWrite) { access.remove(.write) }
        facts["edge"] = nil
        facts["access"] = .int(access.rawValue)
        try note(facts)
        let name = try reader.text("member")
        // Where the policies kept the list from giving a right, there was no edge for it.
        try put(
            Member(
                name: name, isSpace: DID(trusted: name).isSpace, access: access,
                grantedBy: DID(trusted: reader.text("by")), grantedAt: try reader.time("at")), in: space)
    }

    fileprivate func takeOver(invite row: FormerRow) throws {
        var facts = try row.facts(
            .invite, texts: ["id", "by"], bytes: ["secret", "edge"], flags: ["isRevoked"])
        let reader = FactReader(map: facts)
        let edge = graph.edge(stored: try reader.bytes("edge"))
        facts["edge"] = nil
        facts["madeAt"] = .int(Int64(edge.map { graph.view($0).admittedAt } ?? 0))
        if edge.map({ graph.view($0).ending != nil }) ?? true { facts["isRevoked"] = .bool(true) }
        try note(facts)
        guard let edge, graph.view(edge).ending == nil, let space = try spaces.space(row.uri) else { return }
        let invite = try Invite(reader)
        guard invite.expiresAt.map({ now < $0 }) ?? true else { return }
        // It stands on the right of its maker from now on, and ends with that.
        let question = CheckQuestion(
            principal: invite.createdBy, ability: .spaceManageUpdate,
            resource: .atproto(space: try Space(space.uri), path: nil))
        let decision = graph.check(question, at: now)
        if decision.isAllowed { try admit(invite, to: space, on: decision, facts: nil) }
        try strike(edge, EdgeEnd(by: space.owner, reason: "makerRemoved", isReplaced: decision.isAllowed))
    }
}

extension SpaceEdges.Role {
    /// What becomes of a role on which memberships of an older release rest.
    fileprivate var former: SpaceEdges.Role? {
        switch self {
        case .list: .formerList
        case .listRead: .formerListRead
        case .listWrite: .formerListWrite
        default: nil
        }
    }
}

extension SpaceRecord {
    fileprivate func set(to settings: SpaceSettings) -> SpaceRecord {
        SpaceRecord(
            number: number, uri: uri, creator: creator, owner: owner, createdAt: createdAt, updatedAt: updatedAt,
            settings: settings)
    }
}

extension Invite {
    fileprivate init(_ facts: FactReader) throws {
        id = try facts.text("id")
        access = MemberAccess(rawValue: try facts.integer("access"))
        maxUses = try facts.optionalInteger("max")
        uses = try facts.optionalInteger("uses") ?? 0
        expiresAt = try facts.optionalInteger("expires").map(Timestamp.init(microseconds:))
        isRevoked = try facts.bool("isRevoked")
        createdBy = DID(trusted: try facts.text("by"))
        createdAt = try facts.time("at")
    }
}

/// One row of an older release, as the migration wrote it: JSON, with bytes in hexadecimal and truth as 0 and 1.
private struct FormerRow {
    let object: JSONObject

    init(_ text: String) throws {
        let limits = JSONLimits(maxBytes: 4 << 20, maxDepth: 4, maxMembers: 64)
        guard let object = try JSON.parse(Array(text.utf8), limits: limits).object else {
            throw FactReader.malformed("row")
        }
        self.object = object
    }

    var uri: SpaceURI {
        get throws { try SpaceURI(object["uri"]?.string ?? "") }
    }

    /// The row as a statement: its texts and numbers under their own names, nulls left out.
    func facts(
        _ note: SpaceFacts.Note, texts: Set<String>, bytes: Set<String> = [], flags: Set<String> = []
    ) throws -> CBORMap {
        var map: CBORMap = [SpaceFacts.note: .text(note.rawValue)]
        for (name, value) in object.members where !value.isNull {
            if name == "uri" || texts.contains(name) {
                guard let text = value.string else { throw FactReader.malformed(name) }
                map[name] = .text(text)
            } else if bytes.contains(name) {
                guard let decoded = value.string.flatMap({ Base16.decode($0.lowercased().utf8) }) else {
                    throw FactReader.malformed(name)
                }
                map[name] = .bytes(decoded)
            } else {
                guard let number = value.number?.int64 else { throw FactReader.malformed(name) }
                map[name] = flags.contains(name) ? .bool(number != 0) : .int(number)
            }
        }
        return map
    }
}
