extension [UInt8] {
    /// Lends the bytes in place, keeping the error type of `body`.
    @inline(__always)
    func withBytes<Value>(
        _ body: (UnsafeRawBufferPointer) throws(StorageError) -> Value
    ) throws(StorageError) -> Value {
        try withUnsafeBufferPointer { (buffer) throws(StorageError) in try body(UnsafeRawBufferPointer(buffer)) }
    }
}
