/// What lexicons declare about scopes: the collections of space types, and permission sets (atproto-spaces.md 1, 6).
public struct LexiconDeclarations: Sendable, Hashable {
    private var collections: [String: Set<String>] = [:]
    private var sets: [String: [SpaceScope]] = [:]

    public init() {}

    /// Takes the `main` definitions of documents, of each NSID one: throws `InvalidLexicon` for a second one.
    public init(_ documents: [LexiconDocument]) throws(ATProtoError) {
        var names: Set<String> = []
        for document in documents {
            guard names.insert(document.id).inserted else {
                throw ATProtoError("InvalidLexicon", "`\(document.id)` is given twice")
            }
            switch document.definitions["main"] {
            case .space(let type)?: collections[document.id] = Set(type.collections)
            case .permissions(let scopes)?: sets[document.id] = scopes
            default: break
            }
        }
    }

    /// The collections of a space type; empty for one that nobody declared.
    public func collections(of type: String) -> Set<String> {
        NSID.isValid(type) ? collections[type] ?? [] : []
    }

    /// The permissions of a set; empty for one that nobody declared.
    public func permissions(of set: String) -> [SpaceScope] { NSID.isValid(set) ? sets[set] ?? [] : [] }
}

extension SpaceScopes {
    /// The scopes of a grant as they hold for its user under these declarations: permission sets that it names by
    /// `include:` are their entries, and scopes that name no collection have those of their space type.
    public init(parsing text: String, for user: String, under declarations: LexiconDeclarations) {
        let own = SpaceScopes(parsing: text)
        let included = IncludedSets(parsing: text).names.flatMap(declarations.permissions)
        self = SpaceScopes(own.scopes + included)
            .granted(by: user, declaredCollections: declarations.collections)
    }
}

/// The permission sets that a grant names: `include:{nsid}`, perhaps with `?aud={service}`, which is for other resources.
private struct IncludedSets {
    let names: [String]

    init(parsing text: String) {
        guard text.utf8.count <= SpaceScopes.maximumLength else {
            names = []
            return
        }
        names = text.utf8.split(separator: UInt8(ascii: " ")).compactMap { Self.name(Array($0)) }
    }

    private static func name(_ scope: [UInt8]) -> String? {
        let prefix = Array("include:".utf8)
        guard scope.starts(with: prefix) else { return nil }
        let parts = scope[prefix.count...].split(
            separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first.flatMap(PercentText.decode), NSID.isValid(name) else { return nil }
        guard parts.count == 2 else { return name }
        // A parameter that nobody knows may narrow, so the set is not used with it.
        guard parts[1].starts(with: "aud=".utf8), !parts[1].contains(UInt8(ascii: "&")),
            let audience = PercentText.decode(parts[1].dropFirst(4)), (try? ServiceIdentifier(audience)) != nil
        else { return nil }
        return name
    }
}
