/// Reports why bytes were refused by a codec; two errors are equal when their codes are.
public struct MultiformatsError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Names the rule that was broken; the raw values are stable.
    public enum Code: String, Sendable, CaseIterable {
        case notCanonical
        case truncated
        case trailingData
        case unsupported
        case invalidText
        case invalidSyntax
        case duplicateKey
        case unsortedKeys
        case outOfRange
        case tooDeep
        case tooLarge
        case tooMany
    }

    public let code: Code
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }

    public static func == (left: Self, right: Self) -> Bool { left.code == right.code }
}
