import ATProto
import Multiformats
import Spaces
import UCAN

/// Profile X: credentials that are bound to no key, by the names of older releases; there only where it is configured
/// (atproto-spaces.md 0, 4.9).
///
/// A grant is a delegation token, which clients take as it is. Everything here needs a session besides.
enum LegacyCredentialRoutes {
    private static let older = "dev.happyview.space."

    static let methods: [XRPCMethod] = [
        .procedure(older + "getMemberGrant", getMemberGrant),
        .procedure(older + "getSpaceCredential", getSpaceCredential),
        .procedure(older + "getCredential", getCredential),
        .procedure(older + "refreshCredential", refreshCredential),
    ]

    /// `{space}` → `{grant, expiresAt}` (HV2.6).
    private static func getMemberGrant(_ call: XRPCCall) throws -> XRPCOutput {
        try require(call)
        let permit = try call.permit(.mintDelegation, on: try call.space())
        let minted = try call.service.spaces.credentials.mintDelegation(permit, at: call.now)
        return .json(["grant": .string(minted.text), "expiresAt": .string(minted.expiresAt.rfc3339)])
    }

    /// `{grant}` by its user → `{credential, expiresAt}` that names the member (HV2.6).
    private static func getSpaceCredential(_ call: XRPCCall) throws -> XRPCOutput {
        try require(call)
        return try exchange(call, .member)
    }

    /// The same in today's type without `cnf`, by today's name.
    static func exchange(_ call: XRPCCall) throws -> XRPCOutput { try exchange(call, .unbound) }

    private static func exchange(_ call: XRPCCall, _ form: SpaceCredentials.UnboundForm) throws -> XRPCOutput {
        let token = try call.grant(try call.input.text("grant"))
        return try mint(call, token, form)
    }

    /// `{spaceUri}` → `{credential, expiresAt}` in one step (HV2.5).
    private static func getCredential(_ call: XRPCCall) throws -> XRPCOutput {
        try require(call)
        return try renew(call, on: try call.space())
    }

    /// `{spaceUri, credential}` → a new credential for one that is still good (HV2.5).
    private static func refreshCredential(_ call: XRPCCall) throws -> XRPCOutput {
        try require(call)
        let space = try call.space()
        let shown = try call.legacyCaller(try call.input.text("credential"), .header)
        _ = try call.service.spaces.gate.permit(.readRecords(author: nil), shown, on: space, at: call.now)
        return try renew(call, on: space)
    }

    private static func renew(_ call: XRPCCall, on space: SpaceURI) throws -> XRPCOutput {
        let permit = try call.permit(.mintDelegation, on: space)
        let minted = try call.service.spaces.credentials.mintDelegation(permit, at: call.now)
        return try mint(call, try call.grant(minted.text), .member)
    }

    private static func mint(
        _ call: XRPCCall, _ token: DelegationToken, _ form: SpaceCredentials.UnboundForm
    ) throws -> XRPCOutput {
        let (gate, credentials) = (call.service.spaces.gate, call.service.spaces.credentials)
        let user = try DID(token.issuer)
        let caller = Caller.delegation(
            user: user, space: token.space, mark: token.use.mark(of: user),
            expires: Timestamp(seconds: token.expiresAt), token: Array(token.text.utf8), app: nil)
        let prepared = try gate.permit(.prepareCredential, caller, on: token.space, at: call.now)
        let draft = try credentials.draft(prepared, form, at: call.now)
        let permit = try gate.permit(
            .mintCredential(key: draft.holder), caller, on: token.space, at: call.now)
        let minted = try credentials.exchange(permit, unbound: draft, at: call.now)
        return .json(["credential": .string(minted.text), "expiresAt": .string(minted.expiresAt.rfc3339)])
    }

    /// Answers as for a method that is not there, unless the profile is on.
    private static func require(_ call: XRPCCall) throws(XRPCError) {
        guard call.service.settings.hasProfileX else {
            throw XRPCError("MethodNotImplemented", "the method is of profile X, which is off here")
        }
    }
}

extension XRPCCall {
    /// Verifies a grant, which only the user that it names may show (section 4.3); throws `InvalidDelegationToken`.
    fileprivate func grant(_ text: String) throws -> DelegationToken {
        try willWait()
        guard case .account(let user, _, _) = try caller() else { throw AccessRefusal.notAccepted }
        let token = try verifying { keys throws(ATProtoError) in
            try DelegationToken.verify(text, keys: keys, at: now)
        }
        guard UTF8Bytes.equal(token.issuer, user.text) else {
            throw XRPCError("InvalidDelegationToken", "the grant is of another account")
        }
        return token
    }
}
