import ATProto
package import Storage

/// Decides every operation on permissioned spaces by questions to the graph (design law 5; atproto-spaces.md 5).
///
/// `permit` gives the value that effects demand. A refusal says no more than the caller may know: a space that is not
/// there and one that is not the caller's to see are refused alike.
package struct Gate: Sendable {
    let store: GraphStore
    let accounts: any AuthorityDirectory
    let managingApps: any ManagingAppClient
    /// True when app passwords act in spaces as their account does.
    let allowsAppPasswords: Bool
    /// True for a gate that lets nothing through, with which a test finds effects that do not ask.
    let isClosed: Bool

    package init(
        store: GraphStore, accounts: any AuthorityDirectory, managingApps: any ManagingAppClient = NoManagingApps(),
        allowsAppPasswords: Bool = false
    ) {
        self.init(store, accounts, managingApps, allowsAppPasswords: allowsAppPasswords, isClosed: false)
    }

    private init(
        _ store: GraphStore, _ accounts: any AuthorityDirectory, _ managingApps: any ManagingAppClient,
        allowsAppPasswords: Bool, isClosed: Bool
    ) {
        self.store = store
        self.accounts = accounts
        self.managingApps = managingApps
        self.allowsAppPasswords = allowsAppPasswords
        self.isClosed = isClosed
    }

    /// The same gate, shut.
    package var denyingAll: Gate {
        Gate(store, accounts, managingApps, allowsAppPasswords: allowsAppPasswords, isClosed: true)
    }
}
