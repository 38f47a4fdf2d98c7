/// Holds the `blob:` scopes of one grant: which media types an app may upload (`blob:image/*`, `blob?accept=a/b&accept=c/*`).
public struct BlobScopes: Hashable, Sendable {
    /// Media types, and ranges such as `image/*`, in lower case.
    public let accepted: Set<String>

    public static let none = BlobScopes([])

    private init(_ accepted: Set<String>) { self.accepted = accepted }

    /// Takes the blank-separated scopes of a grant; those that are unusable or about something else are left out.
    public init(parsing text: String) {
        guard text.utf8.count <= SpaceScopes.maximumLength else {
            self = .none
            return
        }
        var accepted: Set<String> = []
        for scope in text.utf8.split(separator: UInt8(ascii: " ")) {
            accepted.formUnion(BlobScopes.ranges(ArraySlice(scope)) ?? [])
        }
        self.init(accepted)
    }

    /// Tests whether a media type, with or without parameters, is accepted.
    public func allows(_ mimeType: String) -> Bool {
        let essence = String(decoding: mimeType.utf8.prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self)
        guard let range = BlobScopes.range(essence.trimmingBlanks()) else { return false }
        let family = range.utf8.prefix { $0 != UInt8(ascii: "/") }
        return accepted.contains("*/*") || accepted.contains(range)
            || accepted.contains(String(decoding: family, as: UTF8.self) + "/*")
    }

    private static func ranges(_ scope: ArraySlice<UInt8>) -> [String]? {
        guard scope.starts(with: "blob".utf8), let mark = scope.dropFirst(4).first else { return nil }
        let rest = scope.dropFirst(5)
        guard mark == UInt8(ascii: "?") else {
            guard mark == UInt8(ascii: ":"), let text = PercentText.decode(rest), let range = range(text) else {
                return nil
            }
            return [range]
        }
        var found: [String] = []
        for pair in rest.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
            guard pair.starts(with: "accept=".utf8), let text = PercentText.decode(pair.dropFirst(7)),
                let range = range(text)
            else { return nil }
            found.append(range)
        }
        return found
    }

    /// Two words of a media type in lower case; nil for anything else.
    private static func range(_ text: String) -> String? {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let isSound = parts.allSatisfy { part in
            !part.isEmpty && part.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ";") }
        }
        guard parts.count == 2, isSound else { return nil }
        return text.lowercased()
    }
}

extension String {
    fileprivate func trimmingBlanks() -> String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
