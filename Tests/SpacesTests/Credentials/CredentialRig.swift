import ATProto
import CapTesting
import CapabilityGraph
import Identity
import Multiformats
import Storage
import Synchronization
import UCAN

@testable import Spaces

/// Spaces with keys for their people, and applications that ask for credentials below HTTP.
final class CredentialRig: Sendable {
    let spaces: SpaceRig
    let credentials: SpaceCredentials
    let keys = PeopleKeys()
    let pages = StubPages()
    let notifications: Notifications
    let start: Timestamp

    convenience init(copying other: SpaceRig) throws { try self.init(spaces: SpaceRig(copying: other)) }

    init(lifetime: Int64 = 600, spaces: SpaceRig? = nil) throws {
        self.spaces = try spaces ?? SpaceRig()
        let spaces = self.spaces
        start = spaces.start
        credentials = SpaceCredentials(
            store: spaces.store, signer: keys,
            documents: RemoteDocuments(outbound: pages, now: { 0 }), lifetime: lifetime)
        let start = start
        notifications = Notifications(
            store: spaces.store, clock: { start }, transport: Nobody(), firstDelay: 3600)
    }

    deinit { notifications.stop() }

    var sweep: CredentialSweep { CredentialSweep(store: spaces.store, notifications: notifications) }
    var graph: Snapshot { spaces.store.unprovenSnapshot() }

    /// What an application has: a key, and perhaps a client id.
    struct App {
        let key: PrivateKey
        var binding: SpaceCredential.Binding { .thumbprint(key.publicKey.thumbprint) }

        init() throws { key = try PrivateKey.generate(.p256) }
    }

    /// Asks for a delegation token with the session of a person of this host.
    func delegate(_ name: String, on space: SpaceURI, at now: Timestamp? = nil) throws -> SpaceCredentials.Minted {
        let permit = try spaces.gate.permit(
            .mintDelegation, try spaces.session(name), on: space, at: now ?? start)
        return try credentials.mintDelegation(permit, at: now ?? start)
    }

    /// A delegation token signed by somebody of elsewhere.
    func foreignToken(_ did: String, on space: SpaceURI) throws -> String {
        try DelegationToken.make(issuer: did, space: space, key: keys.key(of: DID(did)), at: start).text
    }

    /// The caller a verified token makes, perhaps with an attested application.
    func caller(_ token: String, app: String? = nil, at now: Timestamp? = nil) throws -> Caller {
        let verified = try DelegationToken.verify(token, keys: keys.source, at: now ?? start)
        let user = try DID(verified.issuer)
        return .delegation(
            user: user, space: verified.space, mark: verified.use.mark(of: user),
            expires: Timestamp(seconds: verified.expiresAt), token: Array(token.utf8), app: app)
    }

    func exchange(
        _ token: String, on space: SpaceURI, binding: SpaceCredential.Binding, app: String? = nil,
        uses: [TokenUse] = [], at now: Timestamp? = nil
    ) throws -> SpaceCredential {
        let now = now ?? start
        let permit = try spaces.gate.permit(
            .mintCredential(key: binding.holder), try caller(token, app: app, at: now), on: space, at: now)
        let minted = try credentials.exchange(permit, binding: binding, uses: uses, at: now)
        return try SpaceCredential.verify(minted.text, keys: keys.source, at: now)
    }

    /// Token and credential in one go.
    func mint(_ name: String, on space: SpaceURI, app: String? = nil) throws -> SpaceCredential {
        let token = try delegate(name, on: space).text
        return try exchange(token, on: space, binding: try App().binding, app: app)
    }

    /// Sets both flags of a member, as putMember does.
    func put(_ name: String, on space: SpaceURI, read: Bool, write: Bool) throws {
        let permit = try spaces.permit(.manageMembers, "alice", on: space)
        _ = try spaces.members.put(permit, did: try spaces.did(name), read: read, write: write, at: start)
    }

    func id(_ token: String) -> Multihash { Multihash(code: .blake3_256, digest: BLAKE3.hash(Array(token.utf8))) }

    func view(_ token: String) throws -> EdgeView? { graph.edge(id(token)).map(graph.view) }

