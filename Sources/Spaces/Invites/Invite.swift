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
    init(_ row: Row) {
        id = row[InviteTable.id]
        access = MemberAccess(rawValue: row[InviteTable.access])
        maxUses = row[InviteTable.maxUses]
        uses = row[InviteTable.uses]
        expiresAt = row[InviteTable.expiresAt].map(Timestamp.init(microseconds:))
        isRevoked = row[InviteTable.isRevoked]
        createdBy = DID(trusted: row[InviteTable.createdBy])
        createdAt = Timestamp(microseconds: row[InviteTable.createdAt])
    }
}
