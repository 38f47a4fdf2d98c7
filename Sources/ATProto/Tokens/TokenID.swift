import Multiformats

/// Makes the `jti` of tokens.
public enum TokenID {
    /// Gives 16 unpredictable bytes in lower-case hexadecimal.
    public static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return Base16.encode((0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }
}
