import CapClient
import UCAN

/// Lays delegations out as a table, a row each.
enum DelegationTable {
    /// Names resources relative to `space` where ids are shortened.
    static func of(_ delegations: [ListedDelegation], space: String?, now: Timestamp) -> Table {
        Table(
            columns: [
                .init("CID"), .init("STATUS"), .init("FROM", isFlexible: true), .init("TO", isFlexible: true),
                .init("CAN", isFlexible: true), .init("UNTIL"),
            ],
            rows: delegations.map { delegation in
                [
                    Cell(id: delegation.cid), Cell(status: delegation.status), Cell(principal: delegation.issuer),
                    Cell(principal: delegation.audience), capabilities(delegation.capabilities, space),
                    end(delegation.expiresAt, now),
                ]
            }
        )
    }

    private static func capabilities(_ capabilities: [ListedDelegation.Capability], _ space: String?) -> Cell {
        let whole = capabilities.map { "\($0.ability) on \($0.resource)" }.joined(separator: "; ")
        guard let first = capabilities.first else { return Cell("nothing") }
        let prefix = space.map { "\($0)/" }
        let isInside = prefix.map { first.resource.utf8.starts(with: $0.utf8) } ?? false
        let place = isInside ? String(first.resource.dropFirst(prefix?.count ?? 0)) : ShortID.of(first.resource)
        let more = capabilities.count > 1 ? " +\(capabilities.count - 1)" : ""
        let isOurs = first.ability.hasPrefix("tinycloud.")
        let ability = isOurs ? String(first.ability.dropFirst("tinycloud.".count)) : first.ability
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
