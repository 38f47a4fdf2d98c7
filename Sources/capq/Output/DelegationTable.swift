import CapClient
import Multiformats
import UCAN

/// Lays delegations out as a table, a row each.
enum DelegationTable {
    /// Names resources relative to `space` where ids are shortened.
    static func of(_ delegations: [ListedDelegation], space: String?, now: Timestamp) -> Table {
        // In a permissioned space the kind says most: a membership, an invite, a credential.
        let showsKind = space.map { SpaceChoice.isSpace($0) } ?? false
        let kind: [Table.Column] = showsKind ? [.init("KIND")] : []
        return Table(
            columns: [.init("CID"), .init("STATUS")] + kind + [
                .init("FROM", isFlexible: true), .init("TO", isFlexible: true), .init("CAN", isFlexible: true),
                .init("UNTIL"),
            ],
            rows: delegations.map { delegation in
                let kind = showsKind ? [Cell(delegation.kind ?? "-")] : []
                return [Cell(id: delegation.cid), Cell(status: delegation.status)] + kind + [
                    Cell(principal: delegation.issuer), Cell(principal: delegation.audience),
                    capabilities(delegation.capabilities, space), end(delegation.expiresAt, now),
                ]
            }
        )
    }

    private static func capabilities(_ capabilities: [ListedDelegation.Capability], _ space: String?) -> Cell {
        let whole = capabilities.map { "\($0.ability) on \($0.resource)" }.joined(separator: "; ")
        guard let first = capabilities.first else { return Cell("nothing") }
        let prefix = space.map { "\($0)/" }
        let isInside = prefix.map { first.resource.utf8.starts(with: $0.utf8) } ?? false
        let isSpace = space.map { first.resource.hasSameBytes(as: $0) } ?? false
        let inside = isSpace ? "space" : String(first.resource.dropFirst(prefix?.count ?? 0))
        let place = isInside || isSpace ? inside : ShortID.of(first.resource)
        let more = capabilities.count > 1 ? " +\(capabilities.count - 1)" : ""
        let prefixes = ["tinycloud.", "atproto.space/"]
        let ours = prefixes.first { first.ability.hasPrefix($0) }
        let ability = String(first.ability.dropFirst(ours?.count ?? 0))
        return Cell(
            "\(first.ability) on \(first.resource)\(more)",
            brief: "\(ability) \(place)\(more)",
            whole: whole
        )
    }

    private static func end(_ text: String?, _ now: Timestamp) -> Cell {
        guard let text else { return Cell("-") }
        let time = try? Timestamp.parse(text)
        return Cell(text, brief: time.map { $0.distance(from: now) })
    }
}

/// Lays a decision of the gate out: the decision, its first cause, the chain that decided, the walk.
enum CheckAnswer {
    static func answer(_ decision: AuthorizeAnswer) -> Answer {
        var fields = [
            ("decision", Cell(decision.decision.rawValue, tone: Tone(status: decision.decision.rawValue)))
        ]
        if let reason = decision.reason {
            fields.append(("reason", Cell(id: reason.message)))
            if let edge = reason.edge { fields.append(("delegation", Cell(id: edge))) }
            if let hint = reason.hint { fields.append(("hint", Cell(id: hint))) }
        }
        if let revision = decision.revision { fields.append(("revision", Cell(String(revision), tone: .faint))) }
        if let id = decision.decisionID { fields.append(("decision id", Cell(id, tone: .faint))) }
        var blocks: [Block] = [.table(Table(fields: fields))]
        if !decision.chain.isEmpty { blocks.append(.tree(decision.chain)) }
        if let walk = decision.explanation { blocks.append(.walk(walk)) }
        var object = JSONObject(schema: "capq/decision/1")
        for member in decision.json.object?.members ?? [] { object[member.key] = member.value }
        return Answer(
            exit: exit(decision.decision), json: .object(object), blocks: blocks, delegations: decision.chain)
    }

    private static func exit(_ decision: AuthorizeAnswer.Decision) -> ExitCode {
        switch decision {
        case .allow: .ok
        case .deny: .deny
        case .undetermined: .undetermined
        }
    }
}

/// Lays one page of a list out: `{schema, NAME: […], complete, cursor}` for programs, a table for people.
enum ListAnswerForm {
    static func answer(_ name: String, _ rows: [JSON], _ table: Table, _ cursor: String?) -> Answer {
        var object = JSONObject(schema: "capq/\(name)/1")
        object[name] = .array(rows)
        object["complete"] = .bool(cursor == nil)
        object["cursor"] = cursor.map { .string($0) } ?? .null
        return Answer(
            json: .object(object), rows: rows, blocks: [.table(table)], notes: PageChoice.note(cursor))
    }
}
