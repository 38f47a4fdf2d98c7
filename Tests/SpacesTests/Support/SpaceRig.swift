import ATProto
import CapTesting
import CapabilityGraph
import Multiformats
import Storage
import UCAN

@testable import Spaces

/// A store in a folder of its own with the families of spaces on it, and people who are signed in.
final class SpaceRig: Sendable {
    let folder = TemporaryFolder()
    let store: GraphStore
    let gate: Gate
    let apps: ScriptedApps
    let directory: SpaceDirectory
    let members: SpaceMembers
    let invites: SpaceInvites
    let deletion: SpaceDeletion
    let start = Timestamp(seconds: 1_700_000_000)

    static let type = "com.example.forum"
    static let post = "com.example.post"

    /// With `copying` everything that another one holds; with an `engine` on that one in place of a file.
    init(
        allowsAppPasswords: Bool = false, families: [any StoreFamily] = .standard(), copying other: SpaceRig? = nil,
        engine: (any StoreEngine)? = nil
    ) throws {
        _ = try other?.store.backup(to: folder.path + "/log.sqlite")
        let file = { [folder] in
            try SQLiteEngine(path: folder.path + "/log.sqlite", tables: families.flatMap { $0.tables })
        }
        store = try GraphStore.open(
            try engine ?? file(), families: families,
            at: Timestamp(seconds: 1_700_000_000))
        apps = ScriptedApps()
        gate = Gate(
            store: store, accounts: HostedNames(), managingApps: apps, allowsAppPasswords: allowsAppPasswords)
        directory = SpaceDirectory(store: store)
        members = SpaceMembers(store: store)
        invites = SpaceInvites(store: store)
        deletion = SpaceDeletion(store: store)
    }

    deinit { store.close() }

    /// An account of this host when the name is of `here.example`.
    func did(_ name: String) throws -> DID { try DID("did:web:\(name).here.example") }

    func uri(_ name: String, of owner: String = "alice") throws -> SpaceURI {
        try SpaceURI(authority: try did(owner).text, type: Self.type, skey: name)
    }

    /// A session with everything its account may do.
    func session(_ name: String, _ grant: SessionGrant = .full) throws -> Caller {
        let account = try did(name)
        let session = try DID(session: "s-" + name)
        let question = CheckQuestion(principal: session, ability: .accountUse, resource: .account(account))
        if !store.unprovenSnapshot().check(question, at: start).isAllowed {
            _ = try store.transact(at: start) { change in
                try change.admit(
                    HostStatement(
                        kind: .session, issuer: account, audience: session,
                        capabilities: [Capability(resource: .account(account), ability: .accountUse)]))
            }
        }
        return .account(account, session: session, grant: grant)
    }

    /// The name of the refusal, or nil when the gate lets it through.
    func refusal(_ operation: Spaces.Operation, _ caller: Caller, on space: SpaceURI, at now: Timestamp? = nil) throws
        -> String?
    {
        do {
            _ = try gate.permit(operation, caller, on: space, at: now ?? start)
            return nil
        } catch let error as AccessRefusal {
            return error.name
        }
    }

    func permit(_ operation: Spaces.Operation, _ name: String, on space: SpaceURI) throws -> Permit {
        try gate.permit(operation, try session(name), on: space, at: start)
    }

    @discardableResult
    func create(
        _ name: String, of owner: String = "alice", _ settings: String = "{}", listsCreator: Bool = false
    ) throws -> SpaceURI {
        let uri = try uri(name, of: owner)
        let change = try SettingsChange(try object(settings))
        _ = try directory.create(
            try permit(.createSpace, owner, on: uri), change, listsCreator: listsCreator, at: start)
        return uri
    }

    func update(_ space: SpaceURI, _ settings: String, by name: String = "alice") throws {
        _ = try directory.update(
            try permit(.updateSpace, name, on: space), try SettingsChange(try object(settings)), at: start)
    }

    @discardableResult
    func add(_ name: String, to space: SpaceURI, _ access: MemberAccess, by owner: String = "alice") throws -> Member {
        try members.add(
            try permit(.manageMembers, owner, on: space),
            try SpaceMembers.Addition(
                name: try did(name).text, isSpace: false, access: access, usual: .writer, refusesExisting: false),
            at: start)
    }

    func add(space inner: SpaceURI, to space: SpaceURI, _ access: MemberAccess, by owner: String = "alice") throws {
        _ = try members.add(
            try permit(.manageMembers, owner, on: space),
            try SpaceMembers.Addition(
                name: inner.text, isSpace: true, access: access, usual: .reader, refusesExisting: false), at: start)
    }

    func remove(_ name: String, from space: SpaceURI, by owner: String = "alice") throws {
        try members.remove(
            try permit(.manageMembers, owner, on: space), name: try did(name).text, at: start)
    }

    func delete(_ space: SpaceURI, by owner: String = "alice") throws {
        try deletion.delete(try permit(.deleteSpace, owner, on: space), at: start)
    }

    func object(_ text: String) throws -> JSONObject {
        try JSON.parse(Array(text.utf8)).object ?? JSONObject()
    }

    func write(_ name: String, _ action: WriteAction = .create) throws -> Spaces.Operation {
        .write(author: try did(name), [WriteItem(action, collection: Self.post)])
    }
}

/// Names below `here.example` are hosted; `host.here.example` is an authority of the service itself.
struct HostedNames: AuthorityDirectory {
    let era = 0
    func isHosted(_ did: DID, in tables: any TableReader, since era: Int?) -> Bool {
        did.text.hasSuffix(".here.example") && !isServiceAuthority(did)
    }
    func isServiceAuthority(_ did: DID) -> Bool { did.text == "did:web:host.here.example" }
}

/// Managing applications that admit the users they are told to, and remember what they were asked.
final class ScriptedApps: ManagingAppClient {
    private let state = Locked<(admitted: Set<DID>, asked: [ManagingAppQuestion])>(([], []))

    /// Runs before each answer.
    let whenAsked = Locked<(@Sendable () -> Void)?>(nil)

    func admit(_ user: DID) { state.withLock { _ = $0.admitted.insert(user) } }
    func refuse(_ user: DID) { state.withLock { _ = $0.admitted.remove(user) } }
    func wouldAdmit(_ user: DID) -> Bool { state.withLock { $0.admitted.contains(user) } }
    var asked: [ManagingAppQuestion] { state.withLock { $0.asked } }

    func admits(_ question: ManagingAppQuestion, at now: Timestamp) -> Bool {
        state.withLock { $0.asked.append(question) }
        whenAsked.withLock { $0 }?()
        return state.withLock { state in
            return state.admitted.contains(question.user)
        }
    }
}
