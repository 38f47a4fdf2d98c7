import ATProto
import CapTesting
import Multiformats
import Testing
import UCAN

@Suite struct LtHashTests {
    static func vectors() throws -> JSON { try Fixture.json("vectors/atproto/spaces/lthash.json") }

    @Test func everyExpansionAgrees() throws {
        let cases = try #require(try Self.vectors()["expand"]?.array)
        #expect(cases.count == 8)
        for vector in cases {
            let element = Array(try #require(vector["element"]?.string).utf8)
            var hash = LtHash()
            hash.add(element)
            let state = hash.state
            #expect(Base16.encode(Array(state[..<64])) == vector["xofFirst64Hex"]?.string)
            #expect(Base16.encode(Array(state[(2048 - 64)...])) == vector["xofLast64Hex"]?.string)
            #expect(Base16.encode(hash.digest) == vector["xofSha256Hex"]?.string)
            let lanes = (0..<1024).map { Int64(state[2 * $0]) | Int64(state[2 * $0 + 1]) << 8 }
            #expect(Array(lanes[..<8]) == vector["lanesFirst8"]?.array?.compactMap(\.number?.int64))
            #expect(Array(lanes[1020...]) == vector["lanesLast4"]?.array?.compactMap(\.number?.int64))
        }
    }

    @Test func everySetHasItsDigest() throws {
        let sets = try #require(try Self.vectors()["sets"]?.array)
        #expect(sets.count == 12)
        for set in sets {
            var hash = LtHash()
            for element in try Self.elements(set["add"]) { hash.add(element) }
            for element in try Self.elements(set["remove"]) { hash.remove(element) }
            let name = set["name"]?.string ?? ""
            #expect(Base16.encode(hash.digest) == set["digestHex"]?.string, "\(name)")
            #expect(Base16.encode(Array(hash.state[..<16])) == set["stateFirst16Hex"]?.string, "\(name)")
            #expect(hash.isZero == set["isZero"]?.bool, "\(name)")
            #expect(try LtHash(state: hash.state) == hash)
        }
    }

    /// Reads a list of elements, or makes the hundred that the set of that name describes.
    private static func elements(_ json: JSON?) throws -> [[UInt8]] {
        if let texts = json?.array { return texts.compactMap { $0.string.map { Array($0.utf8) } } }
        return try (0..<100).map { number in
            let digits = String(number)
            let cid = CID.ofDagCBOR(try RecordData.decode(["n": .number(JSONNumber(number))]).encoded())
            return LtHash.element(
                path: "com.example.n/" + String(repeating: "0", count: 3 - digits.count) + digits, cid: cid)
        }
    }

    @Test func theFullStateAgrees() throws {
        let vector = try #require(try Self.vectors()["fullState"])
        var hash = LtHash()
        for element in try Self.elements(vector["add"]) { hash.add(element) }
        let expected = try vector.vectorBase64("stateBase64")
        #expect(hash.state == expected)
    }

    @Test func blake3ExtendedOutputAgrees() throws {
        let cases = try #require(try Self.vectors()["blake3Xof"]?.array)
        #expect(cases.count == 22)
        for vector in cases {
            let count = Int(try #require(vector["inputLen"]?.number?.int64))
            let output = BLAKE3.xof((0..<count).map { UInt8($0 % 251) }, count: 131)
            #expect(Base16.encode(output) == vector["xof131Hex"]?.string, "\(count) bytes")
        }
    }

    @Test func aStateOfAnotherLengthIsRefused() {
        for count in [0, 2047, 2049] {
            #expect(throws: ATProtoError.self) { try LtHash(state: [UInt8](repeating: 0, count: count)) }
        }
    }

    @Test func propertyOrderDoesNotMatterAndRemovalUndoes() throws {
        try Property.hold("the set hash forgets order", cases: 30) { generator in
            var generator = generator
            let elements = (0..<generator.int(in: 1...20)).map { _ in generator.bytes(count: generator.int(in: 0...90))
            }
            var forward = LtHash()
            for element in elements { forward.add(element) }
            var shuffled = LtHash()
            for element in elements.shuffled(using: &generator) { shuffled.add(element) }
            guard forward == shuffled else { return "another order gives another hash" }
            var halves = LtHash()
            var rest = LtHash()
            for (index, element) in elements.enumerated() {
                if index % 2 == 0 { halves.add(element) } else { rest.add(element) }
            }
            halves.add(rest)
            guard halves == forward else { return "two halves do not add up" }
            for element in elements.shuffled(using: &generator) { forward.remove(element) }
            return forward.isZero ? nil : "removal leaves something behind"
        }
    }
}
