public import Multiformats

/// Holds every link from one delegation to its roots, leaf first.
public struct DelegationChain: Sendable, Hashable {
    public let links: [ListedDelegation]
    /// The same delegations as documents, each with its `cid`.
    public let documents: [JSON]
    /// The answer as it came.
    public let json: JSON

    /// Reads an array of delegations, bare or as `chain` or `links` of an object.
    public init(_ bytes: [UInt8]) throws(ClientError) {
        json = try JSON.answer(bytes)
        let listed = json["chain"] ?? json["links"] ?? json
        links = try ListedDelegation.list(listed)
        documents = ListedDelegation.documents(listed)
    }
}
