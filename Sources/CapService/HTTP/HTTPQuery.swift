import Multiformats

/// Holds the decoded items of a query string in order, repeated names included.
struct HTTPQuery: Sendable {
    let items: [(name: String, value: String)]

    /// Decodes `name=value` pairs joined by `&`, `+` meaning a space; nil when an escape is broken or not UTF-8.
    init?(_ text: some StringProtocol) {
        var items: [(name: String, value: String)] = []
        for pair in Array(text.utf8).split(separator: UInt8(ascii: "&")) {
            let cut = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            guard let name = PercentEncoding.decode(pair[..<cut], plusIsSpace: true),
                let value = PercentEncoding.decode(pair[cut...].dropFirst(), plusIsSpace: true)
            else { return nil }
            items.append((name, value))
        }
        self.items = items
    }

    /// Gives the first value of a name.
    subscript(name: String) -> String? {
        items.first { Self.same($0.name, name) }?.value
    }

    /// Gives every value of a name, in order.
    func values(_ name: String) -> [String] {
        items.filter { Self.same($0.name, name) }.map(\.value)
    }

    // As bytes: String equality would hold names with different encodings for the same.
    private static func same(_ a: String, _ b: String) -> Bool {
        a.utf8.elementsEqual(b.utf8)
    }
}
