import ATProto
import Answers
import CapTesting
import CapabilityGraph
import Dispatch
import Multiformats
import Storage
import UCAN

@testable import Spaces

/// Plays plain changes to the product, and puts plain questions to its gate.
final class SpaceHistory {
    let rig: CredentialRig
    private let graph: SpaceGraph
    private var credentials: [SpaceCredential] = []
    private var gifts: [Multihash] = []
    private var count = 0
    private var invites: [(id: String, secret: String, space: SpaceURI)] = []

    /// With an `engine` on that one in place of a file.
    init(engine: (any StoreEngine)? = nil) throws {
        rig = try CredentialRig(spaces: SpaceRig(engine: engine))
        graph = SpaceGraph(store: rig.spaces.store)
    }

    // MARK: changes

    /// Makes a change; false where the product refuses it.
    func play(_ change: PlainSpaceChange) throws -> Bool {
        do {
            return try make(change)
        } catch is AccessRefusal {
            return false
        } catch is ATProtoError {
            return false
        }
    }

    private func make(_ change: PlainSpaceChange) throws -> Bool {
        let (spaces, start) = (rig.spaces, rig.start)
        switch change {
        case .create(let uri, let settings):
            let space = try self.space(uri)
            let permit = try permit(.createSpace, PlainSpaces.authority(uri), space)
            _ = try spaces.directory.create(permit, try settings.change(), listsCreator: false, at: start)
        case .update(let uri, let who, let settings):
            let permit = try permit(.updateSpace, who, try space(uri))
            _ = try spaces.directory.update(permit, try settings.change(), at: start)
        case .add(let name, let uri, let level, let who):
            let permit = try permit(.manageMembers, who, try space(uri))
            let addition = try SpaceMembers.Addition(
                name: name, isSpace: name.hasPrefix("at://"), access: level.access, usual: .reader,
                refusesExisting: false)
            _ = try spaces.members.add(permit, addition, at: start)
        case .put(let name, let uri, let reads, let writes, let who):
            let permit = try permit(.manageMembers, who, try space(uri))
            _ = try spaces.members.put(permit, did: try DID(name), read: reads, write: writes, at: start)
        case .remove(let name, let uri, let who):
            try spaces.members.remove(try permit(.manageMembers, who, try space(uri)), name: name, at: start)
        case .delete(let uri, let who):
            try spaces.deletion.delete(try permit(.deleteSpace, who, try space(uri)), at: start)
        case .invite(let uri, let level, let uses, let who):
            let space = try space(uri)
            let made = try spaces.invites.create(
                try permit(.manageInvites, who, space), access: level.access, maxUses: uses.map(Int64.init),
                expiresAt: nil, at: start)
            invites.append((made.invite.id, made.secret, space))
        case .accept(let number, let who):
            guard invites.indices.contains(number) else { return false }
            let permit = try spaces.gate.permit(account: .acceptInvite, try session(who), at: start)
            _ = try spaces.invites.accept(permit, secret: invites[number].secret, at: start)
        case .revokeInvite(let number, let who):
            guard invites.indices.contains(number) else { return false }
            let invite = invites[number]
            try spaces.invites.revoke(try permit(.manageInvites, who, invite.space), id: invite.id, at: start)
        case .mint(let user, let uri, let app):
            credentials.append(try rig.mint(Self.name(user), on: try space(uri), app: app))
        case .give(let uses, let giver, let receiver): return try give(uses, from: giver, to: receiver)
        case .endSession(let user): try rig.endSession(Self.name(user))
        case .endMembership(let name, let uri, let who, let door):
            return try end(uri, by: who, door) { $0.kind == "membership" && $0.delegate == name }
        case .endPolicy(let uri, let isRead, let who, let door):
            let ability = "atproto.space/" + (isRead ? "read" : "write")
            return try end(uri, by: who, door) {
                $0.kind == "policy" && $0.abilities == [ability] && $0.delegate != PlainSpaces.authority(uri)
            }
        case .endApplication(let app, let uri, let who, let door):
            let holder = try app.map { try DID(application: $0) } ?? .anyone
            return try end(uri, by: who, door) { $0.kind == "appAccess" && $0.delegate == holder.text }
        case .admit(let user, let isAdmitted):
            if isAdmitted { spaces.apps.admit(try DID(user)) } else { spaces.apps.refuse(try DID(user)) }
        }
        return true
    }

    // MARK: questions

    /// Says whether the gate lets an operation through.
    func allows(_ question: PlainQuestion) throws -> Bool {
        let space = try space(question.space)
        let (operation, caller) = (try operation(question.deed, question.caller), try caller(question.caller, space))
        return rig.name { try rig.spaces.gate.permit(operation, caller, on: space, at: rig.start) } == nil
    }

