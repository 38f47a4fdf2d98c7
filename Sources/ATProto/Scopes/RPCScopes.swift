/// Holds the usable `rpc:` scopes of one grant: which methods of which services an app may call in its user's name.
public struct RPCScopes: Hashable, Sendable {
    public static let none = RPCScopes([])

    fileprivate struct Scope: Hashable {
        /// NSIDs; nil for every method.
        let methods: Set<String>?
        /// A DID with or without fragment; nil for every service.
        let audience: String?
    }

    private let scopes: [Scope]

    private init(_ scopes: [Scope]) { self.scopes = scopes }

    /// Takes the blank-separated scopes of a grant; those that are unusable or about something else are left out.
    public init(parsing text: String) {
        guard text.utf8.count <= SpaceScopes.maximumLength else {
            scopes = []
            return
        }
        scopes = text.utf8.split(separator: UInt8(ascii: " ")).compactMap { Scope(Array($0)) }
    }

    /// Tests a call of `method`, nil for one of no method by name, at a service.
    public func allows(method: String?, audience: String) -> Bool {
        scopes.contains { scope in
            guard scope.audience.map(audience.isExactly) ?? true else { return false }
            guard let methods = scope.methods else { return true }
            return method.map(methods.contains) ?? false
        }
    }
}

extension RPCScopes.Scope {
    private static let maximumParameters = 128

    /// Reads `rpc:{method}?aud={service}` or `rpc?lxm={method}[&lxm=…]&aud={service}`; `*` stands for all of either, but
    /// not of both.
    fileprivate init?(_ text: [UInt8]) {
        guard text.starts(with: "rpc".utf8), let question = text.firstIndex(of: UInt8(ascii: "?")) else { return nil }
        let head = text[3..<question]
        var names: [String] = []
        var audiences: [String] = []
        if head.first == UInt8(ascii: ":") {
            guard let name = PercentText.decode(head.dropFirst()) else { return nil }
            names.append(name)
        } else if !head.isEmpty {
            return nil
        }
        let parts = text[(question + 1)...].split(
            separator: UInt8(ascii: "&"), maxSplits: Self.maximumParameters, omittingEmptySubsequences: false)
        guard parts.count <= Self.maximumParameters else { return nil }
        for part in parts {
            let halves = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2, let value = PercentText.decode(halves[1]) else { return nil }
            switch PercentText.decode(halves[0]) {
            case "lxm": names.append(value)
            case "aud": audiences.append(value)
            default: return nil
            }
        }
        guard !names.isEmpty, audiences.count == 1 else { return nil }
        let isAnyMethod = names.contains { $0.isExactly("*") }
        guard isAnyMethod || names.allSatisfy({ NSID.isValid($0) }) else { return nil }
        methods = isAnyMethod ? nil : Set(names)
        if audiences[0].isExactly("*") {
            audience = nil
        } else {
            guard (try? ServiceIdentifier(audiences[0])) != nil else { return nil }
            audience = audiences[0]
        }
        guard methods != nil || audience != nil else { return nil }
    }
}
