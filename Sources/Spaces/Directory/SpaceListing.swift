package import ATProto
import Storage
import UCAN

/// One space of an account's list.
package struct ListedSpace: Hashable, Sendable {
    package let uri: SpaceURI
    package let isOwner: Bool
}

extension SpaceDirectory {
    /// Lists the spaces an account owns, is a direct member of, or holds a repo in, by URI (13.7).
    ///
    /// A page holds up to `limit`; `next` is the cursor of the following one, nil when there is none.
    package func list(
        _ permit: AccountPermit, limit: Int, after cursor: SpaceURI?
    ) throws -> (spaces: [ListedSpace], next: SpaceURI?) {
        guard case .listSpaces(let type, let authority) = permit.operation else { throw AccessRefusal.closed }
        let found = try store.read { tables in
            try tables.rows(
                // A repo's space need not be held here; its type and authority are read off its URI.
                """
                SELECT uri, max(owned) FROM (\
                SELECT uri, 1 AS owned FROM space WHERE owner = ?1 AND uri > ?2 \
                UNION ALL SELECT s.uri, 0 FROM space_member m JOIN space s ON s.id = m.space \
                WHERE m.member = ?1 AND s.uri > ?2 \
                UNION ALL SELECT s.uri, 0 FROM repo r JOIN space_revision s ON s.id = r.space \
                WHERE r.author = ?1 AND r.status <> 2 AND s.uri > ?2) \
                WHERE (?3 IS NULL OR instr(uri, '/space/' || ?3 || '/') > 0) \
                AND (?4 IS NULL OR instr(uri, 'at://' || ?4 || '/space/') = 1) GROUP BY uri ORDER BY uri LIMIT ?5
                """,
                [
                    .text(permit.principal.text), .text(cursor?.text ?? ""), .text(optional: type),
                    .text(optional: authority), .integer(limit + 1),
                ]
            ) { row in
                ListedSpace(uri: try SpaceURI(row.text(0)), isOwner: row.bool(1))
            }
        }
        guard found.count > limit else { return (found, nil) }
        let page = Array(found.prefix(limit))
        return (page, page.last?.uri)
    }
}
