import ATProto
import Multiformats
import Spaces
import UCAN

/// Invites to spaces (atproto-spaces.md 16).
enum InviteRoutes {
    private static let names = "dev.happyview.space."

    static let methods: [XRPCMethod] = [
        .procedure(names + "createInvite", aliases: [names + "invite.create"], createInvite),
        .procedure(
            names + "acceptInvite", aliases: [names + "redeemInvite", names + "invite.redeem"], acceptInvite),
        .procedure(names + "revokeInvite", aliases: [names + "invite.revoke"], revokeInvite),
        .query(names + "listInvites", aliases: [names + "invite.list"], listInvites),
    ]

    /// `{space, access?, maxUses?, expiresAt?}` → 201 `{inviteId, token, access, maxUses, expiresAt}`; the token is shown
    /// this once.
    private static func createInvite(_ call: XRPCCall) throws -> XRPCOutput {
        let permit = try call.permit(.manageInvites, on: try call.space())
        let access = try MemberAccess(word: try call.input.optionalText("access") ?? "read")
        let maxUses = XRPCField("maxUses", legacy: ["max_uses"])
        let uses = try isNull(maxUses, call) ? nil : call.input.optionalNumber(maxUses, in: 1...1_000_000_000)
        let (invite, secret) = try call.service.spaces.invites.create(
            permit, access: access, maxUses: uses.map(Int64.init), expiresAt: try expiry(call), at: call.now)
        return .json(
            [
                "inviteId": .string(invite.id), "token": .string(secret), "access": .string(invite.access.word),
                "maxUses": Invite.number(invite.maxUses),
                "expiresAt": invite.expiresAt.map { .string($0.rfc3339) } ?? .null,
            ], status: 201)
    }

    private static func expiry(_ call: XRPCCall) throws -> Timestamp? {
        let field = XRPCField("expiresAt", legacy: ["expires_at"])
        guard try !isNull(field, call), let text = try call.input.optionalText(field) else { return nil }
        guard let time = try? Timestamp.parse(text) else {
            throw XRPCError.invalidRequest("`expiresAt` is not an RFC 3339 date-time")
        }
        return time
    }

    private static func isNull(_ field: XRPCField, _ call: XRPCCall) throws(XRPCError) -> Bool {
        try call.input.value(field)?.isNull ?? false
    }

    /// `{token}` → 201 `{uri, access}`: the caller is a member from now on.
    private static func acceptInvite(_ call: XRPCCall) throws -> XRPCOutput {
        let permit = try call.permit(account: .acceptInvite)
        let secret = try call.input.text("token")
        let (space, access) = try call.service.spaces.invites.accept(permit, secret: secret, at: call.now)
        return .json(["uri": .string(space.text), "access": .string(access.word)], status: 201)
    }

    /// `{space, inviteId}` → `{success}`; whom it let in stays.
    private static func revokeInvite(_ call: XRPCCall) throws -> XRPCOutput {
        let permit = try call.permit(.manageInvites, on: try call.space())
        let id = try call.input.text("inviteId")
        try call.service.spaces.invites.revoke(permit, id: id, at: call.now)
        return .json(["success": true])
    }

    /// `space` → `{invites}`, oldest first, all of them.
    private static func listInvites(_ call: XRPCCall) throws -> XRPCOutput {
        let permit = try call.permit(.manageInvites, on: try call.space())
        return .json(["invites": .array(try call.service.spaces.invites.list(permit).map(\.json))])
    }
}
