import CapClient
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
