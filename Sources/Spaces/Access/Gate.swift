import ATProto
package import CapabilityGraph
package import Storage
import UCAN

/// Decides every operation on permissioned spaces by questions to the graph (design law 5; atproto-spaces.md 5).
///
/// `permit` gives the value that effects demand. A refusal says no more than the caller may know: a space that is not
/// there and one that is not the caller's to see are refused alike.
package struct Gate: Sendable {
    let store: GraphStore
    let accounts: any AuthorityDirectory
    let managingApps: any ManagingAppClient
    let questions = ManagingAppSlots()
    /// True when app passwords act in spaces as their account does.
    let allowsAppPasswords: Bool

    package init(
        store: GraphStore, accounts: any AuthorityDirectory, managingApps: any ManagingAppClient = NoManagingApps(),
        allowsAppPasswords: Bool = false
    ) {
        self.store = store
        self.accounts = accounts
        self.managingApps = managingApps
        self.allowsAppPasswords = allowsAppPasswords
    }
}

extension Gate {
    /// Completes what a question says of a use by what this host alone knows: that the space is held elsewhere or nowhere,
    /// and whose repos are kept here.
    package func completed(
        _ context: CheckContext?, of ability: Ability, on resource: Resource
    ) throws -> CheckContext? {
        guard let space = resource.space, space.family == .atproto, let uri = try? SpaceURI(space.text) else {
            return context
        }
        let view = try LazyView(store, accounts)
        defer { view.close() }
        let author = resource.path.flatMap { try? DID(String($0.prefix { $0 != "/" })) }
        var completed = context ?? CheckContext()
        // Asked of every space, so that one that is not there costs no more than one that is hidden.
        let isUnderHostedAuthority = try isUnderHostedAuthority(space, view.view)
        switch view.view.standing(of: uri) {
        case .live: break
        case .absent where !isUnderHostedAuthority:
            // What is put into a repo is put into one that is kept here.
            if ability == .spaceRead {
                completed.isHeldElsewhere = true
            } else if let author {
                completed.isHeldElsewhere = try view.view.isHosted(author, by: accounts)
            }
        case .absent, .deleted: completed.isOfNoSpace = true
        }
        if ability == .spaceDelete, let author {
            completed.isOfNoRepo = try RepoReader(view.view.tables).head(space: uri, author: author.text) == nil
        }
        return completed.isEmpty ? nil : completed
    }

    /// True for a space under an authority whose spaces are all made here.
    func isUnderHostedAuthority(_ space: Space, _ view: GateView) throws -> Bool {
        try view.isHosted(space.owner, by: accounts) || accounts.isServiceAuthority(space.owner)
    }
}
