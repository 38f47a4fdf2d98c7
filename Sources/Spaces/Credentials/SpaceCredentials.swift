import ATProto
package import Identity
package import Storage
package import UCAN

/// Mints delegation tokens and space credentials, each an edge that rests on what admits its user, and takes them back
/// (atproto-spaces.md 4).
package struct SpaceCredentials: Sendable {
    let store: GraphStore
    let signer: any AccountSigner
    let documents: RemoteDocuments
    /// Seconds a credential lives, as far as its binding allows.
    let lifetime: Int64

    package init(
        store: GraphStore, signer: any AccountSigner, documents: RemoteDocuments,
        lifetime: Int64 = SpaceCredential.defaultLifetime
    ) {
        self.store = store
        self.signer = signer
        self.documents = documents
        self.lifetime = lifetime
    }

    /// What was minted.
    package struct Minted: Hashable, Sendable {
        package let text: String
        /// Its `jti`.
        package let id: String
        package let expiresAt: Timestamp
    }
}
