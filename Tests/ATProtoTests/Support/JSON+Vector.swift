import Multiformats
import Testing

/// Members of a vector file, which have to be there.
extension JSON {
    func vectorText(_ key: String) throws -> String { try #require(self[key]?.string, "the member \(key)") }

    func vectorHex(_ key: String) throws -> [UInt8] {
        let text = try vectorText(key)
        return try #require(Base16.decode(text.utf8), "hexadecimal digits in \(key)")
    }

    func vectorBase64(_ key: String) throws -> [UInt8] {
        let text = try vectorText(key)
        return try #require(Base64.decode(text.utf8), "base64 in \(key)")
    }
}
