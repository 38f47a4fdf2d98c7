public import Multiformats

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
