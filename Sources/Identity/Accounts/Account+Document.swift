package import ATProto
package import UCAN

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
