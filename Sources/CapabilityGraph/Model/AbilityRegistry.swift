import Multiformats

/// Knows aliases and implications of abilities, closed when it is loaded (tinycloud.md 7.6).
///
/// Unknown abilities match only themselves, and there is no wildcard but what the registry lists.
public struct AbilityRegistry: Sendable {
    public struct Entry: Sendable, Hashable {
        public let ability: String
        public let aliasOf: String?
        public let implies: [String]
        /// The ability that the list of a space's members must hold before a membership gives this one; nil where a
        /// membership gives it whatever the policies of its space say.
        public let underPolicy: String?

        public init(_ ability: String, aliasOf: String? = nil, implies: [String] = [], underPolicy: String? = nil) {
            self.ability = ability
            self.aliasOf = aliasOf
            self.implies = implies
            self.underPolicy = underPolicy
        }
    }

    /// The abilities in registry order; index + 1 is the number used inside the graph (0 is unknown).
    public let entries: [Entry]
    private let indexOf: [String: UInt8]
    private let namespaces: Set<String>
    /// For each held entry the entries it covers, itself and its aliases included, as a 256-bit set.
    private let covered: [SIMD4<UInt64>]
    private let canonicalIndex: [UInt8]
    /// For each entry the number of the ability under whose policy it stands, or 0.
    private let policies: [UInt8]

    /// Throws `registryMalformed` for unknown or cyclic references and for more than 255 entries.
    public init(_ entries: [Entry]) throws(GraphError) {
        guard entries.count <= 255 else { throw GraphError(.registryMalformed, "more than 255 abilities") }
        var indexOf: [String: UInt8] = [:]
        for (index, entry) in entries.enumerated() {
            _ = try Ability(entry.ability)
            guard indexOf.updateValue(UInt8(index + 1), forKey: entry.ability) == nil else {
                throw GraphError(.registryMalformed, "`\(entry.ability)` is listed twice")
            }
        }
        func index(_ text: String) throws(GraphError) -> Int {
            guard let found = indexOf[text] else {
                throw GraphError(.registryMalformed, "`\(text)` is referred to but not listed")
            }
            return Int(found) - 1
        }
        var canonical: [Int] = []
        for (position, entry) in entries.enumerated() {
            var current = position
            var steps = 0
            while let alias = entries[current].aliasOf {
                current = try index(alias)
                steps += 1
                guard steps <= entries.count else {
                    throw GraphError(.registryMalformed, "`\(entry.ability)` is an alias of itself")
                }
            }
            canonical.append(current)
        }
        var covered: [SIMD4<UInt64>] = []
        for position in entries.indices {
            var reached: Set<Int> = []
            var pending = [canonical[position]]
            while let next = pending.popLast() {
                guard reached.insert(next).inserted else { continue }
                for implied in entries[next].implies { pending.append(canonical[try index(implied)]) }
            }
            var bits = SIMD4<UInt64>()
            for other in entries.indices where reached.contains(canonical[other]) {
                bits[other / 64] |= 1 << UInt64(other % 64)
            }
            covered.append(bits)
        }
        self.entries = entries
        self.indexOf = indexOf
        namespaces = Set(entries.map { String(Ability(trusted: $0.ability).namespace) })
        self.covered = covered
        canonicalIndex = canonical.map { UInt8($0 + 1) }
        var policies: [UInt8] = []
        for entry in entries {
            policies.append(try entry.underPolicy.map { name throws(GraphError) in UInt8(try index(name) + 1) } ?? 0)
        }
        self.policies = policies
    }

    /// Reads the JSON form of the TinyCloud registry, version 1; members that carry no meaning here are ignored.
    public init(json bytes: [UInt8]) throws(GraphError) {
        guard let json = try? JSON.parse(bytes), case .object(let root) = json,
            case .number(let version)? = root["version"], version.int64 == 1,
            case .array(let list)? = root["capabilities"]
        else { throw GraphError(.registryMalformed, "not a version 1 ability registry") }
        var entries: [Entry] = []
        for item in list {
            guard case .object(let object) = item, case .string(let ability)? = object["urn"] else {
                throw GraphError(.registryMalformed, "an entry has no `urn`")
            }
            var aliasOf: String?
            if case .string(let text)? = object["aliasOf"] { aliasOf = text }
            var implies: [String] = []
            if case .array(let texts)? = object["implies"] {
                for case .string(let text) in texts { implies.append(text) }
            }
            entries.append(Entry(ability, aliasOf: aliasOf, implies: implies))
        }
        try self.init(entries)
    }

    /// The number of an ability, or 0 when the registry does not know it.
    public func number(_ ability: String) -> UInt8 { indexOf[ability] ?? 0 }

    /// True when some ability of the registry lies in the namespace.
    public func knows(namespace: String) -> Bool {
        // Abilities are ASCII, and only among ASCII texts is equality of Strings that of their bytes.
        namespace.utf8.allSatisfy { $0 < 0x80 } && namespaces.contains(namespace)
    }

    /// The number an alias stands for, or the same number.
    @inline(__always)
    func canonical(_ number: UInt8) -> UInt8 { number == 0 ? 0 : canonicalIndex[Int(number) - 1] }

    /// The number of the ability under whose policy an ability stands when a membership gives it, or 0.
    @inline(__always)
    func policy(of number: UInt8) -> UInt8 { number == 0 ? 0 : policies[Int(number) - 1] }

    /// True for an ability under which others stand.
    func isPolicy(_ number: UInt8) -> Bool { number != 0 && policies.contains(number) }

    /// True when holding one ability is enough for the other; both are registry numbers other than 0.
    @inline(__always)
    func covers(held: UInt8, required: UInt8) -> Bool {
        let bit = Int(required) - 1
        return covered[Int(held) - 1][bit >> 6] >> UInt64(bit & 63) & 1 == 1
    }

    /// The other abilities that holding one is enough for, in registry order; none for 0.
    func others(coveredBy held: UInt8) -> [Ability] {
        guard held != 0 else { return [] }
        return entries.indices.filter { Int(held) != $0 + 1 && covers(held: held, required: UInt8($0 + 1)) }
            .map { Ability(trusted: entries[$0].ability) }
    }

    /// True when holding `held` is enough to do `required`.
    public func covers(held: Ability, required: Ability) -> Bool {
        if held == required { return true }
        let heldNumber = number(held.text)
        let requiredNumber = number(required.text)
        return heldNumber != 0 && requiredNumber != 0 && covers(held: heldNumber, required: requiredNumber)
    }

    /// True when both name the same action, through aliases.
    public func isSame(_ first: Ability, _ second: Ability) -> Bool {
        if first == second { return true }
        let number = canonical(number(first.text))
        return number != 0 && number == canonical(self.number(second.text))
    }
}
