import ATProto
import CapabilityGraph
import Identity
import Multiformats
import Spaces
import UCAN

/// com.atproto.server: a session's word to another service (atproto-spaces.md 4.7).
enum ServiceAuthRoutes {
    static let methods: [XRPCMethod] = [
        .query("com.atproto.server.getServiceAuth", feature: nil, work: .blocking, getServiceAuth)
    ]

    /// Seconds from now to the furthest expiry of a token, and of one that names no method.
    static let longest: Int64 = 3600
    static let longestWithoutMethod: Int64 = 60

    /// What is done with the account itself is asked of its host with a session, never by service authentication.
    static let protected: Set<String> = [
        "com.atproto.admin.sendEmail", "com.atproto.identity.requestPlcOperationSignature",
        "com.atproto.identity.signPlcOperation", "com.atproto.identity.updateHandle",
        "com.atproto.server.activateAccount", "com.atproto.server.confirmEmail",
        "com.atproto.server.createAppPassword", "com.atproto.server.deactivateAccount",
        "com.atproto.server.getAccountInviteCodes", "com.atproto.server.listAppPasswords",
        "com.atproto.server.requestAccountDelete", "com.atproto.server.requestEmailConfirmation",
        "com.atproto.server.requestEmailUpdate", "com.atproto.server.revokeAppPassword",
        "com.atproto.server.updateEmail",
    ]

    /// `aud, lxm?, exp?` → `{token}`, of 60 seconds unless `exp` names another second.
    private static func getServiceAuth(_ call: XRPCCall) throws -> XRPCOutput {
        let (account, session, check) = try asker(call)
        guard let audience = try? ServiceIdentifier(call.parameters.text("aud")) else {
            throw XRPCError.invalidRequest("`aud` is no DID, with or without the fragment of a service")
        }
        let method = try call.parameters.optionalText("lxm")
        guard method.map({ NSID.isValid($0) }) ?? true else { throw XRPCError.invalidRequest("`lxm` is no NSID") }
        let expiry = try expiry(call, hasMethod: method != nil)
        if let method, protected.contains(method) {
            throw XRPCError.invalidRequest("there is no service authentication for the protected method `\(method)`")
        }
        try check(method, audience)
        do {
            let token = try call.service.accounts.serviceAuth(
                by: session, of: account, audience: audience, method: method, expiry: expiry, at: call.now)
            return .json(["token": .string(token)])
        } catch let error as IdentityError {
            throw XRPCError(error)
        }
    }

    private typealias Check = (_ method: String?, _ audience: ServiceIdentifier) throws -> Void

    /// Who asks, by which session, and what bounds the calls it may have signed.
    private static func asker(_ call: XRPCCall) throws -> (account: DID, session: DID, Check) {
        if case .oauth = try call.presented() {
            guard case .account(let account, let session, .oauth(_, _, _, let calls)) = try call.caller() else {
                throw AccessRefusal.notAccepted
            }
            return (
                account, session,
                { method, audience in
                    // What an app does in spaces here is for its `space:` scopes to say, and nothing beside them.
                    let isHere = try isHere(audience, call)
                    guard calls.allows(method: method, audience: audience.text),
                        !(isHere && isOfSpaces(method, call.service.families.table))
                    else {
                        throw XRPCError("InsufficientScope", "the app has no `rpc:` scope for that call")
                    }
                }
            )
        }
        let live = try call.session()
        // Each token is an edge that stays.
        try call.service.checkRate(of: live.account.did, at: call.now)
        return (
            live.account.did, try DID(session: live.id),
            { method, _ in
                guard live.isAppPassword, let method else { return }
                // An app password that holds no right in spaces takes none by way of service authentication.
                guard call.service.settings.allowsAppPasswords || !isOfSpaces(method, call.service.families.table)
                else {
                    throw XRPCError("InsufficientScope", "an app password cannot act on spaces")
                }
                guard try !isPrivileged(method) || call.service.accounts.isPrivileged(live) else {
                    throw XRPCError.invalidRequest("the app password may not call the method `\(method)`")
                }
            }
        )
    }

    /// Reads `exp`; throws `BadExpiration` for one that is past or too far ahead.
    private static func expiry(_ call: XRPCCall, hasMethod: Bool) throws -> Int64 {
        let second = UnixTime.second(of: call.now)
        guard let text = try call.parameters.optionalText("exp") else { return second + ServiceAuthToken.lifetime }
        guard let expiry = Int64(text) else { throw XRPCError.invalidRequest("`exp` is no whole number of seconds") }
        guard expiry > second else { throw XRPCError("BadExpiration", "the expiration is in the past") }
        // Compared without adding, which numbers at the end of the range would overflow.
        guard expiry - second <= longest else {
            throw XRPCError("BadExpiration", "the expiration is more than \(longest) seconds ahead")
        }
        guard hasMethod || expiry - second <= longestWithoutMethod else {
            throw XRPCError(
                "BadExpiration", "without `lxm` the expiration is at most \(longestWithoutMethod) seconds ahead")
        }
        return expiry
    }

    private static func isOfSpaces(_ method: String?, _ table: XRPCTable) -> Bool {
        guard let method else { return false }
        return (table[method]?.any?.feature ?? Feature.owning(method)) == .spaces
    }

    /// The methods for which atproto asks that an app password is privileged.
    private static func isPrivileged(_ method: String) -> Bool {
        method.utf8.starts(with: "chat.bsky.".utf8) || method == "com.atproto.server.createAccount"
    }

    /// True for identifiers under which this service takes service authentication.
    private static func isHere(_ audience: ServiceIdentifier, _ call: XRPCCall) throws -> Bool {
        let service = call.service
        if UTF8Bytes.equal(audience.did, try service.address.serviceDID())
            || UTF8Bytes.equal(audience.did, service.nodeDID.text)
        {
            return true
        }
        return try service.accounts.account(did: audience.did) != nil
    }
}