    /// What `check` answers to the same question with the context of the operation.
    ///
    /// Nil: it takes no such context. `SpaceLawTests` compares the answer as soon as there is one.
    func check(_ question: PlainQuestion) throws -> Bool? { nil }

    private func operation(_ deed: PlainDeed, _ caller: PlainCaller) throws -> Spaces.Operation {
        switch deed {
        case .read(let author): return .readRecords(author: try author.map { try DID($0) })
        case .write(let verb, let collection):
            let actions: [String: WriteAction] = ["create": .create, "update": .update, "delete": .delete]
            return .write(
                author: try DID(caller.user ?? PlainSpaces.authority(RandomSpaces.spaces[0])),
                [WriteItem(actions[verb] ?? .put, collection: collection)])
        case .readSettings: return .readSettings
        case .listMembers(let member): return .listMembers(of: try member.map { try DID($0) })
        case .listRepos: return .listRepos
        case .follow: return .watch
        case .manageMembers: return .manageMembers
        case .deleteSpace: return .deleteSpace
        case .readGraph(let principal): return .readGraph(of: try principal.map { try DID($0) })
        case .mintDelegation: return .mintDelegation
        case .mintCredential: return .mintCredential(key: .anyone)
        }
    }

    private func caller(_ caller: PlainCaller, _ space: SpaceURI) throws -> Caller {
        switch caller {
        case .nobody: return .anonymous
        case .session(let user): return try session(user)
        case .endedSession(let user):
            return .account(try DID(user), session: try DID(session: "never-" + Self.name(user)), grant: .full)
        case .appPassword(let user): return try session(user, .appPassword)
        case .app(let user, let scope):
            let scopes = SpaceScopes(parsing: scope.text).granted(by: user) { _ in [] }.scopes
            return try session(user, .oauth(scopes: scopes, clientID: RandomSpaces.apps[0]))
        case .service(let user): return .service(issuer: try DID(user), audience: "did:web:here.example", method: "x")
        case .invocation(let user, let uses):
            return .invocation(
                InvocationQuestion(invoker: try DID(user), proofs: [], capabilities: try uses.map(capability)))
        case .cited(let user, let number, let uses):
            return .invocation(
                InvocationQuestion(
                    invoker: try DID(user), proofs: [gifts[number]], capabilities: try uses.map(capability)))
        case .delegation(let user, _, let app):
            return try rig.caller(try rig.foreignToken(user, on: space), app: app)
        case .credential(let number): return try rig.reader(credentials[number])
        }
    }

    private func capability(_ use: PlainUse) throws -> Capability {
        Capability(
            resource: .atproto(space: try Space(try space(use.space)), path: use.path),
            ability: try Ability("atproto.space/" + use.ability), caveats: Plain.caveats(use.caveats))
    }

    // MARK: parts

    /// One edge as it is listed.
    private struct Listed {
        let cid: String
        let kind: String?
        let delegate: String?
        let abilities: [String?]
    }

    /// Ends the edges that fit, by one door; false where there is none.
    private func end(_ uri: String, by who: String, _ door: PlainDoor, _ fits: (Listed) -> Bool) throws -> Bool {
        let space = try space(uri)
        let permit = try permit(.readGraph(of: nil), who, space)
        var listing = try graph.list(permit, SpaceGraph.Filters(), limit: 1000, after: nil, at: rig.start)
        let answer = try JSON.parse(listing.rest())
        let edges = (answer["delegations"]?.array ?? []).map { item in
            Listed(
                cid: item["cid"]?.string ?? "", kind: item["kind"]?.string, delegate: item["delegate"]?.string,
                abilities: (item["capabilities"]?.array ?? []).map { $0["ability"]?.string })
        }
        let found = edges.filter(fits)
        for edge in found {
            let id = try CID(text: edge.cid.utf8).hash
            // With one edge of a member all of them end, and with them may go the right to end any.
            let snapshot = rig.spaces.store.unprovenSnapshot()
            if let held = snapshot.edge(id), snapshot.view(held).ending != nil { continue }
            switch door {
            case .call: _ = try graph.end(try self.permit(.endEdge(id), who, space), id, reason: "over", at: rig.start)
            case .token:
                count += 1
                let statement = RevocationStatement(
                    target: id, signer: try DID(who), proofs: [], id: Plain.digest("revocation \(count)"))
                let token = Array("revocation \(count)".utf8)
                let outcome = try wait { .revoke(statement, token: token, now: rig.start, $0) }
                switch outcome {
                case .revoked, .alreadyRevoked: break
                case .refused: return false
                }
            }
        }
        return !found.isEmpty
    }

