public import Multiformats

/// Holds the standing of one delegation.
public struct DelegationStatus: Sendable, Hashable {
    public let cid: String
    /// `active`, `revoked`, `expired`, `unavailable`, or `not_found` for unknown and not allowed alike.
    public let status: String
    public let exists: Bool
    public let isActive: Bool
    /// The answer as it came.
    public let json: JSON

    init(_ bytes: [UInt8]) throws(ClientError) {
        json = try JSON.answer(bytes)
        cid = try json.text("cid")
        status = try json.text("status")
        exists = try json.truth("exists")
        isActive = try json.truth("active")
    }
}
