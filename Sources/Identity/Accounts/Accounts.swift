package import ATProto
import Multiformats
package import Storage
import Synchronization
package import UCAN

/// Keeps the accounts hosted here: their names, passwords, keys and sessions.
package final class Accounts: Sendable {
    let store: GraphStore
    let vault: KeyVault
    let passwords: PasswordChecker
    /// What session tokens are made for: a name of this service that outlives a change of its address.
    let audience: String
    /// For how many seconds a refresh token that was used is answered again as it was.
    let refreshGrace: Int64
    private let cache = Mutex(Cache())
    /// What access tokens say whose tag was found sound, by the hash of their text.
    let accessClaims = BoundedCache<Digest, KnownClaims>(generation: 4096)

    /// What was read lately; emptied when it has grown too large.
    private struct Cache {
        var accounts: [String: Account] = [:]
        var keys: [String: PrivateKey] = [:]
        /// Counts what was forgotten: what was read before is not remembered after.
        var generation = 0
    }

    /// The claims of a sound token, good before this Unix second.
    struct KnownClaims: Sendable {
        let claims: SessionClaims
        let expiresAt: Int64
    }

    private static let cacheLimit = 4096
    private static let proofKey = "account-key-vault"

    /// Opens the key file of a data folder, making it with the first account service that runs there.
    package init(
        store: GraphStore, keyFile: String, audience: String, refreshGrace: Int64 = 0,
        cost: PasswordHash.Cost = .standard
    ) throws {
        self.store = store
        self.audience = audience
        self.refreshGrace = refreshGrace
        // Where nothing is sealed yet, as in a backup of a service without accounts, a new key file does no harm.
        let isInUse = try store.read { try Self.isSealing($0) }
        if let proof = try store.meta(Self.proofKey) {
            vault = try KeyVault.open(keyFile, proof: isInUse ? proof : nil)
            // A start writes nothing that is there already: it must succeed on a full disk.
            if !vault.recognises(proof) { try store.setMeta(Self.proofKey, vault.proof()) }
        } else {
            guard try MasterKey.read(keyFile) == nil else {
                throw Self.lost("the database is new, and the key file `\(keyFile)` is of another", keyFile)
            }
            // In this order, so that a key file is never there without a database that knows it.
            let master = try MasterKey()
            vault = try KeyVault(master)
            try store.setMeta(Self.proofKey, vault.proof())
            try master.write(to: keyFile)
        }
        passwords = try PasswordChecker(cost: cost)
    }

    /// Whether anything was sealed with the key file.
    private static func isSealing(_ tables: any TableReader) throws -> Bool {
        try tables.exists(AccountTable.self, where: [AccountTable.keyBox.isNotNull])
    }

    /// Refuses the key file where a store that another node serves has keys that are sealed with another one.
    package static func checkKeyFile(
        _ keyFile: String, against tables: any TableReader, _ meta: (String) throws -> [UInt8]?
    ) throws {
        // Once it is there, so are the tables.
        guard let proof = try meta(proofKey), try isSealing(tables) else { return }
        _ = try KeyVault.open(keyFile, proof: proof)
    }

    /// Refuses to make a new database where the key file of one that is gone still lies.
    package static func checkNothingIsLost(store: String, isThere: Bool, keyFile: String) throws {
        guard !isThere, try MasterKey.read(keyFile) != nil else { return }
        throw lost("the database `\(store)` is gone or empty, and its key file `\(keyFile)` is still there", keyFile)
    }

    private static func lost(_ message: String, _ keyFile: String) -> IdentityError {
        IdentityError(
            .keyFile, message, hint: "restore the database from a backup, or remove `\(keyFile)` to start afresh")
    }

    /// Finds an account by its DID; nil when it is not hosted here.
    package func account(did: String) throws -> Account? {
        // What was remembered is found by `==`, which other bytes may meet too.
        guard did.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        let (known, generation) = cache.withLock { ($0.accounts[did], $0.generation) }
        if let known { return known }
        let found = try store.read { try AccountRow.first(AccountTable.did.is(did), in: $0) }
        if let found { remember(since: generation) { $0.accounts[did] = found } }
        return found
    }

    package func account(_ did: DID) throws -> Account? { try account(did: did.text) }

    /// Finds an account from inside a read or a change, by the tables that it has. What they say is remembered, and what is
    /// remembered is told, where they were opened after `era` was taken; without one the rows alone count, as a change sees
    /// what it has changed itself.
    package func account(_ did: DID, in tables: any TableReader, since era: Int?) throws -> Account? {
        if era != nil, let known = cache.withLock({ $0.accounts[did.text] }) { return known }
        let found = try AccountRow.first(AccountTable.did.is(did.text), in: tables)
        if let found, let era { remember(since: era) { $0.accounts[did.text] = found } }
        return found
    }

    /// How much was forgotten until now.
    package var era: Int { cache.withLock { $0.generation } }

    /// Finds an account by what somebody signs in by.
    package func account(named name: SignInName) throws -> Account? {
        switch name {
        case .did(let did): try account(did)
        case .handle(let handle): try account(handle: handle)
        case .nobody: nil
        }
    }

    /// Finds an account by its handle, in any case.
    package func account(handle: Handle) throws -> Account? {
        try store.read { try AccountRow.first(AccountTable.handle.is(handle.text), in: $0) }
    }

    /// True for a DID whose repositories and sessions are kept here.
    package func isHosted(_ did: DID) throws -> Bool { try account(did) != nil }

    /// The key this host signs with for an account; nil when its owner keeps the key.
    package func signingKey(_ did: DID) throws -> PrivateKey? {
        let (known, generation) = cache.withLock { ($0.keys[did.text], $0.generation) }
        if let known { return known }
        guard let account = try account(did) else { return nil }
        let box = try store.read { reader in
            try reader.first(AccountTable.self, [AccountTable.keyBox], where: [AccountTable.did.is(did.text)]) {
                $0[AccountTable.keyBox]
            }
        }
        guard let box = box ?? nil else { return nil }
        let key = try vault.open(box, curve: account.publicKey.curve, of: did.text, .atproto)
        guard key.publicKey == account.publicKey else {
            throw IdentityError(.cryptoFailure, "the sealed key of `\(did)` is not the one its account names")
        }
        remember(since: generation) { $0.keys[did.text] = key }
        return key
    }

    /// Changes what an account may do; takes effect with the next request. Its sessions end where it may not act: who
    /// comes back signs in anew.
    package func setStatus(_ status: Account.Status, of did: DID, at now: Timestamp) throws {
        try store.transact(at: now) { transaction in
            let count = try transaction.update(
                AccountTable.self, [AccountTable.status.to(status.rawValue)], where: [AccountTable.did.is(did.text)])
            guard count == 1 else { throw Self.notFound(did) }
            switch status {
            case .suspended, .takenDown:
                try Self.endSessions(of: did, reason: "the account may not act", in: transaction)
            case .active, .deactivated: break
            }
        }
        forget(did)
    }

    /// Forgets an account: its sessions end, and its name, passwords and key go. What it wrote is for others to delete, in
    /// the same transaction.
    package func delete(_ did: DID, in transaction: StoreTransaction) throws {
        try Self.endSessions(of: did, reason: "the account was deleted", in: transaction)
        try transaction.delete(AppPasswordTable.self, where: [AppPasswordTable.did.is(did.text)])
        guard try transaction.delete(AccountTable.self, where: [AccountTable.did.is(did.text)]) == 1 else {
            throw Self.notFound(did)
        }
        transaction.afterCommit { [self] in forget(did) }
    }

    private static func notFound(_ did: DID) -> IdentityError {
        IdentityError(.accountNotFound, "there is no account `\(did)` here")
    }

    func forget(_ did: DID) {
        cache.withLock { cache in
            cache.accounts[did.text] = nil
            cache.keys[did.text] = nil
            cache.generation += 1
        }
    }

    private func remember(since generation: Int, _ change: (inout Cache) -> Void) {
        cache.withLock { cache in
            guard cache.generation == generation else { return }
            if cache.accounts.count + cache.keys.count >= Self.cacheLimit {
                cache = Cache(generation: cache.generation)
            }
            change(&cache)
        }
    }
}
