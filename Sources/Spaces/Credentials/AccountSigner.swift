import ATProto
package import Identity
import Storage
package import UCAN

/// Signs tokens in the name of accounts hosted here.
package protocol AccountSigner: Sendable {
    /// The `#atproto` key of an active account; throws a refusal for one that is not, and `InvalidRequest` for one whose
    /// key is not kept here.
    func key(of account: DID) throws -> PrivateKey
    /// The fragment under which an authority publishes the key: `#atproto_space` where it publishes it so, else
    /// `#atproto` (section 4.4).
    func credentialKeyID(of authority: DID, _ key: PublicKey) throws -> String
}

/// Signs with the keys of the accounts of this host.
package struct HostedSigner: AccountSigner {
    private let accounts: Accounts
    private let resolver: IdentityResolver

    package init(accounts: Accounts, resolver: IdentityResolver) {
        self.accounts = accounts
        self.resolver = resolver
    }

    package func key(of account: DID) throws -> PrivateKey {
        guard let found = try accounts.account(account), found.status == .active else {
            throw AccessRefusal("Forbidden", "the account is not active on this host")
        }
        guard let key = try accounts.signingKey(account) else {
            throw ATProtoError("InvalidRequest", "this host does not keep the key of the account")
        }
        return key
    }

    package func credentialKeyID(of authority: DID, _ key: PublicKey) throws -> String {
        // A document that cannot be had now, or names another key, leaves what every account publishes.
        do {
            guard let published = try resolver.document(of: authority.text).spaceKey(), published.key == key else {
                return KeyID.account
            }
            return published.keyID
        } catch let error as StorageError {
            throw error
        } catch {
            return KeyID.account
        }
    }
}
