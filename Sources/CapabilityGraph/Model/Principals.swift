public import UCAN

/// Principals that are named by something else than a DID. Their texts cannot be mistaken for one another: a DID begins
/// with `did:` and has no `#`, a space with the prefix of its family, an application with `http`, the others with `urn:`.
extension DID {
    /// Everybody, known or not.
    public static let anyone = DID(trusted: "urn:capabilitygraph:anyone")

    private static let sessions = "urn:capabilitygraph:session:"
    private static let invites = "urn:capabilitygraph:invite:"
    private static let thumbprints = "urn:ietf:params:oauth:jwk-thumbprint:sha-256:"

    /// The members of a space, as a member of another one.
    public init(space: Space) { self.init(trusted: space.text) }

    /// An application, by the URL of its client metadata; throws `malformedPrincipal`.
    public init(application clientID: String) throws(GraphError) {
        guard clientID.hasPrefix("https://") || clientID.hasPrefix("http://"), Self.isPlain(clientID) else {
            throw GraphError(.malformedPrincipal, "`\(clientID.prefix(200))` is not a client id")
        }
        self.init(trusted: clientID)
    }

    /// The holder of a key, by its thumbprint of RFC 7638 (name of RFC 9278); throws `malformedPrincipal`.
    public init(thumbprint: String) throws(GraphError) {
        guard thumbprint.utf8.count == 43, thumbprint.utf8.allSatisfy(Self.isWord) else {
            throw GraphError(.malformedPrincipal, "`\(thumbprint.prefix(200))` is not a key's thumbprint")
        }
        self.init(trusted: Self.thumbprints + thumbprint)
    }

    /// A service, `did#fragment`; throws `malformedPrincipal`.
    public init(service identifier: String) throws(GraphError) {
        guard let parts = try? DID.principal(ofURL: identifier), let fragment = parts.fragment, !fragment.isEmpty else {
            throw GraphError(.malformedPrincipal, "`\(identifier.prefix(200))` is not a service of a DID")
        }
        self.init(trusted: parts.0.text + "#" + fragment)
    }

    /// A session of an account; throws `malformedPrincipal`.
    public init(session id: String) throws(GraphError) { try self.init(Self.sessions, id) }

    /// Whoever holds an invite's secret; throws `malformedPrincipal`.
    public init(invite id: String) throws(GraphError) { try self.init(Self.invites, id) }

    /// The id of an invite, where it is the principal.
    package var inviteID: String? {
        text.utf8.starts(with: Self.invites.utf8) ? String(text.utf8.dropFirst(Self.invites.utf8.count)) : nil
    }

    private init(_ prefix: String, _ id: String) throws(GraphError) {
        guard (1...128).contains(id.utf8.count), id.utf8.allSatisfy(Self.isWord) else {
            throw GraphError(.malformedPrincipal, "`\(id.prefix(200))` is not an id")
        }
        self.init(trusted: prefix + id)
    }

    /// Reads any principal but the members of a space (`Families.principal`); throws `malformedPrincipal`.
    init(principalOutsideSpaces text: String) throws(GraphError) {
        if text.hasPrefix("http") {
            try self.init(application: text)
        } else if text.hasPrefix(Self.thumbprints) {
            try self.init(thumbprint: String(text.dropFirst(Self.thumbprints.count)))
        } else if text.hasPrefix(Self.sessions) {
            try self.init(session: String(text.dropFirst(Self.sessions.count)))
        } else if text.hasPrefix(Self.invites) {
            try self.init(invite: String(text.dropFirst(Self.invites.count)))
        } else if text.utf8.elementsEqual(Self.anyone.text.utf8) || text.utf8.elementsEqual("anyone".utf8) {
            self = .anyone
        } else if text.utf8.contains(0x23) {
            try self.init(service: text)
        } else {
            do throws(UCANError) {
                try self.init(text)
            } catch {
                throw GraphError(.malformedPrincipal, error.message)
            }
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
        default: false
        }
    }

    private static func isPlain(_ text: String) -> Bool {
        text.utf8.count <= 2048 && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}
