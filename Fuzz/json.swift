import Multiformats

/// Holds the strict JSON parser to: no crash, and what parses can be written and parsed to the same value.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let value = try? JSON.parse(UnsafeBufferPointer(start: start, count: count)) else { return 0 }
    let written = value.serialized()
    guard let again = try? JSON.parse(written), again == value, again.serialized() == written else {
        fatalError("the written form is another value")
    }
    let canonical = value.canonical()
    guard let sorted = try? JSON.parse(canonical), sorted.canonical() == canonical else {
        fatalError("the canonical form is not its own canonical form")
    }
    visitNumbers(of: value)
    return 0
}

private func visitNumbers(of value: JSON) {
    switch value {
    case .null, .bool, .string: break
    case .array(let values): for element in values { visitNumbers(of: element) }
    case .object(let object): for member in object.members { visitNumbers(of: member.value) }
    case .number(let number):
        let low = number.decimal(scale: 6, rounding: .down)
        let high = number.decimal(scale: 6, rounding: .up)
        if let low, let high, high != low, high != low + 1 { fatalError("roundings are more than one apart") }
        if let whole = number.int64, let double = number.double, Double(whole) != double {
            fatalError("the integer and the binary value differ")
        }
    }
}
