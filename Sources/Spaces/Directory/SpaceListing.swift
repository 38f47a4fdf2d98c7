package import ATProto
import Multiformats
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
        let user = permit.principal.text
        let found = try store.read { tables -> [ListedSpace] in
            // A repo's space need not be held here; its type and authority are read off its URI.
            var owned: [String: Bool] = [:]
            try tables.each(SpaceTable.self, [SpaceTable.uri], where: [SpaceTable.owner.is(user)]) { row in
                owned[row[SpaceTable.uri]] = true
                return true
            }
            let held = try tables.spaces(listing: user) + RepoReader(tables).spaces(heldBy: user).map(\.text)
            for uri in held { owned[uri, default: false] = owned[uri] ?? false }
            let names = owned.keys.filter { uri in
                cursor.map { UTF8Bytes.precedes($0.text, uri) } ?? true
            }
            var found: [ListedSpace] = []
            for name in names.sorted(by: UTF8Bytes.precedes) where found.count <= limit {
                let uri = try SpaceURI(name)
                guard type.map({ UTF8Bytes.equal($0, uri.type) }) ?? true,
                    authority.map({ UTF8Bytes.equal($0, uri.authority) }) ?? true
                else { continue }
                found.append(ListedSpace(uri: uri, isOwner: owned[name] ?? false))
            }
            return found
        }
        guard found.count > limit else { return (found, nil) }
        let page = Array(found.prefix(limit))
        return (page, page.last?.uri)
    }
}

extension TableReader {
    /// The URIs of the spaces on whose list somebody stands by name.
    fileprivate func spaces(listing member: String) throws -> [String] {
        let numbers = try rows(MemberTable.self, [MemberTable.space], where: [MemberTable.member.is(member)]) {
            $0[MemberTable.space]
        }
        return try numbers.compactMap { number in
            try first(SpaceTable.self, [SpaceTable.uri], where: [SpaceTable.id.is(number)]) { $0[SpaceTable.uri] }
        }
    }
}
