/// Parses one JSON text by recursive descent, its depth checked before each step down.
struct JSONParser {
    let base: UnsafePointer<UInt8>
    let end: Int
    let limits: JSONLimits
    var at = 0
    private var depth = 0
    private var valueCount = 0

    init(base: UnsafePointer<UInt8>, end: Int, limits: JSONLimits) {
        self.base = base
        self.end = end
        self.limits = limits
    }

    mutating func parseText() throws(MultiformatsError) -> JSON {
        skipWhitespace()
        let value = try parseValue()
        skipWhitespace()
        guard at == end else {
            throw MultiformatsError(.trailingData, "the JSON text goes on after its value at byte \(at)")
        }
        return value
    }

    private mutating func parseValue() throws(MultiformatsError) -> JSON {
        valueCount += 1
        guard valueCount <= limits.maxMembers else {
            throw MultiformatsError(.tooMany, "the JSON text holds more than \(limits.maxMembers) values")
        }
        guard at < end else { throw truncated() }
        switch base[at] {
        case UInt8(ascii: "\""):
            at += 1
            return .string(try parseString())
        case UInt8(ascii: "{"): return .object(try parseObject())
        case UInt8(ascii: "["): return .array(try parseArray())
        case UInt8(ascii: "t"):
            try expect("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try expect("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try expect("null")
            return .null
        default: return .number(try parseNumber())
        }
    }

    private mutating func parseArray() throws(MultiformatsError) -> [JSON] {
        try stepDown()
        defer { depth -= 1 }
        skipWhitespace()
        if take(UInt8(ascii: "]")) { return [] }
        var values: [JSON] = []
        while true {
            values.append(try parseValue())
            skipWhitespace()
            if take(UInt8(ascii: ",")) {
                skipWhitespace()
            } else if take(UInt8(ascii: "]")) {
                return values
            } else {
                throw unexpected()
            }
        }
    }

    private mutating func parseObject() throws(MultiformatsError) -> JSONObject {
        try stepDown()
        defer { depth -= 1 }
        skipWhitespace()
        if take(UInt8(ascii: "}")) { return JSONObject() }
        var members: [JSONObject.Member] = []
        members.reserveCapacity(4)
        var marks = JSONKeyMarks()
        while true {
            guard take(UInt8(ascii: "\"")) else { throw unexpected() }
            let key = try parseString()
            if marks.mayRepeat(key), members.contains(where: { UTF8Bytes.equal($0.key, key) }) {
                throw duplicateKey()
            }
            skipWhitespace()
            guard take(UInt8(ascii: ":")) else { throw unexpected() }
            skipWhitespace()
            members.append((key, try parseValue()))
            skipWhitespace()
            if take(UInt8(ascii: ",")) {
                skipWhitespace()
            } else if take(UInt8(ascii: "}")) {
                if members.count <= JSONObject.linearCount { return JSONObject(distinctFew: members) }
                guard let object = JSONObject(members) else { throw duplicateKey() }
                return object
            } else {
                throw unexpected()
            }
        }
    }

    private mutating func stepDown() throws(MultiformatsError) {
        guard depth < limits.maxDepth else {
            throw MultiformatsError(.tooDeep, "the JSON text is nested deeper than \(limits.maxDepth) levels")
        }
        depth += 1
        at += 1
    }

    @inline(__always)
    private mutating func skipWhitespace() {
        while at < end {
            switch base[at] {
            case 0x20, 0x0a, 0x0d, 0x09: at += 1
            default: return
            }
        }
    }

    @inline(__always)
    mutating func take(_ byte: UInt8) -> Bool {
        guard at < end, base[at] == byte else { return false }
        at += 1
        return true
    }

    private mutating func expect(_ word: StaticString) throws(MultiformatsError) {
        for index in 0..<word.utf8CodeUnitCount {
            guard take(word.utf8Start[index]) else { throw unexpected() }
        }
    }

    private func duplicateKey() -> MultiformatsError {
        MultiformatsError(.duplicateKey, "the JSON object at byte \(at) has a key twice")
    }

    func unexpected() -> MultiformatsError {
        guard at < end else { return truncated() }
        return MultiformatsError(.invalidSyntax, "the JSON text has an unexpected byte at \(at)")
    }

    func truncated() -> MultiformatsError {
        MultiformatsError(.truncated, "the JSON text ends inside a value")
    }
}
