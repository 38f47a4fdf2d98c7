import Multiformats

/// Reads DAG-JSON, so that the two renderings of one fixture can be compared.
enum DagJSON {
    struct Unreadable: Error {}

    static func value(of json: JSON) throws -> CBOR {
        switch json {
        case .null: return .null
        case .bool(let value): return .bool(value)
        case .string(let text): return .text(text)
        case .array(let values): return .array(try values.map { try value(of: $0) })
        case .number(let number): return try value(of: number)
        case .object(let object):
            if object.count == 1, let special = object["/"] { return try value(ofSpecial: special) }
            guard let map = CBORMap(try object.members.map { ($0.key, try value(of: $0.value)) }) else {
                throw Unreadable()
            }
            return .map(map)
        }
    }

    private static func value(of number: JSONNumber) throws -> CBOR {
        if number.text.contains(where: { ".eE".contains($0) }) {
            guard let double = number.double else { throw Unreadable() }
            return .double(double)
        }
        if let value = UInt64(number.text) { return .unsigned(value) }
        // -1 - n, one below the magnitude; the lowest is -2^64.
        if number.text == "-18446744073709551616" { return .negative(.max) }
        guard let magnitude = UInt64(number.text.dropFirst()) else { throw Unreadable() }
        return .negative(magnitude - 1)
    }

    private static func value(ofSpecial special: JSON) throws -> CBOR {
        if let text = special.string {
            if text.hasPrefix("Qm") {
                guard let bytes = Base58BTC.decode(text.utf8) else { throw Unreadable() }
                return .link(bytes)
            }
            let decoded = text.hasPrefix("b") ? Base32Lower.decode(text.utf8.dropFirst()) : nil
            guard let decoded else { throw Unreadable() }
            return .link(decoded)
        }
        guard let text = special["bytes"]?.string else { throw Unreadable() }
        // DAG-JSON uses the plain alphabet without padding.
        let translated = text.utf8.map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            default: byte
            }
        }
        guard let bytes = Base64URL.decode(translated) else { throw Unreadable() }
        return .bytes(bytes)
    }
}
