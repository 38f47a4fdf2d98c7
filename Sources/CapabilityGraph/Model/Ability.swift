/// Names an action, `namespace/name` in ASCII (spec tinycloud.md 1.4, ucan.md B.3).
public struct Ability: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let text: String

    /// Throws `malformedAbility` unless the text has exactly one slash between two non-empty parts of `[A-Za-z0-9-_.+*]`.
    public init(_ text: String) throws(GraphError) {
        var slashes = 0
        var previous: UInt8 = 0x2F
        for byte in text.utf8 {
            switch byte {
            case 0x2F where previous != 0x2F: slashes += 1
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F, 0x2E, 0x2B, 0x2A: break
            default: throw GraphError(.malformedAbility, "`\(text.prefix(200))` is not an ability")
            }
            previous = byte
        }
        guard slashes == 1, previous != 0x2F, text.utf8.count <= 256 else {
            throw GraphError(.malformedAbility, "`\(text.prefix(200))` is not an ability")
        }
        self.text = text
    }

    /// Wraps a text that was checked before it was stored.
    init(trusted text: String) { self.text = text }

    /// Wraps a literal that is known to be well formed.
    public init(literal text: StaticString) { self.text = "\(text)" }

    public var description: String { text }

    public var namespace: Substring { text.prefix { $0 != "/" } }

    public static func < (left: Ability, right: Ability) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}
