/// Holds one value of the DAG-CBOR data model.
public enum CBOR: Sendable {
    case unsigned(UInt64)
    /// Stands for -1 - n.
    case negative(UInt64)
    case bytes([UInt8])
    case text(String)
    case array([CBOR])
    case map(CBORMap)
    /// Holds the binary form of any well-formed CID, without the zero byte in front; `CID(bytes:)` narrows it.
    case link([UInt8])
    case bool(Bool)
    case null
    case double(Double)

    /// Decodes exactly one value, refusing every encoding but the canonical one.
    public static func decode(_ bytes: [UInt8], limits: CBORLimits = .default) throws(MultiformatsError) -> CBOR {
        guard bytes.count <= limits.maxBytes else {
            throw MultiformatsError(.tooLarge, "the CBOR value is longer than \(limits.maxBytes) bytes")
        }
        let result: Result<CBOR, MultiformatsError> = bytes.withUnsafeBufferPointer { buffer in
            do throws(MultiformatsError) {
                var decoder = CBORDecoder(bytes: buffer, limits: limits)
                return .success(try decoder.decodeWhole())
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Gives the canonical encoding; `decode(encoded())` is the same value unless a double is not finite.
    public func encoded() -> [UInt8] {
        var encoder = CBOREncoder(reserving: 256)
        encoder.append(self)
        return encoder.bytes
    }

    public static func int(_ value: Int64) -> CBOR {
        value >= 0 ? .unsigned(UInt64(value)) : .negative(UInt64(bitPattern: ~value))
    }

    public static func link(_ cid: CID) -> CBOR { .link(cid.bytes) }
}
