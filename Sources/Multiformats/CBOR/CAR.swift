/// Reads a CARv1 archive that arrives in pieces, holding no more than one section at a time.
///
/// Blocks are handed over unverified: whoever reads them compares their hash with the CID.
public struct CARReader: Sendable {
    /// One part of the archive, in file order: the header first, then every section.
    public enum Part: Sendable, Equatable {
        case header(roots: [CID])
        case block(CID, [UInt8])
    }

    /// May be changed between parts, where one of them is known to be larger.
    public var limits: CARLimits
    private var buffer: [UInt8] = []
    private var at = 0
    private var headerSeen = false

    public init(limits: CARLimits = .default) { self.limits = limits }

    /// Adds bytes behind those given before; the caller reads all parts before it adds more.
    public mutating func append(_ bytes: some Collection<UInt8>) {
        if at > 0 {
            buffer.removeFirst(at)
            at = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// Whether every byte given so far was read as part of a whole header or section.
    public var isAtBoundary: Bool { at == buffer.count }

    /// Gives the next part, nil when more bytes are needed; throws for anything that is no CARv1.
    public mutating func next() throws(MultiformatsError) -> Part? {
        let rest = buffer[at...]
        guard let length = Varint.decode(rest.prefix(Varint.maxByteCount)) else {
            let undecided = rest.count < Varint.maxByteCount && rest.allSatisfy { $0 & 0x80 != 0 }
            guard undecided else {
                throw MultiformatsError(.notCanonical, "a length in the archive is not a shortest-form integer")
            }
            return nil
        }
        let bound = headerSeen ? limits.maxSectionBytes : limits.maxHeaderBytes
        guard length.value <= UInt64(bound) else {
            throw MultiformatsError(.tooLarge, "a part of the archive is longer than \(bound) bytes")
        }
        let start = at + length.byteCount
        let end = start + Int(length.value)
        guard end <= buffer.count else { return nil }
        at = end
        guard headerSeen else {
            headerSeen = true
            return .header(roots: try Self.roots(Array(buffer[start..<end])))
        }
        let (cid, byteCount) = try CID.prefix(of: buffer[start..<end])
        return .block(cid, Array(buffer[(start + byteCount)..<end]))
    }

    /// Ends the archive; throws `truncated` when a part was cut off or there was no header.
    public func finish() throws(MultiformatsError) {
        guard headerSeen, isAtBoundary else { throw MultiformatsError(.truncated, "the archive ends inside a part") }
    }

    private static func roots(_ bytes: [UInt8]) throws(MultiformatsError) -> [CID] {
        guard let map = try CBOR.decode(bytes).map, map.count == 2, map["version"] == .unsigned(1),
            let links = map["roots"]?.array
        else { throw MultiformatsError(.invalidSyntax, "the archive's header is not `{roots, version: 1}`") }
        var roots: [CID] = []
        for link in links {
            guard let name = link.link else {
                throw MultiformatsError(.invalidSyntax, "a root of the archive is not a link")
            }
            roots.append(try CID(bytes: name))
        }
        return roots
    }
}

/// Makes the pieces of a CARv1 archive: one header, then any number of sections (`varint length ‖ CID ‖ block`).
public enum CARWriter {
    /// Gives the header `{roots, version: 1}` with its length in front.
    public static func header(roots: [CID]) -> [UInt8] {
        let map: CBOR = .map(["roots": .array(roots.map { .link($0) }), "version": .unsigned(1)])
        let encoded = map.encoded()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(encoded.count + 2)
        Varint.append(UInt64(encoded.count), to: &bytes)
        bytes.append(contentsOf: encoded)
        return bytes
    }

    /// Gives what stands before a block of `byteCount` bytes: the section's length and the CID.
    public static func sectionHead(_ cid: CID, byteCount: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(cid.byteCount + 4)
        appendHead(cid, byteCount: byteCount, to: &bytes)
        return bytes
    }

    private static func appendHead(_ cid: CID, byteCount: Int, to bytes: inout [UInt8]) {
        Varint.append(UInt64(cid.byteCount + byteCount), to: &bytes)
        cid.append(to: &bytes)
    }

    /// Appends a whole section.
    public static func append(_ cid: CID, _ block: [UInt8], to bytes: inout [UInt8]) {
        block.withUnsafeBytes { append(cid, $0, to: &bytes) }
    }

    public static func append(_ cid: CID, _ block: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
        appendHead(cid, byteCount: block.count, to: &bytes)
        bytes.append(contentsOf: block)
    }
}

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
