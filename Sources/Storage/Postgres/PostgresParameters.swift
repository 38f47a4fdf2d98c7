import Glibc

extension [String] {
    /// Lends the texts as a list of C that ends with null.
    func withPointers<Value>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Value
    ) -> Value {
        let copies = map { strdup($0) }
        defer { copies.forEach { free($0) } }
        return (copies.map { $0.map { UnsafePointer($0) } } + [nil]).withUnsafeBufferPointer { body($0.baseAddress) }
    }
}

extension [[UInt8]?] {
    /// Lends the values as the three lists that the library takes: where they lie, how long they are, that they are binary.
    func withPointers<Value>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> Value
    ) -> Value {
        let total = reduce(0) { $0 + ($1?.count ?? 0) }
        // One place for all; never empty, so that a value without bytes is not taken for null.
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: total + 1, alignment: 1)
        defer { bytes.deallocate() }
        var offset = 0
        let pointers = map { value -> UnsafePointer<CChar>? in
            guard let value, let base = bytes.baseAddress else { return nil }
            let start = base + offset
            value.withUnsafeBytes {
                start.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(start), byteCount: $0.count)
            }
            offset += value.count
            return UnsafePointer(start.assumingMemoryBound(to: CChar.self))
        }
        return body(pointers, map { Int32($0?.count ?? 0) }, [Int32](repeating: 1, count: count))
    }
}
