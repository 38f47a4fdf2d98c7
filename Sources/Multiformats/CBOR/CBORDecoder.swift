/// Decodes DAG-CBOR by recursive descent: depth, counts and lengths are checked before anything is built from them.
struct CBORDecoder {
    static let linkTag: UInt64 = 42
    private static let reserveBound = 64

    private let bytes: UnsafeBufferPointer<UInt8>
    private let limits: CBORLimits
    private var at = 0
    private var depth = 0
    private var itemCount = 0

    init(bytes: UnsafeBufferPointer<UInt8>, limits: CBORLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    mutating func decodeWhole() throws(MultiformatsError) -> CBOR {
        let value = try decodeValue()
        guard at == bytes.count else {
            throw MultiformatsError(.trailingData, "the CBOR value is followed by more bytes at \(at)")
        }
        return value
    }

    private mutating func decodeValue() throws(MultiformatsError) -> CBOR {
        itemCount += 1
        guard itemCount <= limits.maxItems else {
            throw MultiformatsError(.tooMany, "the CBOR value holds more than \(limits.maxItems) items")
        }
        let first = try takeByte()
        guard let major = CBORMajor(rawValue: first >> 5) else { throw unsupported("an unknown kind") }
        let info = first & 31
        if major == .simple { return try decodeSimple(info) }
        let argument = try takeArgument(info)
        switch major {
        case .unsigned: return .unsigned(argument)
        case .negative: return .negative(argument)
        case .bytes: return .bytes(Array(try takeBytes(argument)))
        case .text: return .text(try takeText(argument))
        case .array: return .array(try decodeArray(argument))
        case .map: return .map(try decodeMap(argument))
        case .tag: return .link(try decodeLink(argument))
        case .simple: throw unsupported("a simple value")
        }
    }

    private mutating func decodeSimple(_ info: UInt8) throws(MultiformatsError) -> CBOR {
        switch info {
        case 20: return .bool(false)
        case 21: return .bool(true)
        case 22: return .null
        case 27:
            let value = Double(bitPattern: try takeBigEndian(8))
            guard value.isFinite else { throw unsupported("a float that is not finite") }
            return .double(value)
        case 25, 26: throw MultiformatsError(.notCanonical, "the CBOR value has a float that is not of 64 bits")
        default: throw unsupported("a simple value other than false, true and null")
        }
    }

    private mutating func decodeArray(_ declared: UInt64) throws(MultiformatsError) -> [CBOR] {
        let count = try checkedCount(declared, bytesEach: 1)
        try stepDown()
        defer { depth -= 1 }
        var values: [CBOR] = []
        // Nested declarations could each claim the rest of the input, so little is reserved on their word alone.
        values.reserveCapacity(min(count, Self.reserveBound))
        for _ in 0..<count { values.append(try decodeValue()) }
        return values
    }

    private mutating func decodeMap(_ declared: UInt64) throws(MultiformatsError) -> CBORMap {
        let count = try checkedCount(declared, bytesEach: 2)
        try stepDown()
        defer { depth -= 1 }
        var entries: [CBORMap.Entry] = []
        entries.reserveCapacity(min(count, Self.reserveBound))
        var previous: UnsafeBufferPointer<UInt8>?
        for _ in 0..<count {
            let first = try takeByte()
            guard first >> 5 == CBORMajor.text.rawValue else { throw unsupported("a map key that is not text") }
            let key = try takeBytes(try takeArgument(first & 31))
            if let previous {
                let order = previous.count != key.count ? previous.count - key.count : UTF8Bytes.compare(previous, key)
                if order == 0 {
                    throw MultiformatsError(.duplicateKey, "the CBOR map has a key twice before byte \(at)")
                }
                if order > 0 {
                    throw MultiformatsError(.unsortedKeys, "the CBOR map is out of order before byte \(at)")
                }
            }
            previous = key
            entries.append((try text(key), try decodeValue()))
        }
        return CBORMap(sorted: entries)
    }

    private mutating func decodeLink(_ tag: UInt64) throws(MultiformatsError) -> [UInt8] {
        guard tag == Self.linkTag else { throw unsupported("a tag other than 42") }
        let first = try takeByte()
        guard first >> 5 == CBORMajor.bytes.rawValue else { throw unsupported("a link that is not bytes") }
        let content = try takeBytes(try takeArgument(first & 31))
        guard content.first == 0, CBORLink.isWellFormed(content.dropFirst()) else {
            throw MultiformatsError(.invalidSyntax, "the CBOR link before byte \(at) is not a CID")
        }
        return Array(content.dropFirst())
    }

    private mutating func stepDown() throws(MultiformatsError) {
        guard depth < limits.maxDepth else {
            throw MultiformatsError(.tooDeep, "the CBOR value is nested deeper than \(limits.maxDepth) levels")
        }
        depth += 1
    }

    /// Checks a declared count against what the rest of the input could hold and what the limits still allow.
    private func checkedCount(_ declared: UInt64, bytesEach: Int) throws(MultiformatsError) -> Int {
        guard declared <= UInt64((bytes.count - at) / bytesEach) else { throw truncated() }
        guard declared <= UInt64(limits.maxItems - itemCount) else {
            throw MultiformatsError(.tooMany, "the CBOR value holds more than \(limits.maxItems) items")
        }
        return Int(declared)
    }

    private mutating func takeByte() throws(MultiformatsError) -> UInt8 {
        guard at < bytes.count else { throw truncated() }
        defer { at += 1 }
        return bytes[at]
    }

    private mutating func takeBigEndian(_ count: Int) throws(MultiformatsError) -> UInt64 {
        guard bytes.count - at >= count else { throw truncated() }
        var value: UInt64 = 0
        for index in at..<at + count { value = value << 8 | UInt64(bytes[index]) }
        at += count
        return value
    }

    private mutating func takeArgument(_ info: UInt8) throws(MultiformatsError) -> UInt64 {
        let value: UInt64
        let least: UInt64
        switch info {
        case 0..<24: return UInt64(info)
        case 24: (value, least) = (try takeBigEndian(1), 24)
        case 25: (value, least) = (try takeBigEndian(2), 0x100)
        case 26: (value, least) = (try takeBigEndian(4), 0x1_0000)
        case 27: (value, least) = (try takeBigEndian(8), 0x1_0000_0000)
        default: throw unsupported("an indefinite or reserved length")
        }
        guard value >= least else {
            throw MultiformatsError(.notCanonical, "the CBOR head before byte \(at) is not the shortest")
        }
        return value
    }

    private mutating func takeBytes(_ count: UInt64) throws(MultiformatsError) -> UnsafeBufferPointer<UInt8> {
        guard count <= UInt64(bytes.count - at) else { throw truncated() }
        defer { at += Int(count) }
        return UnsafeBufferPointer(rebasing: bytes[at..<at + Int(count)])
    }

    private mutating func takeText(_ count: UInt64) throws(MultiformatsError) -> String {
        try text(try takeBytes(count))
    }

    private func text(_ bytes: UnsafeBufferPointer<UInt8>) throws(MultiformatsError) -> String {
        guard let text = UTF8Bytes.string(bytes) else {
            throw MultiformatsError(.invalidText, "the CBOR text before byte \(at) is not UTF-8")
        }
        return text
    }

    private func truncated() -> MultiformatsError {
        MultiformatsError(.truncated, "the CBOR value ends before what it declares at byte \(at)")
    }

    private func unsupported(_ what: String) -> MultiformatsError {
        MultiformatsError(.unsupported, "the CBOR value has \(what) before byte \(at)")
    }
}
