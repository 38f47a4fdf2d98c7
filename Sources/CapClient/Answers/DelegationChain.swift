public import Multiformats

/// Holds every link from one delegation to its roots, leaf first.
public struct DelegationChain: Sendable, Hashable {
    public let links: [ListedDelegation]
    /// The answer as it came.
    public let json: JSON

    /// Reads an array of delegations, bare or as `chain` or `links` of an object.
    public init(_ bytes: [UInt8]) throws(ClientError) {
        json = try JSON.answer(bytes)
        links = try ListedDelegation.list(json["chain"] ?? json["links"] ?? json)
    }
}
