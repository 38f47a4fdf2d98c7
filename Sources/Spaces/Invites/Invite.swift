package import Multiformats
import Storage
package import UCAN

/// An invite as it is listed; its secret is not kept (atproto-spaces.md 16).
package struct Invite: Hashable, Sendable {
    package let id: String
    package let access: MemberAccess
    /// nil without a bound.
    package let maxUses: Int64?
    package let uses: Int64
    package let expiresAt: Timestamp?
    package let isRevoked: Bool
    package let createdBy: DID
    package let createdAt: Timestamp

    package var json: JSON {
        [
            "id": .string(id), "access": .string(access.word), "read": .bool(access.reads),
            "write": .bool(access.writes), "maxUses": Self.number(maxUses),
            "uses": .number(JSONNumber(uses)),
            "expiresAt": expiresAt.map { .string($0.rfc3339) } ?? .null, "revoked": .bool(isRevoked),
            "createdBy": .string(createdBy.text), "createdAt": .string(createdAt.rfc3339),
        ]
    }

    package static func number(_ value: Int64?) -> JSON { value.map { .number(JSONNumber($0)) } ?? .null }
}

extension Invite {
    /// Reads the columns `id, access, max_uses, uses, expires_at, is_revoked, created_by, created_at`.
    init(_ row: SQLRow) {
        id = row.text(0)
        access = MemberAccess(rawValue: row.integer(1))
        maxUses = row.optionalInteger(2)
        uses = row.integer(3)
        expiresAt = row.optionalInteger(4).map(Timestamp.init(microseconds:))
        isRevoked = row.bool(5)
        createdBy = DID(trusted: row.text(6))
        createdAt = Timestamp(microseconds: row.integer(7))
    }
}
