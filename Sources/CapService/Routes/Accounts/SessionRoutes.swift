import ATProto
import Identity
import Multiformats
import UCAN

/// com.atproto.server: sessions.
enum SessionRoutes {
    static let methods: [XRPCMethod] = [
        .procedure("com.atproto.server.createSession", feature: nil, work: .hashing, createSession),
        .procedure("com.atproto.server.refreshSession", feature: nil, refreshSession),
        .query("com.atproto.server.getSession", feature: nil, getSession),
        .procedure("com.atproto.server.deleteSession", feature: nil, deleteSession),
    ]

    private static func createSession(_ call: XRPCCall) throws -> XRPCOutput {
        let name = SignInName(try call.input.text("identifier"))
        let password = try call.input.text("password")
        // A handle and the DID that has it are one name to try.
        let tried = try call.service.accounts.account(named: name).map { SignInName.did($0.did) } ?? name
        try call.service.accountLimits.countAttempt(tried, call.request.clientNetwork)
        return try mapped {
            let (session, tokens) = try call.service.accounts.login(
                name, password: password, at: call.now)
            return try output(session.account, tokens, call, withStatus: true)
        }
    }

    private static func refreshSession(_ call: XRPCCall) throws -> XRPCOutput {
        let token = try bearer(call)
        return try mapped {
            let (session, tokens) = try call.service.accounts.refresh(token, at: call.now)
            return try output(session.account, tokens, call, withStatus: true)
        }
    }

    private static func getSession(_ call: XRPCCall) throws -> XRPCOutput {
        let session = try call.session()
        return try output(session.account, nil, call, withStatus: true)
    }

    private static func deleteSession(_ call: XRPCCall) throws -> XRPCOutput {
        let token = try bearer(call)
        try mapped { try call.service.accounts.end(refresh: token, at: call.now) }
        return .empty()
    }

    private static func bearer(_ call: XRPCCall) throws -> String {
        guard case .session(let token) = try call.presented() else {
            throw XRPCError("AuthMissing", "a session token is missing")
        }
        return token
    }

    private static func mapped<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as IdentityError {
            throw XRPCError(error)
        }
    }

    /// `{did, handle, didDoc?, accessJwt?, refreshJwt?, active?, status?}`.
    static func output(
        _ account: Account, _ tokens: SessionTokens?, _ call: XRPCCall, withStatus: Bool
    ) throws -> XRPCOutput {
        var json = JSONObject()
        if let tokens {
            json["accessJwt"] = .string(tokens.access)
            json["refreshJwt"] = .string(tokens.refresh)
        }
        json["handle"] = .string(account.handle)
        json["did"] = .string(account.did.text)
        if let document = try account.hostedDocument(at: call.service.address.url()) {
            json["didDoc"] = document.json
        }
        if withStatus {
            json["active"] = .bool(account.status == .active)
            json["status"] = account.status.word.map { .string($0) }
        }
        return .json(.object(json))
    }
}
