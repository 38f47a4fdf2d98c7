package import ATProto
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

extension Account {
    /// The document this host publishes for the account; nil when another host does.
    ///
    /// A did:key account has one too, which adds to its key where its account is; nobody else can see that.
    package func hostedDocument(at endpoint: String) throws -> DIDDocument? {
        guard isDocumentedHere else { return nil }
        return try DIDDocument.make(
            did: did.text, handle: try Handle(handle), keys: [(KeyID.account, publicKey)],
            services: [
                (ServiceID.personalDataServer, "AtprotoPersonalDataServer", endpoint),
                (ServiceID.spaceHost, "AtprotoSpaceHost", endpoint),
            ])
    }

    /// The key that the document this host publishes holds under a fragment, without making the document.
    package func hostedKey(_ keyID: String) -> PublicKey? { keyID == KeyID.account ? publicKey : nil }
}
