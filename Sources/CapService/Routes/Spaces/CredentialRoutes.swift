import ATProto
import Multiformats
import Spaces
import UCAN

/// Delegation tokens, space credentials, and taking them back (atproto-spaces.md 4, 12, 13.8, 13.9).
enum CredentialRoutes {
    private static let space = "com.atproto.space."
    private static let older = "dev.happyview.space."
    private static let ours = "dev.capabilitygraph.space."

    static let methods: [XRPCMethod] = [
        .query(
            space + "getDelegationToken", aliases: [older + "getDelegationToken", older + "getMemberGrant"],
            work: .blocking, getDelegationToken),
        .procedure(space + "getSpaceCredential", getSpaceCredential),
        .procedure(space + "notifyCredentialRevoked", notifyCredentialRevoked),
        .procedure(ours + "revokeCredential", revokeCredential),
        .query(ours + "listCredentials", listCredentials),
    ]

    /// `space` → `{token, delegationToken, expiresAt}`: the same token under both names.
    private static func getDelegationToken(_ call: XRPCCall) throws -> XRPCOutput {
        let permit = try call.permit(.mintDelegation, on: try call.space())
        let minted = try call.service.spaces.credentials.mintDelegation(permit, at: call.now)
        return .json([
            "token": .string(minted.text), "delegationToken": .string(minted.text),
            "expiresAt": .string(minted.expiresAt.rfc3339),
        ])
    }

    /// `{space, clientAttestation?}` with a delegation token and a binding proof → `{credential, expiresAt}`.
    private static func getSpaceCredential(_ call: XRPCCall) throws -> XRPCOutput {
        // The older interface of profile X, bound to no key.
        if call.service.settings.hasProfileX, call.input.object["grant"] != nil {
            return try LegacyCredentialRoutes.exchange(call)
        }
        let (gate, credentials) = (call.service.spaces.gate, call.service.spaces.credentials)
        let space = try call.space()
        let delegation = try call.delegationCaller(for: space)
        var attestation: ClientAttestation?
        if let text = try call.input.optionalText("clientAttestation") {
            let permit = try gate.permit(
                .prepareCredential, delegation.caller(app: nil), on: space, at: call.now)
            attestation = try credentials.attested(permit, text, at: call.now)
        }
        let permit = try gate.permit(
            .mintCredential(key: delegation.key), delegation.caller(app: attestation?.clientID), on: space,
            from: call.request.clientShare, at: call.now)
        let minted = try credentials.exchange(
            permit, binding: delegation.binding, uses: [delegation.proof, attestation?.use].compactMap { $0 },
            at: call.now)
        return .json(["credential": .string(minted.text), "expiresAt": .string(minted.expiresAt.rfc3339)])
    }

    /// `{space, credentials}` by the space's authority → nothing.
    private static func notifyCredentialRevoked(_ call: XRPCCall) throws -> XRPCOutput {
        let permit = try call.permit(.notifyByAuthority, on: try call.space())
        let ids = try call.input.array("credentials").map { item throws(XRPCError) in
            guard let id = item.string else { throw .invalidRequest("`credentials` is an array of texts") }
            return id
        }
        try call.service.spaces.credentials.receive(permit, revoked: ids, at: call.now)
        return .empty()
    }

    /// `{space, jti, reason?}` → nothing: an extension, for who manages the space.
    private static func revokeCredential(_ call: XRPCCall) throws -> XRPCOutput {
        let permit = try call.permit(.manageCredentials, on: try call.space())
        try call.service.spaces.credentials.revoke(
            permit, id: try call.input.text("jti"), reason: try call.input.optionalText("reason"), at: call.now)
        return .json([:])
    }

    /// `space, limit 1–1000=100, cursor?` → `{credentials: [{jti, user, clientId?, expiresAt, state, reason?}],
    /// cursor?}`: an extension, for who manages the space. `state` is `live` or `revoked`.
    private static func listCredentials(_ call: XRPCCall) throws -> XRPCOutput {
        let permit = try call.permit(.manageCredentials, on: try call.space())
        let limit = try call.parameters.number("limit", in: 1...1000, usual: 100)
        let (credentials, next) = try call.service.spaces.credentials.list(
            permit, limit: limit, after: try call.parameters.optionalText("cursor") ?? "", at: call.now)
        var body = JSONObject()
        body["credentials"] = .array(credentials.map(\.json))
        body["cursor"] = next.map { .string($0) }
        return .json(.object(body))
    }
}

extension SpaceCredentials.Listed {
    fileprivate var json: JSON {
        var object = JSONObject()
        object["jti"] = .string(id)
        object["user"] = .string(user.text)
        object["expiresAt"] = .string(expiresAt.rfc3339)
        object["state"] = .string(reason == nil ? "live" : "revoked")
        object["clientId"] = clientID.map { .string($0) }
        object["reason"] = reason.map { .string($0) }
        return .object(object)
    }
}
