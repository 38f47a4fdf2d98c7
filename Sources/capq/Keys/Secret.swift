/// Holds the bytes of a private key and never shows them by accident.
struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// What stands for a secret on a screen.
    static let redacted = "redacted"

    /// 32 bytes.
    let bytes: [UInt8]

    /// Takes exactly 32 bytes.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    var description: String { Self.redacted }
    var debugDescription: String { Self.redacted }
    var customMirror: Mirror { Mirror(self, children: []) }
}
