package import ATProto
import Storage

extension RepoReader {
    /// Lists the spaces in which an account holds a repo, orphaned ones included, by the bytes of their URIs.
    ///
    /// - Parameter after: The URI the page goes on after.
    package func spaces(heldBy author: String, after: String? = nil, limit: Int) throws -> [SpaceURI] {
        try tables.rows(
            """
            SELECT s.uri FROM repo r JOIN space_revision s ON s.id = r.space \
            WHERE r.author = ?1 AND r.status <> 2 AND s.uri > ?2 ORDER BY s.uri LIMIT ?3
            """,
            [.text(author), .text(after ?? ""), .integer(limit)]
        ) { try SpaceURI($0.text(0)) }
    }
}
