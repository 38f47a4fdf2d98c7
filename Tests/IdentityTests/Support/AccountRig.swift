import ATProto
import CapTesting
import CapabilityGraph
import Storage
import UCAN

@testable import Identity

/// Accounts in a store of their own, with passwords that cost nothing.
final class AccountRig {
    let folder: TemporaryFolder
    let store: GraphStore
    let accounts: Accounts
    var now = Timestamp(seconds: 1_800_000_000)

    /// `refreshGrace` is in seconds.
    init(in folder: TemporaryFolder = TemporaryFolder(), refreshGrace: Int64 = 0) throws {
        self.folder = folder
        store = try GraphStore.open(
            path: folder.path + "/log.sqlite", families: try Families.standard(), limits: GraphLimits())
        accounts = try Accounts(
            store: store, keyFile: folder.path + "/keys", audience: "did:web:localhost%3A1", refreshGrace: refreshGrace,
            cost: PasswordHash.Cost(logN: 4, r: 8, p: 1))
    }

    deinit { store.close() }

    @discardableResult
    func make(_ name: String, password: String = "a secret of hers", key: NewAccount.Key = .fresh) throws -> (
        Account, SessionTokens
    ) {
        try accounts.create(
            NewAccount(
                handle: Handle("\(name).localhost"), password: password,
                did: DID("did:web:\(name).localhost%3A1"), key: key),
            at: now)
    }

    func login(_ identifier: String, _ password: String = "a secret of hers") throws -> (
        Accounts.LiveSession, SessionTokens
    ) {
        try accounts.login(SignInName(identifier), password: password, at: now)
    }

    func refresh(_ token: String) throws -> (Accounts.LiveSession, SessionTokens) {
        try accounts.refresh(token, at: now)
    }

    func session(_ token: String) throws -> Accounts.LiveSession { try accounts.session(access: token, at: now) }

    /// The code of the error that a call throws; nil for none.
    func code<Value>(_ body: () throws -> Value) -> IdentityError.Code? {
        do {
            _ = try body()
            return nil
        } catch let error as IdentityError {
            return error.code
        } catch {
            return .cryptoFailure
        }
    }
}
