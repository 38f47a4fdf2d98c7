import ATProto

/// A refusal by its wire name; the status follows from the name and the namespace called (atproto-spaces.md 20).
struct XRPCError: Error, Sendable {
    let name: String
    let message: String
    /// Replaces the status of the table.
    var status: Int?
    /// Replaces the `WWW-Authenticate` of a 401.
    var challenge: String?
    /// Further headers, such as `RateLimit-*`.
    var headers: [(String, String)] = []
    /// Whole seconds until the same call may succeed.
    var retryAfter: Int?
    /// The private half, for the log only.
    var detail: String?

    init(
        _ name: String, _ message: String, status: Int? = nil, challenge: String? = nil, retryAfter: Int? = nil,
        detail: String? = nil
    ) {
        self.name = name
        self.message = message
        self.status = status
        self.challenge = challenge
        self.retryAfter = retryAfter
        self.detail = detail
    }

    init(_ error: ATProtoError) { self.init(error.name, error.message) }

    static func invalidRequest(_ message: String) -> XRPCError { XRPCError("InvalidRequest", message) }

    /// What an absent space, and one the caller may not know of, is answered; nothing tells the two apart.
    static let spaceNotFound = XRPCError("SpaceNotFound", "the space does not exist")

    /// Gives the HTTP status under a namespace.
    func status(isAlias: Bool) -> Int { status ?? Self.status(of: name, isAlias: isAlias) }
}
