/// Names one parameter or member, with the spellings it had in other versions of the protocol.
struct XRPCField: Sendable, ExpressibleByStringLiteral {
    let name: String
    /// Spellings taken under every namespace, such as `type` for `spaceType`.
    let spellings: [String]
    /// Spellings taken under HappyView's names only, such as `spaceUri` for `space` (atproto-spaces.md 16).
    let legacy: [String]

    init(_ name: String, or spellings: [String] = [], legacy: [String] = []) {
        self.name = name
        self.spellings = spellings
        self.legacy = legacy
    }

    init(stringLiteral name: String) { self.init(name) }

    /// Every spelling a call of that namespace may use.
    func names(isAlias: Bool) -> [String] { [name] + spellings + (isAlias ? legacy : []) }

    static let space = XRPCField("space", legacy: ["spaceUri"])
    static let did = XRPCField("did", legacy: ["memberDid"])
    static let spaceType = XRPCField("spaceType", or: ["type"], legacy: ["typeNsid"])
    static let repoRev = XRPCField("repoRev", or: ["rev"])
}
