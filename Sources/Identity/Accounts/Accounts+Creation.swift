package import ATProto
import Storage
package import UCAN

extension Accounts {
    package func create(_ new: NewAccount, at now: Timestamp) throws -> (Account, SessionTokens) {
        try create(new, hash: hash(of: new), at: now)
    }

    /// Hashes the password of an account that is to be made, which is slow on purpose.
    package func hash(of new: NewAccount) throws -> PasswordHash { try passwords.hash(new.password) }

    /// Makes an account with its first session, in one transaction.
    ///
    /// Throws `handleNotAvailable` when the handle or the DID has an account here already.
    package func create(
        _ new: NewAccount, hash: PasswordHash, at now: Timestamp
    ) throws -> (Account, SessionTokens) {
        let (publicKey, box) = try sealed(new)
        let account = Account(
            did: new.did, handle: new.handle.text, publicKey: publicKey, hasPrivateKey: box != nil,
            isDocumentedHere: new.isDocumentedHere, status: .active, createdAt: now)
        let session = try NewSession(of: new.did, appPassword: nil, at: now)
        try store.transact(at: now) { transaction in
            guard
                try !transaction.exists(AccountTable.self, where: [AccountTable.did.is(account.did.text)]),
                try !transaction.exists(AccountTable.self, where: [AccountTable.handle.is(account.handle)])
            else { throw IdentityError(.handleNotAvailable, "the handle `\(account.handle)` is taken") }
            try transaction.insert(
                AccountTable.self,
                [
                    AccountTable.did.to(account.did.text), AccountTable.handle.to(account.handle),
                    AccountTable.password.to(hash.text), AccountTable.publicKey.to(account.publicKey.did.text),
                    AccountTable.keyBox.to(box), AccountTable.isDocumentedHere.to(account.isDocumentedHere),
                    AccountTable.status.to(account.status.rawValue), AccountTable.createdAt.to(now.microseconds),
                ])
            try session.open(in: transaction)
        }
        return (account, tokens(for: session, at: now))
    }

    private func sealed(_ new: NewAccount) throws -> (PublicKey, [UInt8]?) {
        switch new.key {
        case .external(let key): return (key, nil)
        case .imported(let key): return (key.publicKey, try vault.seal(key, of: new.did.text, .atproto))
        case .fresh:
            let key = try PrivateKey.generate(.secp256k1)
            return (key.publicKey, try vault.seal(key, of: new.did.text, .atproto))
        }
    }
}

/// What an account is made from, checked; see `Accounts.create`.
package struct NewAccount: Sendable {
    /// Whose key signs for the account.
    package enum Key: Sendable {
        /// A fresh secp256k1 key, kept here.
        case fresh
        /// A key brought along, kept here from now on.
        case imported(PrivateKey)
        /// A key that its owner keeps: this host cannot sign for the account.
        case external(PublicKey)
    }

    package let handle: Handle
    package let password: String
    package let did: DID
    package let key: Key
    /// True when this host publishes the DID document.
    package let isDocumentedHere: Bool

    /// Throws `invalidPassword` for one that `PasswordRules` does not take.
    package init(
        handle: Handle, password: String, did: DID, key: Key = .fresh, isDocumentedHere: Bool = true
    ) throws(IdentityError) {
        try PasswordRules.check(password)
        self.handle = handle
        self.password = password
        self.did = did
        self.key = key
        self.isDocumentedHere = isDocumentedHere
    }
}
