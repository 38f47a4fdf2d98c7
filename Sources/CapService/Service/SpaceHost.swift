import ATProto
import CapabilityGraph
import Dispatch
import Identity
import Spaces
import Storage
import UCAN

/// Holds the parts of the host of permissioned spaces, each given what it needs of the others.
final class SpaceHost: Sendable {
    let gate: Gate
    let directory: SpaceDirectory
    let members: SpaceMembers
    let invites: SpaceInvites
    let graph: SpaceGraph
    let deletion: SpaceDeletion
    let repos: RepoStore
    let notifications: Notifications
    let credentials: SpaceCredentials
    private let credentialTimer: CredentialTimer
    private let sweep: RepoSweep

    /// `adjust` gives the gate to be used in place of the one made here, which a test shuts.
    init(
        store: GraphStore, accounts: Accounts, resolver: IdentityResolver, outbound: any Outbound,
        documents: RemoteDocuments, settings: Settings, clock: ServiceClock, log: StructuredLog,
        adjust: (Gate) -> Gate = { $0 }
    ) {
        let signer = HostedSigner(accounts: accounts, resolver: resolver)
        gate = adjust(
            Gate(
                store: store, accounts: HostedAuthorities(accounts: accounts),
                managingApps: RemoteManagingApps(signer: signer, resolver: resolver, outbound: outbound),
                allowsAppPasswords: settings.allowsAppPasswords))
        credentials = SpaceCredentials(
            store: store, signer: signer, documents: documents, lifetime: Int64(settings.credentialSeconds))
        let transport = OutboundNotifier(accounts: accounts, resolver: resolver, outbound: outbound)
        notifications = Notifications(store: store, clock: { clock.now() }, transport: transport)
        repos = RepoStore(
            store, limits: settings.repos, observer: WriteNews(notifications: notifications),
            authors: HostedAuthors(accounts: accounts))
        directory = SpaceDirectory(store: store)
        members = SpaceMembers(store: store)
        invites = SpaceInvites(store: store)
        graph = SpaceGraph(store: store)
        deletion = SpaceDeletion(
            store: store, neighbours: [RepoDeletionStep(repos: repos), NewsOfDeletion(notifications: notifications)])
        // A start reads all of the log, also what has long been over.
        if let now = clock.now() { store.family(SpaceCatalog.self)?.forget(before: now) }
        credentialTimer = CredentialTimer(
            CredentialSweep(store: store, notifications: notifications), clock: clock, log: log)
        sweep = RepoSweep(repos, clock: clock, log: log)
    }

    /// Begins to send what an earlier run left unsent.
    func start() { notifications.start() }

    /// Ends what runs beside the requests; streams that are open are closed.
    func stop() {
        sweep.stop()
        credentialTimer.stop()
        notifications.stop()
    }
}

/// Knows the accounts of this host as authorities of spaces.
struct HostedAuthorities: AuthorityDirectory {
    let accounts: Accounts

    var era: Int { accounts.era }

    func isHosted(_ did: DID, in tables: any TableReader, since era: Int?) throws -> Bool {
        try accounts.account(did, in: tables, since: era) != nil
    }

    /// This host holds no authority of its own: each space stands under the account that made it.
    func isServiceAuthority(_ did: DID) -> Bool { false }
}

/// Knows the accounts of this host as authors of repos.
struct HostedAuthors: RepoAuthors {
    let accounts: Accounts

    func signingKey(of author: DID) throws -> PrivateKey? { try accounts.signingKey(author) }

    func isHosted(_ author: DID) throws -> Bool { try accounts.isHosted(author) }

    func refusalToReaders(of author: DID) throws -> ATProtoError? { refusal(try accounts.account(author)) }

    func refusalsToReaders() -> (DID, any TableReader) throws -> ATProtoError? {
        let era = accounts.era
        return { author, tables in refusal(try accounts.account(author, in: tables, since: era)) }
    }

    private func refusal(_ account: Account?) -> ATProtoError? {
        switch account?.status {
        case nil, .active: nil
        case .deactivated: ATProtoError("RepoDeactivated", "the repo's account is deactivated")
        case .suspended: ATProtoError("RepoSuspended", "the repo's account is suspended")
        case .takenDown: ATProtoError("RepoTakendown", "the repo has been taken down")
        }
    }
}

/// Tells of every step of a repo, in the change that makes it.
private struct WriteNews: RepoObserver {
    let notifications: Notifications

    func repoAdvanced(_ advance: RepoAdvance, in change: TableChange) throws {
        let isHosted = try change.exists(AccountTable.self, where: [AccountTable.did.is(advance.space.authority)])
        // What revision a space elsewhere is at, its own host says.
        let event = WriteEvent(
            space: try Space(advance.space), repo: advance.author, rev: advance.rev.text, hash: advance.hash,
            spaceRev: isHosted ? advance.spaceRev.text : nil,
            prevSpaceRev: isHosted ? advance.previousSpaceRev?.text : nil)
        try notifications.wrote(change, event, isHosted: isHosted)
    }
}

private struct RepoDeletionStep: SpaceDeletionStep {
    let repos: RepoStore

    func delete(_ space: SpaceURI, purgesMemberData: Bool, in transaction: StoreTransaction) throws {
        try repos.writer(transaction).deleteSpace(space, purge: purgesMemberData)
    }
}

private struct NewsOfDeletion: SpaceDeletionStep {
    let notifications: Notifications

    func delete(_ space: SpaceURI, purgesMemberData: Bool, in transaction: StoreTransaction) throws {
        try notifications.deleted(transaction, try Space(space))
    }
}

/// Clears deleted repos, forgotten blobs and long logs away, every minute.
private final class RepoSweep: Sendable {
    private let queue = DispatchQueue(label: "repo-sweep", qos: .utility)
    nonisolated(unsafe) private let timer: any DispatchSourceTimer

    init(_ repos: RepoStore, clock: ServiceClock, log: StructuredLog) {
        timer = DispatchSource.makeTimerSource(queue: queue)
        timer.schedule(deadline: .now() + .seconds(60), repeating: .seconds(60), leeway: .seconds(5))
        timer.setEventHandler {
            guard let now = clock.now() else { return }
            do {
                try repos.sweep(at: now)
            } catch {
                log.warning("the sweep of repos failed", [("error", .text("\(error)"))])
            }
        }
        timer.activate()
    }

    deinit { timer.cancel() }

    /// Returns when a sweep under way has ended.
    func stop() {
        timer.cancel()
        queue.sync {}
    }
}

/// Looks after credentials every second: lists those that died, tells other hosts, forgets what has expired.
final class CredentialTimer: Sendable {
    private let queue = DispatchQueue(label: "credential-sweep", qos: .utility)
    // Set up before anybody else sees it; cancelling is safe from any thread.
    nonisolated(unsafe) private let timer: any DispatchSourceTimer

    init(_ sweep: CredentialSweep, clock: ServiceClock, log: StructuredLog) {
        timer = DispatchSource.makeTimerSource(queue: queue)
        timer.schedule(deadline: .now() + .seconds(1), repeating: .seconds(1), leeway: .milliseconds(200))
        timer.setEventHandler {
            guard let now = clock.now() else { return }
            do {
                try sweep.run(at: now)
            } catch {
                log.warning("the sweep of credentials failed", [("error", .text("\(error)"))])
            }
        }
        timer.activate()
    }

    deinit { timer.cancel() }

    /// Returns when a sweep under way has ended.
    func stop() {
        timer.cancel()
        queue.sync {}
    }
}
