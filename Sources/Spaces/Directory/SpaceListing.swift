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
                """
                SELECT uri, owner FROM (\
                SELECT uri, owner, type, authority FROM space WHERE owner = ?1 AND uri > ?2 \
                UNION SELECT s.uri, s.owner, s.type, s.authority FROM space_member m JOIN space s ON s.id = m.space \
                WHERE m.member = ?1 AND s.uri > ?2) \
                WHERE (?3 IS NULL OR type = ?3) AND (?4 IS NULL OR authority = ?4) ORDER BY uri LIMIT ?5
                """,
                [
                    .text(permit.principal.text), .text(cursor?.text ?? ""), .text(optional: type),
                    .text(optional: authority), .integer(limit + 1),
                ]
            ) { row in
                ListedSpace(uri: try SpaceURI(row.text(0)), isOwner: row.text(1) == permit.principal.text)
            }
        }
        guard found.count > limit else { return (found, nil) }
        let page = Array(found.prefix(limit))
        return (page, page.last?.uri)
    }
}
