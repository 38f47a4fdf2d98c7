/// Converts between the raw `r || s` form of JOSE and the DER form libcrypto takes.
enum ECDSASignature {
    /// SEQUENCE head, then twice INTEGER head, sign byte and 32 bytes.
    static let maximumDER = 2 + 2 * (2 + 1 + 32)

    /// Writes the DER form of 64 raw bytes and returns its length; ranges are left to the verifier.
    static func der(fromRaw raw: UnsafeRawBufferPointer, into der: UnsafeMutableBufferPointer<UInt8>) -> Int {
        var end = 2
        for start in [0, 32] {
            var first = start
            while first < start + 31, raw[first] == 0 { first += 1 }
            let signByte = raw[first] >= 0x80 ? 1 : 0
            let count = start + 32 - first
            der[end] = 0x02
            der[end + 1] = UInt8(count + signByte)
            end += 2
            if signByte == 1 {
                der[end] = 0
                end += 1
            }
            for index in first..<(start + 32) {
                der[end] = raw[index]
                end += 1
            }
        }
        der[0] = 0x30
        der[1] = UInt8(end - 2)
        return end
    }

    /// Reads a DER signature made by libcrypto itself; nil when an integer is longer than 32 bytes.
    static func raw(fromDER der: [UInt8]) -> [UInt8]? {
        guard der.count > 2, der[0] == 0x30, Int(der[1]) == der.count - 2 else { return nil }
        var raw = [UInt8](repeating: 0, count: 64)
        var position = 2
        for end in [32, 64] {
            guard position + 2 <= der.count, der[position] == 0x02 else { return nil }
            let count = Int(der[position + 1])
            position += 2
            guard position + count <= der.count else { return nil }
            let digits = der[position..<(position + count)].drop { $0 == 0 }
            guard digits.count <= 32 else { return nil }
            raw.replaceSubrange((end - digits.count)..<end, with: digits)
            position += count
        }
        return position == der.count ? raw : nil
    }
}
