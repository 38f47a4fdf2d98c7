public import Multiformats
import UCAN

/// Hashes a set of byte strings so that elements can be added and taken out in any order (atproto-spaces.md 8).
///
/// The state is 1024 lanes of 16 bits, little-endian; an element is expanded by BLAKE3 to 2048 bytes and added lane by
/// lane. It is a multiset: what was added twice is taken out twice.
public struct LtHash: Hashable, Sendable {
    public static let byteCount = 2048
    public static let laneCount = 1024

    private var lanes: [UInt16]

    /// Makes the hash of the empty set, all zeros.
    public init() { lanes = [UInt16](repeating: 0, count: Self.laneCount) }

    /// Takes a state of exactly 2048 bytes; throws `InvalidRequest` for any other count.
    public init(state: [UInt8]) throws(ATProtoError) {
        guard state.count == Self.byteCount else {
            throw ATProtoError("InvalidRequest", "the state of a set hash has \(Self.byteCount) bytes")
        }
        lanes = Self.lanes(of: state)
    }

    public mutating func add(_ element: [UInt8]) { fold(element) { $0 &+= $1 } }

    public mutating func remove(_ element: [UInt8]) { fold(element) { $0 &-= $1 } }

    /// Combines each lane with that of the expanded element; a loop over plain memory, which becomes vector code.
    @inline(__always)
    private mutating func fold(_ element: [UInt8], _ combine: (inout UInt16, UInt16) -> Void) {
        BLAKE3.xof(element, count: Self.byteCount).withUnsafeBytes { expanded in
            lanes.withUnsafeMutableBufferPointer { lanes in
                for index in 0..<Self.laneCount {
                    let lane = expanded.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
                    combine(&lanes[index], UInt16(littleEndian: lane))
                }
            }
        }
    }

    /// Adds a whole other set.
    public mutating func add(_ other: LtHash) {
        for index in 0..<Self.laneCount { lanes[index] &+= other.lanes[index] }
    }

    /// The 2048 bytes of the state.
    public var state: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Self.byteCount) { bytes, count in
            let raw = UnsafeMutableRawBufferPointer(bytes)
            for index in 0..<Self.laneCount {
                raw.storeBytes(of: lanes[index].littleEndian, toByteOffset: 2 * index, as: UInt16.self)
            }
            count = Self.byteCount
        }
    }

    /// SHA-256 of the state, 32 bytes.
    public var digest: [UInt8] { SHA256.hash(state).bytes }

    /// Whether it is the hash of the empty set.
    public var isZero: Bool { lanes.allSatisfy { $0 == 0 } }

    private static func lanes(of bytes: [UInt8]) -> [UInt16] {
        [UInt16](unsafeUninitializedCapacity: laneCount) { lanes, count in
            bytes.withUnsafeBytes { raw in
                for index in 0..<laneCount {
                    lanes[index] = UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
                }
            }
            count = laneCount
        }
    }
}

extension LtHash {
    /// Gives the element of a record: the UTF-8 of `{collection}/{rkey}/{cid}`.
    public static func element(path: String, cid: CID) -> [UInt8] {
        var bytes = Array(path.utf8)
        bytes.reserveCapacity(bytes.count + 1 + CID.atprotoTextByteCount)
        bytes.append(UInt8(ascii: "/"))
        cid.withText { bytes.append(contentsOf: $0) }
        return bytes
    }

    public mutating func add(path: String, cid: CID) { add(Self.element(path: path, cid: cid)) }
    public mutating func remove(path: String, cid: CID) { remove(Self.element(path: path, cid: cid)) }
}
