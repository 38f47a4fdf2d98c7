import Multiformats
import UCAN

/// Writes DIDs, collections and record keys as names of files.
enum SyncName {
    /// Longest name made, in bytes; a suffix of ten fits behind it on every file system.
    static let limit = 240

    /// Keeps letters, digits, `-`, `_` and inner dots, and writes every other byte as `%XX`.
    ///
    /// Different texts give different names: one too long keeps its beginning, then `~`, which no other name holds, and
    /// the whole text's SHA-256.
    static func of(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var name: [UInt8] = []
        var cut = 0
        let kept = limit - 53
        for (place, byte) in text.utf8.enumerated() {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "_"):
                name.append(byte)
            case UInt8(ascii: ".") where place > 0:
                name.append(byte)
            default:
                name += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
            if name.count <= kept { cut = name.count }
        }
        guard name.count > limit else { return String(decoding: name, as: UTF8.self) }
        let hash = Base32Lower.encode(SHA256.hash(Array(text.utf8)).bytes)
        return String(decoding: name[..<cut], as: UTF8.self) + "~" + hash
    }
}
