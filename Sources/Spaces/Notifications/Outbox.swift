import Storage
package import UCAN

/// A message on its way to another service.
package struct OutboxMessage: Sendable {
    package let id: Int64
    package let lane: String
    /// The NSID that is called.
    package let method: String
    package let space: String
    /// Whose key signs the call.
    package let issuer: String
    /// The service it goes to, `did` or `did#fragment`.
    package let service: String
    /// The `aud` of the call.
    package let audience: String
    package let body: [UInt8]
    package let createdAt: Timestamp
}

/// Keeps what is still to be told, in the same transaction as what happened (atproto-spaces.md 17).
package enum Outbox {
    /// Messages one lane keeps; the oldest goes first, and its absence shows as a gap in `prevSpaceRev`.
    static let maxPerLane = 10_000
    /// How long a message is tried for.
    static let lifetime: Int64 = 24 * 3600 * 1_000_000

    static func put(
        _ change: TableChange, lane: String, method: String, space: String, issuer: String, service: String,
        audience: String, body: [UInt8], replacing: Bool = false
    ) throws {
        let inLane = OutboxTable.lane.is(lane)
        if replacing { try change.delete(OutboxTable.self, where: [inLane]) }
        try change.insert(
            OutboxTable.self,
            [
                OutboxTable.lane.to(lane), OutboxTable.method.to(method), OutboxTable.space.to(space),
                OutboxTable.issuer.to(issuer), OutboxTable.service.to(service), OutboxTable.audience.to(audience),
                OutboxTable.body.to(body), OutboxTable.createdAt.to(change.now.microseconds),
            ])
        let surplus = try change.first(
            OutboxTable.self, [OutboxTable.id], where: [inLane], order: [OutboxTable.id.descending],
            offset: maxPerLane
        ) { $0[OutboxTable.id] }
        if let surplus {
            try change.delete(OutboxTable.self, where: [inLane, OutboxTable.id.isAtMost(surplus)])
        }
    }

    /// The lanes that have something to send.
    static func lanes(_ reader: any TableReader) throws -> [String] {
        var lanes: [String] = []
        // From one lane to the next, however many messages wait in it.
        while let lane = try reader.first(
            OutboxTable.self, [OutboxTable.lane], where: lanes.last.map { [OutboxTable.lane.isAbove($0)] } ?? [],
            order: [OutboxTable.lane.ascending], { $0[OutboxTable.lane] })
        {
            lanes.append(lane)
        }
        return lanes
    }

    static func next(_ reader: any TableReader, lane: String) throws -> OutboxMessage? {
        try reader.first(
            OutboxTable.self, where: [OutboxTable.lane.is(lane)], order: [OutboxTable.id.ascending]
        ) { row in
            OutboxMessage(
                id: row[OutboxTable.id], lane: lane, method: row[OutboxTable.method], space: row[OutboxTable.space],
                issuer: row[OutboxTable.issuer], service: row[OutboxTable.service],
                audience: row[OutboxTable.audience], body: row[OutboxTable.body],
                createdAt: Timestamp(microseconds: row[OutboxTable.createdAt]))
        }
    }

    static func remove(_ change: TableChange, _ message: OutboxMessage) throws {
        try change.delete(OutboxTable.self, where: [OutboxTable.id.is(message.id)])
    }
}
