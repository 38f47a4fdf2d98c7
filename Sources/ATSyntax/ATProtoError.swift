/// Says why text, bytes or a token of the AT Protocol was refused.
public struct ATProtoError: Error, Hashable, Sendable {
    /// A stable name: the error name of the wire where the specification has one (atproto-spaces.md 20), else ours.
    public let name: String
    public let message: String

    public init(_ name: String, _ message: String) {
        self.name = name
        self.message = message
    }
}
