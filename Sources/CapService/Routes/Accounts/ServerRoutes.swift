import ATProto
import CapabilityGraph
import Identity
import Multiformats
import Storage
import UCAN

/// com.atproto.server: what this service is, and new accounts.
enum ServerRoutes {
    static let methods: [XRPCMethod] = [
        .query("com.atproto.server.describeServer", feature: nil, isPublic: true, describeServer),
        .query("community.lexicon.service.describe", feature: nil, isPublic: true, describe),
        .procedure("com.atproto.server.createAccount", feature: nil, createAccount),
    ]

    /// `spaces` says what a client needs to build a UCAN invocation for any route: it is sent under `scheme`, names a
    /// `resource`, is addressed to `audience`, and each operation has its ability. `account` on the invoker's own
    /// `accountResource` is for what concerns no one space: listing spaces, accepting invites.
    private static func describeServer(_ call: XRPCCall) throws -> XRPCOutput {
        let service = call.service
        let domains = try service.address.domains().domains
        var json: JSONObject = JSONObject()
        json["did"] = .string(try service.address.serviceDID())
        json["availableUserDomains"] = .array(domains.map { .string("." + $0) })
        json["inviteCodeRequired"] = false
        json["phoneVerificationRequired"] = false
        json["links"] = [:]
        json["contact"] = [:]
        // What is switched off is not described either.
        if !service.settings.disabledFeatures.contains(.spaces) { json["spaces"] = spaces(service) }
        return .json(.object(json))
    }

    /// `{methods: [{$type, value}]}`: the name of every method that is served under the settings, older names left out.
    private static func describe(_ call: XRPCCall) -> XRPCOutput {
        let settings = call.service.settings
        let methods = call.service.families.table.methods.filter { method in
            if let feature = method.feature, settings.disabledFeatures.contains(feature) { return false }
            return settings.hasProfileX || !LegacyCredentialRoutes.methods.contains { $0.nsid == method.nsid }
        }
        let rows = Set(methods.map(\.nsid)).sorted().map { nsid -> JSON in
            ["$type": "community.lexicon.service.describe#nsid", "value": .string(nsid)]
        }
        return .json(["methods": .array(rows)])
    }

    private static func spaces(_ service: Service) -> JSON {
        let profiles = ["P", "N", "C"] + (service.settings.hasProfileX ? ["X"] : [])
        return [
            "profiles": .array(profiles.map { .string($0) }),
            "ucan": [
                "scheme": "Bearer", "audience": .string(service.nodeDID.text),
                "resource": "at://{authority}/space/{type}/{skey}[/{author}[/{collection}[/{rkey}]]]",
                "read": "atproto.space/read",
                "create": "atproto.space/create", "update": "atproto.space/update",
                "delete": "atproto.space/delete", "manage": "atproto.space/manage",
                "account": "atproto.account/use", "accountResource": "at://{did}",
            ],
        ]
    }

    private static func createAccount(_ call: XRPCCall) throws -> XRPCOutput {
        let service = call.service
        guard service.settings.registration == .open else {
            throw XRPCError("Forbidden", "registration is closed")
        }
        let handleText = try call.input.text("handle")
        let password = try call.input.text("password")
        guard let handle = try? Handle(handleText) else {
            throw XRPCError(IdentityError(.invalidHandle, "the handle is not a domain name"))
        }
        try service.accountLimits.countCreation(call.request.clientNetwork)
        do {
            let new = try newAccount(call, handle, password)
            guard let hash = try service.hashing.result(of: { try service.accounts.hash(of: new) }) else {
                throw XRPCError("ServiceUnavailable", "too many passwords are being hashed", retryAfter: 1)
            }
            let (account, tokens) = try service.accounts.create(new, hash: hash, at: call.now)
            return try SessionRoutes.output(account, tokens, call, withStatus: false)
        } catch let error as IdentityError {
            throw XRPCError(error)
        }
    }

    private static func reserved(_ call: XRPCCall) throws -> ReservedNames {
        let service = call.service
        let own = [try DID(service.address.serviceDID()), service.nodeDID]
        return ReservedNames(
            Set(service.settings.reservedNames), dids: Set(own + service.settings.servicePrincipals))
    }

    /// Refuses a name by which somebody would become a principal that is there already: one that a statement of the graph
    /// names, or one whose document another host publishes. Whoever brings a DID shows that it is theirs instead.
    private static func requireUnclaimed(_ handle: Handle, _ did: DID, _ call: XRPCCall) throws {
        let service = call.service
        try reserved(call).check(handle, did)
        // Who names somebody without an account stays between those two: both cases are one.
        let isTaken =
            try service.accounts.account(did) != nil || service.accounts.account(handle: handle) != nil
            || service.store.freshSnapshot().knows(did)
        guard !isTaken else { throw IdentityError(.handleNotAvailable, "the handle `\(handle.text)` is taken") }
        do {
            _ = try service.resolver.document(of: did.text, .certain)
        } catch let error as ResolutionError {
            guard !error.isOfNobody else { return }
            if error.isUnresolved, let host = IdentityResolver.host(of: did), service.names.isUnknown(host) { return }
            switch error.code {
            // No document of a private network or of this machine is ever taken for anybody's.
            case .refused: return
            // Something is published, if only badly.
            case .malformed, .unsupported: break
            case .notFound, .unreachable, .mustWait:
                throw XRPCError(
                    "ServiceUnavailable", "it cannot be told now whether the name is somebody's", retryAfter: 5,
                    detail: error.message)
            }
        }
        throw IdentityError(.handleNotAvailable, "`\(did.text)` is published elsewhere")
    }

    private static func newAccount(_ call: XRPCCall, _ handle: Handle, _ password: String) throws -> NewAccount {
        let domains = try call.service.address.domains()
        guard let didText = try call.input.optionalText("did") else {
            guard try !call.input.has("signingKey") else {
                throw XRPCError.invalidRequest("`signingKey` needs the `did` it belongs to")
            }
            let did = try DID(domains.did(for: handle))
            try requireUnclaimed(handle, did, call)
            return try NewAccount(handle: handle, password: password, did: did)
        }
        try domains.check(handle)
        let account = try AccountImport(call, did: didText).account(handle: handle, password: password)
        try reserved(call).check(handle, account.did)
        return account
    }
}
