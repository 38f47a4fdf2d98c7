/// Bounds what a content-addressed archive may ask its reader to hold.
public struct CARLimits: Sendable, Hashable {
    /// Bytes of the header's DAG-CBOR.
    public var maxHeaderBytes: Int
    /// Bytes of one section: a CID and its block.
    public var maxSectionBytes: Int

    public static let `default` = CARLimits()

    public init(maxHeaderBytes: Int = 4096, maxSectionBytes: Int = 2 << 20) {
        self.maxHeaderBytes = maxHeaderBytes
        self.maxSectionBytes = maxSectionBytes
    }
}
