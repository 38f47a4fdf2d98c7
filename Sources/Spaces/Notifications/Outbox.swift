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
        if replacing { try change.run("DELETE FROM outbox WHERE lane = ?1", [.text(lane)]) }
        try change.run(
            """
            INSERT INTO outbox(lane, method, space, issuer, service, audience, body, created_at) \
            VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """,
            [
                .text(lane), .text(method), .text(space), .text(issuer), .text(service), .text(audience), .blob(body),
                .integer(change.now.microseconds),
            ])
        try change.run(
            """
            DELETE FROM outbox WHERE id IN \
            (SELECT id FROM outbox WHERE lane = ?1 ORDER BY id DESC LIMIT -1 OFFSET \(maxPerLane))
            """, [.text(lane)])
    }

    /// The lanes that have something to send.
    static func lanes(_ reader: any TableReader) throws -> [String] {
        try reader.rows("SELECT DISTINCT lane FROM outbox") { $0.text(0) }
    }

    static func next(_ reader: any TableReader, lane: String) throws -> OutboxMessage? {
        try reader.first(
            """
            SELECT id, method, space, issuer, service, audience, body, created_at FROM outbox \
            WHERE lane = ?1 ORDER BY id LIMIT 1
            """, [.text(lane)]
        ) { row in
            OutboxMessage(
                id: row.integer(0), lane: lane, method: row.text(1), space: row.text(2), issuer: row.text(3),
                service: row.text(4), audience: row.text(5), body: row.bytes(6),
                createdAt: Timestamp(microseconds: row.integer(7)))
        }
    }

    static func remove(_ change: TableChange, _ message: OutboxMessage) throws {
        try change.run("DELETE FROM outbox WHERE id = ?1", [.integer(message.id)])
    }
}