    /// Admits a delegation as one whose signature was verified.
    private func give(_ uses: [PlainUse], from giver: String, to receiver: String) throws -> Bool {
        count += 1
        let id = Plain.multihash("gift \(count)")
        gifts.append(id)
        let statement = EdgeStatement(
            id: id, statementID: Plain.digest("signed gift \(count)"), kind: .ucan, issuer: try DID(giver),
            audience: try DID(receiver), capabilities: try uses.map(capability), notBefore: nil, expires: nil,
            proofs: [],
            isTerminal: false)
        let token = Array("gift \(count)".utf8)
        let outcome = try wait { .admit(statement, token: token, now: rig.start, hosting: .explicit, $0) }
        if case .admitted = outcome { return true }
        return false
    }

    /// Waits for the writer's answer.
    private func wait<Value: Sendable>(
        _ operation: (@escaping @Sendable (Result<Value, StoreFailure>) -> Void) -> StoreOperation
    ) throws -> Value {
        let answer = Locked<Result<Value, StoreFailure>?>(nil)
        let came = DispatchSemaphore(value: 0)
        rig.spaces.store.submit(
            operation { result in
                answer.withLock { $0 = result }
                came.signal()
            })
        came.wait()
        guard let result = answer.withLock({ $0 }) else { throw Property.Difference("the writer gave no answer") }
        return try result.get()
    }

    private static func name(_ did: String) -> String {
        String(did.dropFirst("did:web:".count).prefix { $0 != "." })
    }

    private func session(_ user: String, _ grant: SessionGrant = .full) throws -> Caller {
        try rig.spaces.session(Self.name(user), grant)
    }

    private func permit(_ operation: Spaces.Operation, _ user: String, _ space: SpaceURI) throws -> Permit {
        try rig.spaces.gate.permit(operation, try session(user), on: space, at: rig.start)
    }

    private func space(_ uri: String) throws -> SpaceURI { try SpaceURI(accepting: uri) }
}

extension PlainCaller {
    var user: String? {
        switch self {
        case .nobody, .credential: nil
        case .session(let user), .endedSession(let user), .appPassword(let user), .app(let user, _),
            .service(let user), .invocation(let user, _), .cited(let user, _, _), .delegation(let user, _, _):
            user
        }
    }
}

extension PlainSpace.Level {
    var access: MemberAccess {
        var access: MemberAccess = []
        if reads { access.insert(.read) }
        if readsOwnOnly { access.insert(.selfOnly) }
        if writes { access.insert(.write) }
        if manages { access.insert(.manage) }
        return access
    }
}

extension PlainSettings {
    /// The change that a body with these members asks for.
    func change() throws -> SettingsChange {
        var members: [String] = []
        if let read { members.append("\"readPolicy\":" + Self.policy(read)) }
        if let write { members.append("\"writePolicy\":" + Self.policy(write)) }
        switch applications {
        case nil: break
        case .all?: members.append("\"appAccess\":{\"type\":\"open\"}")
        case .only(let apps)?: members.append("\"accessMode\":\"default_deny\",\"appAllowlist\":" + Self.array(apps))
        case .allBut(let apps)?: members.append("\"accessMode\":\"default_allow\",\"appDenylist\":" + Self.array(apps))
        }
        var config: [String] = []
        if let showsMembers { config.append("\"membershipPublic\":\(showsMembers)") }
        if let showsRecords { config.append("\"recordsPublic\":\(showsRecords)") }
        if let membersList { config.append("\"membersCanList\":\(membersList)") }
        if let collections { config.append("\"allowedCollections\":" + Self.array(collections)) }
        if !config.isEmpty { members.append("\"config\":{" + config.joined(separator: ",") + "}") }
        let body = "{" + members.joined(separator: ",") + "}"
        return try SettingsChange(try JSON.parse(Array(body.utf8)).object ?? JSONObject())
    }

    private static func policy(_ policy: PlainSpace.Policy) -> String {
        let prefix = "{\"$type\":\"com.atproto.simplespace.defs#"
        return switch policy {
        case .list: prefix + "memberListPolicy\"}"
        case .everybody: prefix + "publicPolicy\"}"
        case .application: prefix + "managingAppPolicy\",\"managingApp\":\"did:web:app.example#forum\"}"
        }
    }

    private static func array(_ texts: [String]) -> String {
        "[" + texts.map { "\"\($0)\"" }.joined(separator: ",") + "]"
    }
}
