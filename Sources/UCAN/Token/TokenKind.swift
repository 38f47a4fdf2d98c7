/// Names the two wire forms; the raw values are stable in stored data.
public enum TokenKind: UInt8, Sendable, CaseIterable {
    /// A wallet's message with its signature, as DAG-CBOR (spec/ucan.md C).
    case cacao = 1
    /// A JWT (spec/ucan.md B).
    case ucan = 2
}
