import ATProto
import Identity
import Multiformats
import UCAN

/// com.atproto.server: app passwords, which only a session of the main password may handle.
enum AppPasswordRoutes {
    static let methods: [XRPCMethod] = [
        .procedure("com.atproto.server.createAppPassword", feature: nil, create),
        .query("com.atproto.server.listAppPasswords", feature: nil, list),
        .procedure("com.atproto.server.revokeAppPassword", feature: nil, revoke),
    ]

    private static func create(_ call: XRPCCall) throws -> XRPCOutput {
        let account = try owner(call)
        let name = try call.input.text("name")
        let isPrivileged = try call.input.optionalFlag("privileged") ?? false
        do {
            let password = try call.service.accounts.createAppPassword(
                name, isPrivileged: isPrivileged, of: account.did, at: call.now)
            return .json([
                "name": .string(name), "password": .string(password), "privileged": .bool(isPrivileged),
                "createdAt": .string(call.now.rfc3339),
            ])
        } catch let error as IdentityError {
            throw XRPCError(error)
        }
    }

    private static func list(_ call: XRPCCall) throws -> XRPCOutput {
        let account = try owner(call)
        let rows = try call.service.accounts.appPasswords(of: account.did).map { row -> JSON in
            [
                "name": .string(row.name), "privileged": .bool(row.isPrivileged),
                "createdAt": .string(row.createdAt.rfc3339),
            ]
        }
        return .json(["passwords": .array(rows)])
    }

    private static func revoke(_ call: XRPCCall) throws -> XRPCOutput {
        let account = try owner(call)
        try call.service.accounts.revokeAppPassword(try call.input.text("name"), of: account.did, at: call.now)
        return .empty()
    }

    private static func owner(_ call: XRPCCall) throws -> Account {
        let session = try call.session()
        guard !session.isAppPassword else {
            throw XRPCError("Forbidden", "an app password cannot do this")
        }
        return session.account
    }
}
