public import Multiformats

/// Holds what the service says after it stored a delegation.
public struct DelegateReceipt: Sendable, Hashable {
    public let cid: String
    /// Spaces of this service the delegation now counts in.
    public let activated: [String]
    /// Spaces it names that this service does not host.
    public let skipped: [String]
    /// The answer as it came.
    public let json: JSON

    init(_ bytes: [UInt8]) throws(ClientError) {
        json = try JSON.answer(bytes)
        cid = try json.text("cid")
        activated = try json.texts("activated")
        skipped = try json.texts("skipped")
    }
}

/// Holds what the service says after it recorded a revocation.
public struct RevokeReceipt: Sendable, Hashable {
    public let cid: String
    /// The answer as it came.
    public let json: JSON

    init(_ bytes: [UInt8]) throws(ClientError) {
        json = try JSON.answer(bytes)
        guard try json.truth("revoked") else {
            throw ClientError(.invalidAnswer, "the service did not revoke")
        }
        cid = try json.text("cid")
    }
}
