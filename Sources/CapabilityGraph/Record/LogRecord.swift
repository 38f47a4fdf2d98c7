/// One accepted change, as it is kept in the log.
public struct LogRecord: Sendable, Equatable {
    public enum Kind: UInt8, Sendable {
        case edge = 1
        /// The end of an edge as earlier releases wrote it: read, and written no more.
        case revocation = 2
        case hosting = 3
        case alias = 4
        /// An edge with the facts of its statement, by whose request.
        case statement = 5
        /// The end of an edge, and whether another one stands in its place.
        case ending = 6
        /// Facts that are no edge's.
        case note = 7
    }

    public let kind: Kind
    public let revision: UInt32
    /// Microseconds since 1970.
    public let recordedAt: Int64
    public let bytes: [UInt8]
}
