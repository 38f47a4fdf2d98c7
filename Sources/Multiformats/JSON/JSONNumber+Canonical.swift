extension JSONNumber {
    /// Gives integers digit for digit, other numbers as ECMAScript prints the nearest binary value.
    var canonicalText: String {
        if text.utf8.elementsEqual("-0".utf8) { return "0" }
        // Integer texts are canonical as they stand and keep all their digits.
        if !text.utf8.contains(where: { $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e") }) { return text }
        guard let value = double else { return text }
        return Self.ecmaScript(value)
    }

    /// Prints a finite value with the fewest digits that identify it, laid out by ECMA-262 Number::toString.
    private static func ecmaScript(_ value: Double) -> String {
        if value == 0 { return "0" }
        if value < 0 { return "-" + ecmaScript(-value) }
        var digits: [UInt8] = []
        var exponent = 0  // of the first digit's place, plus one
        var pointSeen = false
        var written: [UInt8] = []
        var inExponent = false
        for character in value.description.utf8 {
            switch character {
            case UInt8(ascii: "e"): inExponent = true
            case UInt8(ascii: "."): pointSeen = true
            default:
                if inExponent {
                    written.append(character)
                } else if character != UInt8(ascii: "0") || !digits.isEmpty {
                    digits.append(character)
                    if !pointSeen { exponent += 1 }
                } else if pointSeen {
                    exponent -= 1
                }
            }
        }
        exponent += Int(String(decoding: written, as: UTF8.self)) ?? 0
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        return layOut(digits, exponent: exponent)
    }

    private static func layOut(_ digits: [UInt8], exponent: Int) -> String {
        let zero = UInt8(ascii: "0")
        var out: [UInt8]
        switch exponent {
        case digits.count...21 where digits.count <= 21:
            out = digits + Array(repeating: zero, count: exponent - digits.count)
        case 1...21:
            out = Array(digits[..<exponent]) + [UInt8(ascii: ".")] + digits[exponent...]
        case -5...0:
            out = [zero, UInt8(ascii: ".")] + Array(repeating: zero, count: -exponent) + digits
        default:
            out = [digits[0]]
            if digits.count > 1 { out += [UInt8(ascii: ".")] + digits[1...] }
            out += [UInt8(ascii: "e"), exponent > 0 ? UInt8(ascii: "+") : UInt8(ascii: "-")]
            out += String(abs(exponent - 1)).utf8
        }
        return String(decoding: out, as: UTF8.self)
    }
}
