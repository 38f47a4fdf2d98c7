/// Holds members in the order written, no two with the same key bytes.
public struct JSONObject: Sendable {
    public typealias Member = (key: String, value: JSON)

    /// Above this count keys are found by binary search instead of one after another.
    static let linearCount = 16

    public private(set) var members: [Member]
    /// Indices of `members` by key bytes; empty while the object is small.
    private var order: [UInt32]

    public init() {
        members = []
        order = []
    }

    /// Takes members in their order; nil when two keys have the same bytes.
    public init?(_ members: [Member]) {
        self.members = members
        order = []
        if members.count <= Self.linearCount {
            for index in members.indices {
                for earlier in 0..<index where UTF8Bytes.equal(members[earlier].key, members[index].key) { return nil }
            }
        } else {
            order = Self.sorted(members)
            for index in 1..<order.count {
                let (left, right) = (members[Int(order[index - 1])].key, members[Int(order[index])].key)
                if UTF8Bytes.equal(left, right) { return nil }
            }
        }
    }

    /// Takes at most `linearCount` members already known to differ.
    init(distinctFew members: [Member]) {
        self.members = members
        order = []
    }

    public var count: Int { members.count }
    public var isEmpty: Bool { members.isEmpty }

    /// Finds, replaces, appends or (with nil) removes the member whose key has these bytes.
    public subscript(_ key: String) -> JSON? {
        get { index(of: key).map { members[$0].value } }
        set {
            if let found = index(of: key) {
                if let newValue {
                    members[found].value = newValue
                } else {
                    members.remove(at: found)
                    order = members.count > Self.linearCount ? Self.sorted(members) : []
                }
            } else if let newValue {
                members.append((key, newValue))
                if members.count == Self.linearCount + 1 {
                    order = Self.sorted(members)
                } else if members.count > Self.linearCount {
                    order.insert(UInt32(members.count - 1), at: place(of: key))
                }
            }
        }
    }

    /// Gives the members sorted by the UTF-8 bytes of their keys.
    public var sortedMembers: [Member] {
        let order = order.isEmpty ? Self.sorted(members) : order
        return order.map { members[Int($0)] }
    }

    private func index(of key: String) -> Int? {
        if order.isEmpty {
            // By index: iterating over the members would copy each value too.
            for index in members.indices where UTF8Bytes.equal(members[index].key, key) { return index }
            return nil
        }
        let place = place(of: key)
        guard place < order.count else { return nil }
        let found = Int(order[place])
        return UTF8Bytes.equal(members[found].key, key) ? found : nil
    }

    /// Gives the first place in `order` whose key is not below `key`.
    private func place(of key: String) -> Int {
        var low = 0
        var high = order.count
        while low < high {
            let middle = (low + high) / 2
            if UTF8Bytes.precedes(members[Int(order[middle])].key, key) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    private static func sorted(_ members: [Member]) -> [UInt32] {
        (0..<UInt32(members.count)).sorted { UTF8Bytes.precedes(members[Int($0)].key, members[Int($1)].key) }
    }
}

extension JSONObject: Hashable {
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        guard left.count == right.count else { return false }
        return left.members.allSatisfy { right[$0.key] == $0.value }
    }

    public func hash(into hasher: inout Hasher) {
        // A sum does not depend on the order of members.
        var sum = 0
        for member in members {
            var part = hasher
            UTF8Bytes.hash(member.key, into: &part)
            part.combine(member.value)
            sum &+= part.finalize()
        }
        hasher.combine(sum)
    }
}

/// Remembers small marks of an object's first keys, so that most of them need not be compared with each other.
struct JSONKeyMarks {
    private var seen: UInt64 = 0
    private var count = 0

    /// Says whether `key` may be a key given before; always false once the object is too large for pairwise comparison.
    @inline(__always)
    mutating func mayRepeat(_ key: String) -> Bool {
        guard count <= JSONObject.linearCount else { return false }
        count += 1
        let mark: UInt64 = 1 &<< Self.mark(key)
        defer { seen |= mark }
        return seen & mark != 0
    }

    /// Gives 0...63 from the length and a few bytes; equal keys have equal marks.
    @inline(__always)
    private static func mark(_ key: String) -> UInt64 {
        let bytes = key.utf8
        let mixed: UInt64? = bytes.withContiguousStorageIfAvailable { bytes in
            let count = bytes.count
            guard count > 0 else { return 0 }
            let picked = UInt64(bytes[0]) | UInt64(bytes[count >> 1]) << 8 | UInt64(bytes[count - 1]) << 16
            return (picked | UInt64(count) << 24) &* 0x9e37_79b9_7f4a_7c15
        }
        return (mixed ?? 0) >> 58
    }
}
