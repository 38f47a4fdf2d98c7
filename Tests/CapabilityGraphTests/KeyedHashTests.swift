import CapTesting
import Testing

@testable import CapabilityGraph

@Suite struct KeyedHashTests {
    @Test func hashesOfManyKeysSpreadOverTheTable() {
        let hashing = KeyedHash()
        let count = 4096
        var numbers: Set<UInt64> = []
        var pairs: Set<UInt64> = []
        var texts: Set<UInt64> = []
        for index in 0..<count {
            let mask: UInt64 = 0xFFFF
            numbers.insert(hashing.hash(UInt64(index)) >> 7 & mask)
            pairs.insert(hashing.hash(UInt64(index), 7) >> 7 & mask)
            var text = "key \(index)"
            texts.insert(text.withUTF8 { hashing.hash(UnsafeRawBufferPointer($0), seed: 1) } >> 7 & mask)
        }
        // Of 4096 random draws from 65536 places about 3970 differ.
        for found in [numbers, pairs, texts] { #expect(found.count > 3800) }
    }
}
