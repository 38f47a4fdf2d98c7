package import ATProto
package import CapabilityGraph
package import Multiformats
package import Storage
package import UCAN

/// Who calls, as far as its signature, session or token was verified; what it may do is the gate's to say (section 3).
package enum Caller: Sendable {
    case anonymous
    /// A session of an account hosted here.
    case account(DID, session: DID, grant: SessionGrant)
    /// Service authentication by an account's key; `method` is the called one. `session` is that of this host which had
    /// the token signed, and which has to live still; nil where the account's key signed elsewhere.
    case service(issuer: DID, audience: String, method: String, session: DID? = nil)
    /// A UCAN invocation; without proofs it rests on what the invoker holds.
    case invocation(InvocationQuestion)
    /// A space credential whose signature and binding were verified; `edge` is the hash of its bytes.
    case credential(space: SpaceURI, key: DID, edge: Multihash, jti: String, expires: Timestamp)
    /// A delegation token whose signature and binding were verified and whose mark is not used yet; `app` is the
    /// attested client id.
    case delegation(
        user: DID, space: SpaceURI, mark: ReplayMark, expires: Timestamp, token: [UInt8], app: String?)
}

extension Caller {
    /// In whose name the call is made; nil when nobody's name was shown.
    package var principal: DID? {
        switch self {
        case .anonymous: nil
        case .account(let account, _, _): account
        case .service(let issuer, _, _, _): issuer
        case .invocation(let question): question.invoker
        case .credential(_, let key, _, _, _): key
        case .delegation(let user, _, _, _, _, _): user
        }
    }
}

extension Caller {
    /// Which kinds of callers an operation takes.
    struct Kinds: OptionSet {
        let rawValue: UInt8

        static let anonymous = Kinds(rawValue: 1)
        static let account = Kinds(rawValue: 2)
        static let service = Kinds(rawValue: 4)
        static let invocation = Kinds(rawValue: 8)
        static let credential = Kinds(rawValue: 16)
        static let delegation = Kinds(rawValue: 32)
        /// Whoever acts in a name of its own.
        static let named: Kinds = [.account, .service, .invocation]
    }

    /// The one kind it is.
    var kind: Kinds {
        switch self {
        case .anonymous: .anonymous
        case .account: .account
        case .service: .service
        case .invocation: .invocation
        case .credential: .credential
        case .delegation: .delegation
        }
    }

    /// The client id of the application that was attested.
    var client: String? {
        if case .delegation(_, _, _, _, _, let app) = self { app } else { nil }
    }
}

/// What a session may do for its account.
package enum SessionGrant: Sendable {
    /// Everything: the account's own password.
    case full
    /// Nothing in spaces, unless the host is configured to let it.
    case appPassword
    /// What its scopes say.
    case oauth(scopes: [SpaceScope], clientID: String, blobs: BlobScopes = .none, calls: RPCScopes = .none)
}
