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

    /// Makes the answer a service would give for a state of these names.
    public init(cid: String, status: String) {
        self.cid = cid
        self.status = status
        exists = status != "not_found"
        isActive = status == "active"
        json = [
            "cid": .string(cid), "status": .string(status), "exists": .bool(exists), "active": .bool(isActive),
            "revoked": .bool(status == "revoked"), "expired": .bool(status == "expired"),
        ]
    }
}
