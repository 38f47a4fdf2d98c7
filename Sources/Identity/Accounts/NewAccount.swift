package import ATProto
package import UCAN

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

    package static let maximumPassword = 256

    /// Throws `invalidPassword` for an empty password and one above 256 bytes.
    package init(
        handle: Handle, password: String, did: DID, key: Key = .fresh, isDocumentedHere: Bool = true
    ) throws(IdentityError) {
        guard (1...Self.maximumPassword).contains(password.utf8.count) else {
            throw IdentityError(.invalidPassword, "a password has 1 to \(Self.maximumPassword) bytes")
        }
        self.handle = handle
        self.password = password
        self.did = did
        self.key = key
        self.isDocumentedHere = isDocumentedHere
    }
}
