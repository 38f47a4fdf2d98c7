public import CapabilityGraph
import Multiformats
import UCAN

/// Writes listings: one page as an object with a cursor, or everything as the object keyed by CID (tinycloud.md 8.5).
public struct ListAnswer: Sendable {
    public let delegation: DelegationAnswer

    public init(_ delegation: DelegationAnswer) {
        self.delegation = delegation
    }

    /// Writes `{delegations, cursor?, complete, revision}`.
    public func page(
        _ rows: [ListPage.Row], next: ListCursor?
    ) throws(StorageError) -> [UInt8] {
        var json = JSONWriter(reserving: 64 + rows.count * 2048)
        json.beginObject()
        json.key("delegations")
        json.beginArray()
        for row in rows { try delegation.write(row.edge, status: row.status, into: &json) }
        json.endArray()
        if let next {
            json.key("cursor")
            json.string(next.text)
        }
        json.key("complete")
        json.bool(next == nil)
        json.key("revision")
        json.int(delegation.snapshot.revision)
        json.endObject()
        return json.bytes
    }

    /// Writes the chain of an edge as an array in which each element stands before its parents.
    public func chain(_ chain: Chain) throws(StorageError) -> [UInt8] {
        var json = JSONWriter(reserving: chain.edges.count * 2048)
        json.beginArray()
        for edge in chain.edges { try delegation.write(edge, into: &json) }
        json.endArray()
        return json.bytes
    }

    /// Writes a listing piece by piece as one object keyed by CID.
    public struct Whole: Sendable {
        private let delegation: DelegationAnswer
        private var walk: ListWalk
        private var isOpen = false
        private var hasRow = false
        private var isEnded = false

        public init(_ delegation: DelegationAnswer, _ walk: ListWalk) {
            self.delegation = delegation
            self.walk = walk
        }

        /// The next bytes, about `target` of them, or nil after the closing brace.
        public mutating func next(target: Int) throws(StorageError) -> [UInt8]? {
            guard !isEnded else { return nil }
            var bytes: [UInt8] = []
            bytes.reserveCapacity(target + 4096)
            if !isOpen { bytes.append(UInt8(ascii: "{")) }
            isOpen = true
            while bytes.count < target {
                guard let edge = walk.next() else {
                    bytes.append(UInt8(ascii: "}"))
                    isEnded = true
                    break
                }
                if hasRow { bytes.append(UInt8(ascii: ",")) }
                hasRow = true
                bytes.append(UInt8(ascii: "\""))
                bytes += Array(delegation.snapshot.view(edge).cid.text.utf8)
                bytes += Array("\":".utf8)
                var json = JSONWriter(reserving: 2048)
                try delegation.write(edge, into: &json)
                bytes += json.bytes
            }
            return bytes
        }
    }
}
