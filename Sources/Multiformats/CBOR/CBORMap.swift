/// Holds entries in DAG-CBOR order, shorter keys first and then by bytes, no two with the same key bytes.
public struct CBORMap: Sendable {
    public typealias Entry = (key: String, value: CBOR)

    public private(set) var entries: [Entry]

    public init() { entries = [] }

    /// Takes entries in any order; nil when two keys have the same bytes.
    public init?(_ entries: [Entry]) {
        self.entries = entries.sorted { Self.order($0.key, $1.key) < 0 }
        for index in self.entries.indices.dropFirst()
        where Self.order(self.entries[index - 1].key, self.entries[index].key) == 0 {
            return nil
        }
    }

    /// Takes entries already in order.
    init(sorted entries: [Entry]) { self.entries = entries }

    public var count: Int { entries.count }
    public var isEmpty: Bool { entries.isEmpty }

    /// Finds, replaces, inserts or (with nil) removes the entry whose key has these bytes.
    public subscript(_ key: String) -> CBOR? {
        get {
            let (place, found) = place(of: key)
            return found ? entries[place].value : nil
        }
        set {
            switch (place(of: key), newValue) {
            case ((let place, true), .some(let value)): entries[place].value = value
            case ((let place, true), .none): entries.remove(at: place)
            case ((let place, false), .some(let value)): entries.insert((key, value), at: place)
            case ((_, false), .none): break
            }
        }
    }

    private func place(of key: String) -> (Int, found: Bool) {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            let order = Self.order(entries[middle].key, key)
            if order == 0 { return (middle, true) }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return (low, false)
    }

    /// Orders keys as their encodings: by length, then bytes.
    static func order(_ left: String, _ right: String) -> Int {
        let difference = left.utf8.count - right.utf8.count
        return difference != 0 ? difference : UTF8Bytes.compare(left, right)
    }
}

extension CBORMap: Hashable {
    public static func == (left: CBORMap, right: CBORMap) -> Bool {
        left.entries.elementsEqual(right.entries) { UTF8Bytes.equal($0.key, $1.key) && $0.value == $1.value }
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(entries.count)
        for entry in entries {
            UTF8Bytes.hash(entry.key, into: &hasher)
            hasher.combine(entry.value)
        }
    }
}

extension CBORMap: ExpressibleByDictionaryLiteral {
    /// Keeps the last of two entries with one key.
    public init(dictionaryLiteral elements: (String, CBOR)...) {
        entries = []
        for (key, value) in elements { self[key] = value }
    }
}
