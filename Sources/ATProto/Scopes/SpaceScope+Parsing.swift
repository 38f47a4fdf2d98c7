public import Multiformats

extension SpaceScope {
    /// Longest scope that is read, in bytes.
    public static let maximumLength = 8192
    static let maximumParameters = 128

    /// Reads `space:{type}[?…]` or `space?type={type}[&…]`; nil for what section 6 makes unusable, and other scopes.
    ///
    /// Values are percent-decoded, so a DID that holds a percent-escape is written with `%25`.
    public init?(_ text: String) {
        let bytes = Array(text.utf8.prefix(SpaceScope.maximumLength + 1))
        guard bytes.count <= SpaceScope.maximumLength, bytes.starts(with: "space".utf8) else { return nil }
        let question = bytes.firstIndex(of: UInt8(ascii: "?"))
        let head = bytes[5..<(question ?? bytes.count)]
        var pairs: [(name: String, value: String)] = []
        if let question {
            let parts = bytes[(question + 1)...].split(
                separator: UInt8(ascii: "&"), maxSplits: SpaceScope.maximumParameters,
                omittingEmptySubsequences: false)
            guard parts.count <= SpaceScope.maximumParameters else { return nil }
            for part in parts {
                let halves = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
                guard halves.count == 2, let name = PercentText.decode(halves[0]),
                    let value = PercentText.decode(halves[1])
                else { return nil }
                pairs.append((name, value))
            }
        }
        if head.first == UInt8(ascii: ":") {
            guard let type = PercentText.decode(head.dropFirst()) else { return nil }
            pairs.append(("type", type))
        } else if !head.isEmpty {
            return nil
        }
        self.init(pairs)
    }

    /// Reads an entry of a permission set; nil for one that is unusable or not about spaces.
    ///
    /// The type must be concrete and in the namespace of the set: below the set's name without its last segment.
    public init?(permission: JSON, of set: NSID) {
        guard let members = permission.object, permission["type"]?.string.isExactly("permission") == true,
            permission["resource"]?.string.isExactly("space") == true, members.count <= SpaceScope.maximumParameters
        else { return nil }
        var pairs: [(name: String, value: String)] = []
        for (name, value) in members.members where !name.isExactly("type") && !name.isExactly("resource") {
            switch value {
            case .string(let text): pairs.append((name, text))
            case .array(let items):
                guard pairs.count + items.count <= SpaceScope.maximumParameters else { return nil }
                for item in items {
                    guard let text = item.string else { return nil }
                    pairs.append((name, text))
                }
            default: return nil
            }
        }
        // In a permission `type` is the word "permission", so the space type has only its long name.
        self.init(pairs)
        let namespace = set.text[...(set.text.lastIndex(of: ".") ?? set.text.startIndex)]
        guard let type, type.utf8.starts(with: namespace.utf8) else { return nil }
    }

    private init?(_ pairs: [(name: String, value: String)]) {
        var values: [String: [String]] = [:]
        for pair in pairs {
            values[pair.name.isExactly("spaceType") ? "type" : pair.name, default: []].append(pair.value)
        }
        for name in ["type", "authority", "skey"] {
            guard values[name].map({ $0.count == 1 }) ?? true else { return nil }
        }
        guard let type = values.removeValue(forKey: "type")?.first, type.isExactly("*") || NSID.isValid(type) else {
            return nil
        }
        self.init(type: type.isExactly("*") ? nil : type)
        switch values.removeValue(forKey: "authority")?.first {
        case nil, "self": break
        case "*": self.authority = .any
        case .some(let did):
            guard ATProtoDID.isValid(did) else { return nil }
            self.authority = .did(did)
        }
        if let skey = values.removeValue(forKey: "skey")?.first, !skey.isExactly("*") {
            guard RecordKey.isValid(skey) else { return nil }
            self.skey = skey
        }
        if let names = values.removeValue(forKey: "collection") {
            guard names.allSatisfy({ $0.isExactly("*") || NSID.isValid($0) }) else { return nil }
            collections = names.contains { $0.isExactly("*") } ? .any : .listed(Set(names))
        }
        if let names = values.removeValue(forKey: "action") {
            let known = names.compactMap(Action.init(rawValue:))
            guard known.count == names.count else { return nil }
            actions = Set(known)
        }
        if let names = values.removeValue(forKey: "manage") {
            let known = names.compactMap(Management.init(rawValue:))
            guard known.count == names.count else { return nil }
            management = Set(known)
        }
        // Parameters that nobody knows may narrow, so the scope is not used without them.
        guard values.isEmpty else { return nil }
    }
}

/// Reads the percent-escapes of scopes.
enum PercentText {
    /// Gives printable ASCII without blanks; nil for a broken escape or other bytes.
    static func decode(_ bytes: ArraySlice<UInt8>) -> String? {
        guard let decoded = PercentEncoding.bytes(bytes), decoded.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
        return String(decoding: decoded, as: UTF8.self)
    }
}
