import CapTesting
import Testing

@testable import Multiformats

@Suite struct HashTests {
    static func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8($0 % 251) } }

    @Test func blake3AgreesWithTheOracleForEveryListedLength() throws {
        let vectors = try Fixture.json("vectors/blake3/lengths.json")
        let keyText = try #require(vectors["key"]?.string)
        let key = try #require(Digest(keyText.utf8))
        let cases = try #require(vectors["cases"]?.array)
        #expect(cases.count > 70)
        for vector in cases {
            let length = Int(try #require(vector["length"]?.number?.int64))
            let input = Self.pattern(length)
            let xof = try #require(vector["xof"]?.string)
            let keyed = try #require(vector["keyed"]?.string)
            #expect(Base16.encode(BLAKE3.xof(input, count: 131)) == xof, "length \(length)")
            #expect(BLAKE3.hash(input).hex == String(xof.prefix(64)), "length \(length)")
            #expect(Base16.encode(BLAKE3.keyedXOF(key: key, input, count: 131)) == keyed, "length \(length)")
            #expect(BLAKE3.keyedHash(key: key, input).hex == String(keyed.prefix(64)), "length \(length)")
        }
    }

    @Test func blake3AgreesWithTheOracleForEveryLengthTo5000() throws {
        let vectors = try Fixture.json("vectors/blake3/lengths.json")
        let input = Self.pattern(5000)
        let hashes = (0...5000).flatMap { BLAKE3.hash(Array(input[..<$0])).bytes }
        #expect(BLAKE3.hash(hashes).hex == vectors["everyLengthTo5000"]?.string)
    }

    @Test func chunksInLanesGiveWhatChunksInTurnGive() {
        var generator = SeededGenerator.printed("chunksInLanesGiveWhatChunksInTurnGive")
        for _ in 0..<300 {
            let input = generator.bytes(count: generator.int(in: 0...40) * 1024 + generator.int(in: 0...1023))
            input.withUnsafeBytes { bytes in
                var words = [[UInt32]](repeating: [UInt32](repeating: 0, count: 16), count: 2)
                for (index, inLanes) in [false, true].enumerated() {
                    let tree = BLAKE3Tree(bytes, key: BLAKE3State.iv, modeFlags: 0, inLanes: inLanes)
                    tree.output(7, into: &words[index])
                }
                #expect(words[0] == words[1], "length \(input.count)")
            }
        }
    }

    @Test func blake3ExtendedOutputAgreesWithTheOracleFarOut() throws {
        let vectors = try Fixture.json("vectors/blake3/lengths.json")
        let long = BLAKE3.xof(Self.pattern(64), count: 10000)
        #expect(BLAKE3.hash(long).hex == vectors["xofOf64Bytes10000"]?.string)
        let longer = BLAKE3.xof(Self.pattern(3000), count: 1 << 20)
        #expect(BLAKE3.hash(longer).hex == vectors["xofOf3000BytesMebibyte"]?.string)
    }

    @Test func blake3ExtendedOutputOfEveryCountIsAPrefixOfTheLongest() {
        let input = Self.pattern(1500)
        let longest = BLAKE3.xof(input, count: 1300)
        for count in 0...1300 {
            #expect(BLAKE3.xof(input, count: count) == Array(longest[..<count]), "count \(count)")
        }
    }

    @Test func keccakAgreesWithTheOracle() throws {
        let vectors = try Fixture.json("vectors/keccak/lengths.json")
        for vector in try #require(vectors["cases"]?.array) {
            let length = Int(try #require(vector["length"]?.number?.int64))
            #expect(Keccak256.hash(Self.pattern(length)).hex == vector["hash"]?.string, "length \(length)")
        }
        let hashes = (0...1000).flatMap { Keccak256.hash(Self.pattern($0)).bytes }
        #expect(Keccak256.hash(hashes).hex == vectors["everyLengthTo1000"]?.string)
    }
}
