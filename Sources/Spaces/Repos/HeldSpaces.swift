package import ATProto
import Multiformats
import Storage

extension RepoReader {
    /// Lists the spaces in which an account holds a repo, orphaned ones included, by the bytes of their URIs.
    ///
    /// - Parameter after: The URI the page goes on after.
    package func spaces(heldBy author: String, after: String? = nil, limit: Int = .max) throws -> [SpaceURI] {
        let numbers = try tables.rows(
            RepoTable.self, [RepoTable.space],
            where: [RepoTable.author.is(author), RepoTable.status.isNot(RepoStatus.deleted.rawValue)]
        ) { $0[RepoTable.space] }
        let spaces = try numbers.compactMap { try space(numbered: $0) }.filter { space in
            after.map { UTF8Bytes.precedes($0, space.text) } ?? true
        }
        return Array(spaces.sorted { UTF8Bytes.precedes($0.text, $1.text) }.prefix(limit))
    }
}
