/// Names content by codec and hash: version 1 with a 32-byte digest, always written in base32.
public struct CID: Hashable, Sendable, CustomStringConvertible {
    public static let rawCodec: UInt64 = 0x55
    public static let dagCBORCodec: UInt64 = 0x71
    /// Bounds the text accepted before any decoding.
    public static let maxTextByteCount = 128

    public let codec: UInt64
    public let hash: Multihash

    public init(codec: UInt64, hash: Multihash) {
        self.codec = codec
        self.hash = hash
    }

    /// Names a token by the bytes it was received in: raw codec, BLAKE3-256.
    public static func ofToken(_ bytes: [UInt8]) -> CID {
        CID(codec: rawCodec, hash: Multihash(code: .blake3_256, digest: BLAKE3.hash(bytes)))
    }

    /// Reads the binary form; refuses version 0, other hash functions, non-shortest integers and trailing bytes.
    public init(bytes: some Collection<UInt8>) throws(MultiformatsError) {
        if let usual = bytes.withContiguousStorageIfAvailable({ CID(usual: $0) }) ?? nil {
            self = usual
            return
        }
        guard let version = Varint.decode(bytes) else {
            throw MultiformatsError(.notCanonical, "the CID does not start with a shortest-form version")
        }
        guard version.value == 1 else {
            throw MultiformatsError(.unsupported, "the CID is not of version 1")
        }
        let afterVersion = bytes.dropFirst(version.byteCount)
        guard let codec = Varint.decode(afterVersion) else {
            throw MultiformatsError(.notCanonical, "the codec of the CID is not a shortest-form integer")
        }
        let hash = try Multihash(bytes: afterVersion.dropFirst(codec.byteCount))
        self.init(codec: codec.value, hash: hash)
    }

    /// Reads at one look a CID of version 1 whose codec takes one byte; nil for every other, and for what is refused.
    private init?(usual bytes: UnsafeBufferPointer<UInt8>) {
        guard bytes.count == Self.shortByteCount, bytes[0] == 1, bytes[1] < 0x80, bytes[3] == 32,
            let code = Multihash.Code(rawValue: bytes[2]),
            let digest = Digest(contiguous: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[4...]))
        else { return nil }
        self.init(codec: UInt64(bytes[1]), hash: Multihash(code: code, digest: digest))
    }

    /// Reads the CID that `bytes` begin with and says how many bytes it takes; refuses what `init(bytes:)` refuses.
    public static func prefix(
        of bytes: some Collection<UInt8>
    ) throws(MultiformatsError) -> (cid: CID, byteCount: Int) {
        guard let version = Varint.decode(bytes), let codec = Varint.decode(bytes.dropFirst(version.byteCount)) else {
            throw MultiformatsError(.notCanonical, "the CID does not start with a shortest-form version and codec")
        }
        let byteCount = version.byteCount + codec.byteCount + 2 + Digest.byteCount
        guard bytes.count >= byteCount else {
            throw MultiformatsError(.truncated, "the bytes end inside the CID")
        }
        return (try CID(bytes: bytes.prefix(byteCount)), byteCount)
    }

    /// Reads base32 `b`, base58btc `z`, base16 `f` or base64url `u`, and upper-case base32 `B` and base16 `F`, each in its
    /// one canonical spelling.
    @inlinable
    public init(text: some Collection<UInt8>) throws(MultiformatsError) {
        let made = text.withContiguousStorageIfAvailable { bytes in
            Result { () throws(MultiformatsError) in try CID(contiguous: bytes) }
        }
        guard let made else {
            try self.init(text: Array(text))
            return
        }
        self = try made.get()
    }

    @usableFromInline
    init(contiguous text: UnsafeBufferPointer<UInt8>) throws(MultiformatsError) {
        guard let prefix = text.first else {
            throw MultiformatsError(.truncated, "the CID is empty")
        }
        guard text.count <= Self.maxTextByteCount else {
            throw MultiformatsError(.tooLarge, "the CID is longer than \(Self.maxTextByteCount) characters")
        }
        let rest = UnsafeBufferPointer(rebasing: text.dropFirst())
        let decoded: [UInt8]?
        switch prefix {
        case UInt8(ascii: "b"): decoded = Base32Lower.decode(rest)
        case UInt8(ascii: "B"): decoded = Self.lowercased(rest).flatMap { Base32Lower.decode($0) }
        case UInt8(ascii: "F"): decoded = Self.lowercased(rest).flatMap { Base16.decode($0) }
        case UInt8(ascii: "z"): decoded = Base58BTC.decode(rest)
        case UInt8(ascii: "f"): decoded = Base16.decode(rest)
        case UInt8(ascii: "u"): decoded = Base64URL.decode(rest)
        default: throw MultiformatsError(.unsupported, "the CID is in no known base")
        }
        guard let decoded else {
            throw MultiformatsError(.notCanonical, "the CID is not canonical in its base")
        }
        try self.init(bytes: decoded)
    }

    /// Nil for text with a letter in lower case: the bases in upper case have no others.
    private static func lowercased(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard !text.contains(where: { (0x61...0x7A).contains($0) }) else { return nil }
        return text.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    }

    /// Gives version, codec and multihash: 36 bytes for a codec below 128.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(44)
        append(to: &bytes)
        return bytes
    }

    /// Appends what `bytes` gives.
    public func append(to bytes: inout [UInt8]) {
        bytes.append(1)
        Varint.append(codec, to: &bytes)
        bytes.append(hash.code.rawValue)
        bytes.append(32)
        let digest = hash.digest
        for word in [digest.w0, digest.w1, digest.w2, digest.w3] {
            withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) }
        }
    }

    /// Bytes of the binary form.
    public var byteCount: Int { Varint.byteCount(of: codec) + 35 }

    /// Gives the base32 form, `bafkr4i…` for tokens.
    public var text: String { withText { String(decoding: $0, as: UTF8.self) } }

    /// Lends the base32 form as ASCII bytes.
    public func withText<Value>(_ body: (UnsafeBufferPointer<UInt8>) -> Value) -> Value {
        guard codec < 0x80 else {
            return Array(("b" + Base32Lower.encode(bytes)).utf8).withUnsafeBufferPointer(body)
        }
        let digest = hash.digest
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.shortByteCount + Self.shortTextCount) {
            room in
            let bytes = UnsafeMutableBufferPointer(rebasing: room[..<Self.shortByteCount])
            bytes[0] = 1
            bytes[1] = UInt8(codec)
            bytes[2] = hash.code.rawValue
            bytes[3] = 32
            let words = UnsafeMutableRawBufferPointer(bytes)
            words.storeBytes(of: digest.w0.bigEndian, toByteOffset: 4, as: UInt64.self)
            words.storeBytes(of: digest.w1.bigEndian, toByteOffset: 12, as: UInt64.self)
            words.storeBytes(of: digest.w2.bigEndian, toByteOffset: 20, as: UInt64.self)
            words.storeBytes(of: digest.w3.bigEndian, toByteOffset: 28, as: UInt64.self)
            let text = UnsafeMutableBufferPointer(rebasing: room[Self.shortByteCount...])
            text[0] = UInt8(ascii: "b")
            Base32Lower.encode(UnsafeBufferPointer(bytes), into: UnsafeMutableBufferPointer(rebasing: text[1...]))
            return body(UnsafeBufferPointer(text))
        }
    }

    /// Bytes and characters of a CID whose codec takes one byte.
    private static let shortByteCount = 36
    private static let shortTextCount = 59

    /// Gives the base58btc form, with its `z`.
    public var base58: String { "z" + Base58BTC.encode(bytes) }

    public var description: String { text }
}
