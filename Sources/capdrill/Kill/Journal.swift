import Multiformats
import UCAN

/// Remembers what one connection was told, and so what must be true of the graph.
struct Journal {
    struct Grant {
        let token: UnverifiedToken
        /// Who receives it, as a place in the cast.
        let holder: Int
        let depth: Int
        /// Delegations of this journal it cites; none means that it rests on the session's root.
        let parents: [Int]
        let capabilities: [Capability]
        var isRevoked = false
    }

    struct Capability {
        let path: String
        /// The capability that covers it; nil means the session's root does.
        let support: (grant: Int, capability: Int)?
    }

    /// What was sent and not answered before the service was killed.
    enum Attempt {
        case grant(Grant)
        case revocation(of: Int, authorization: String)
        case use(authorization: String, expires: Timestamp)
        case put(path: String, bytes: [UInt8], authorization: String, expires: Timestamp)
    }

    private(set) var grants: [Grant] = []
    /// Revocations that were acknowledged: their targets and the tokens.
    private(set) var revocations: [(target: Int, authorization: String)] = []
    /// Invocations that were answered.
    private(set) var marks: [(authorization: String, expires: Timestamp)] = []
    /// Values that were acknowledged, by their paths.
    private(set) var values: [String: [UInt8]] = [:]
    var attempt: Attempt?

    mutating func acknowledge(_ attempt: Attempt) {
        switch attempt {
        case .grant(let grant): grants.append(grant)
        case .revocation(let target, let authorization):
            grants[target].isRevoked = true
            revocations.append((target, authorization))
        case .use(let authorization, let expires): marks.append((authorization, expires))
        case .put(let path, let bytes, let authorization, let expires):
            values[path] = bytes
            marks.append((authorization, expires))
        }
        self.attempt = nil
    }

    /// A delegation is dead when it or anything it cites is revoked, whatever that contributed.
    func isDead(_ grant: Int) -> Bool {
        grants[grant].isRevoked || grants[grant].parents.contains { isDead($0) }
    }

    /// A capability lives while everything it rests on lives; other proofs of the same delegation do not matter.
    private func isLive(_ grant: Int, _ capability: Int) -> Bool {
        guard !grants[grant].isRevoked else { return false }
        guard let support = grants[grant].capabilities[capability].support else { return true }
        return isLive(support.grant, support.capability)
    }

    /// True when a capability of one delegation covers one of the other: what rests on both would then rest on either,
    /// which `support` cannot say.
    func isOnOneLine(_ first: Int, _ second: Int) -> Bool {
        grants[first].capabilities.contains { one in
            grants[second].capabilities.contains { $0.path.hasPrefix(one.path) || one.path.hasPrefix($0.path) }
        }
    }

    /// Says what the gate must say of a holder and the path of a capability: each path lies only below the paths of
    /// the capabilities it rests on, so these are all that could allow it.
    func isAllowed(_ holder: Int, _ grant: Int, _ capability: Int) -> Bool {
        if grants[grant].holder == holder, isLive(grant, capability) { return true }
        guard let support = grants[grant].capabilities[capability].support else { return false }
        return isAllowed(holder, support.grant, support.capability)
    }
}
