package import UCAN

/// One account hosted here.
package struct Account: Hashable, Sendable {
    package enum Status: Int64, Sendable {
        case active = 0
        case deactivated = 1
        case suspended = 2
        case takenDown = 3

        /// The word of `getSession`; nil for an active account.
        package var word: String? {
            switch self {
            case .active: nil
            case .deactivated: "deactivated"
            case .suspended: "suspended"
            case .takenDown: "takendown"
            }
        }
    }

    package let did: DID
    /// In lower case.
    package let handle: String
    /// The `#atproto` key.
    package let publicKey: PublicKey
    /// True when this host can sign for the account.
    package let hasPrivateKey: Bool
    /// True when this host publishes the account's DID document.
    package let isDocumentedHere: Bool
    package let status: Status
    package let createdAt: Timestamp
}

extension Account {
    /// Throws `accountTakedown` for an account that may not act, by whatever it speaks.
    package func requireStanding() throws(IdentityError) {
        guard status != .takenDown, status != .suspended else {
            throw IdentityError(.accountTakedown, "the account has been taken down")
        }
    }
}