    /// The caller that shows a credential.
    func reader(_ credential: SpaceCredential) throws -> Caller {
        .credential(
            space: credential.space, key: try credential.binding.holder, edge: id(credential.text),
            jti: credential.id, expires: Timestamp(seconds: credential.expiresAt))
    }

    /// The name of the refusal when a credential reads all records; nil when it may.
    func reading(_ credential: SpaceCredential, in space: SpaceURI? = nil, at now: Timestamp? = nil) throws -> String? {
        try spaces.refusal(
            .readRecords(author: nil), try reader(credential), on: space ?? credential.space, at: now ?? start)
    }

    /// The name of what a call throws; nil when it throws nothing.
    func name<Value>(_ body: () throws -> Value) -> String? {
        do {
            _ = try body()
            return nil
        } catch let error as AccessRefusal {
            return error.name
        } catch let error as ATProtoError {
            return error.name
        } catch {
            return "\(error)"
        }
    }

    /// Ends the edge of a person's session.
    func endSession(_ name: String) throws {
        guard case .account(let account, let session, _) = try spaces.session(name) else { return }
        let question = CheckQuestion(principal: session, ability: .accountUse, resource: .account(account))
        guard case .allow(let allowance) = graph.check(question, at: start), let leaf = allowance.route.first else {
            return
        }
        try spaces.store.transact(at: start) { try $0.end(leaf.edge, by: account, reason: "signed out") }
    }

    /// The listed reasons of the revocations of a space, by token id.
    func reasons(_ space: SpaceURI) throws -> [String: String] {
        let rows = try spaces.store.read { tables in
            try tables.rows("SELECT jti, reason FROM credential_revocation WHERE space = ?1", [.text(space.text)]) {
                ($0.text(0), $0.text(1))
            }
        }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    func issued(_ space: SpaceURI) throws -> [(jti: String, user: String, app: String?)] {
        try spaces.store.read { tables in
            try tables.rows(
                "SELECT jti, subject, client_id FROM space_credential WHERE space = ?1 ORDER BY jti",
                [.text(space.text)]
            ) { ($0.text(0), $0.text(1), $0.optionalText(2)) }
        }
    }
}

/// One secp256k1 key for each DID that is asked for, as of accounts that are all active.
final class PeopleKeys: AccountSigner {
    private let known = Locked<[DID: PrivateKey]>([:])
    /// Authorities that publish their key as `#atproto_space`.
    let publishing = Locked<Set<DID>>([])

    func key(of account: DID) throws -> PrivateKey {
        try known.withLock { known in
            if let key = known[account] { return key }
            let key = try PrivateKey.generate(.secp256k1)
            known[account] = key
            return key
        }
    }

    func credentialKeyID(of authority: DID, _ key: PublicKey) -> String {
        publishing.withLock { $0.contains(authority) } ? KeyID.space : KeyID.account
    }

    var source: KeySource {
        { did, _ throws(ATProtoError) in
            guard let did = try? DID(did), let key = try? self.key(of: did) else { return nil }
            return key.publicKey
        }
    }
}

/// Never answers, so that what is to be told stays in the outbox.
private struct Nobody: NotificationTransport {
    func send(_ message: OutboxMessage, at now: Timestamp) -> Int? { nil }
}

/// Other hosts: what stands at a URL, and what was asked.
final class StubPages: Outbound {
    private let state = Locked<(pages: [String: OutboundResponse], asked: [OutboundRequest])>(([:], []))

    subscript(url: String) -> String {
        get { "" }
        set { answer(url, OutboundResponse(status: 200, body: Array(newValue.utf8))) }
    }

    func answer(_ url: String, _ response: OutboundResponse) { state.withLock { $0.pages[url] = response } }
    var asked: [OutboundRequest] { state.withLock { $0.asked } }

    /// Answers by the URL without its query.
    func send(_ request: OutboundRequest) throws(OutboundError) -> OutboundResponse {
        let url = request.url.description
        let place = url.split(separator: "?", maxSplits: 1).first.map(String.init) ?? url
        let found = state.withLock { state -> OutboundResponse? in
            state.asked.append(request)
            return state.pages[place]
        }
        guard let found else { throw OutboundError(.unreachable, "nobody is at `\(place)`") }
        return found
    }
}
