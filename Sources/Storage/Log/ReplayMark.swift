public import Multiformats
public import UCAN

/// Remembers that a signed statement was used, until it could not be used again anyway.
public struct ReplayMark: Hashable, Sendable {
    public let statement: Digest
    /// Microseconds since 1970 UTC.
    public let expiresAt: Int64
    /// Whose use it was, by which is judged whose room the mark takes; not stored.
    public let issuer: DID?

    public init(statement: Digest, expiresAt: Int64, issuer: DID? = nil) {
        self.statement = statement
        self.expiresAt = expiresAt
        self.issuer = issuer
    }
}

extension ReplayMark {
    /// Bytes of one stored mark: the statement, then the expiry as 8 bytes big-endian.
    static let byteCount = 40

    func append(to bytes: inout [UInt8]) {
        for word in [statement.w0, statement.w1, statement.w2, statement.w3, UInt64(bitPattern: expiresAt)] {
            withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) }
        }
    }

    /// Reads the mark that starts at `offset`, which must leave room for it.
    init(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        func word(_ index: Int) -> UInt64 {
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset + 8 * index, as: UInt64.self))
        }
        statement = Digest(w0: word(0), w1: word(1), w2: word(2), w3: word(3))
        expiresAt = Int64(bitPattern: word(4))
        issuer = nil
    }
}
