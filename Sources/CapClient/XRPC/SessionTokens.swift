public import Multiformats

/// Holds the two tokens of a session: one for calls, one for the next pair.
public struct SessionTokens: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    public let access: String
    public let refresh: String

    public init(access: String, refresh: String) {
        self.access = access
        self.refresh = refresh
    }

    /// Reads `{accessJwt, refreshJwt}`.
    public init(_ answer: JSON) throws(ClientError) {
        self.init(access: try answer.text("accessJwt"), refresh: try answer.text("refreshJwt"))
    }

    public var description: String { "redacted" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
