import CapTesting
import Multiformats
import Testing

@Suite struct CBORFixtureTests {
    @Test func everyFixtureDecodesAndEncodesToItself() throws {
        let fixtures = try #require(try Fixture.json("vectors/dag-cbor/fixtures.json").array)
        #expect(fixtures.count == 70)
        for fixture in fixtures {
            let name = fixture["name"]?.string ?? "unnamed"
            guard let hex = fixture["dagCborHex"]?.string else { continue }
            let bytes = try #require(Base16.decode(hex.utf8))
            let value = try CBOR.decode(bytes)
            #expect(value.encoded() == bytes, "\(name)")
            let json = try #require(fixture["dagJson"]?.string)
            #expect(try DagJSON.value(of: JSON.parse(Array(json.utf8))) == value, "\(name)")
            let cid = try CID(text: try #require(fixture["dagCborCid"]?.string).utf8)
            #expect(cid.codec == CID.dagCBORCodec && cid.hash.code == .sha2_256, "\(name)")
        }
    }

    @Test func duplicateKeysAreRefusedInBothCodecs() throws {
        let cbor = try #require(try Fixture.json("vectors/dag-cbor/negative-dag-cbor-duplicate-keys.json").array)
        for fixture in cbor {
            let bytes = try bytes(of: fixture)
            #expect(throws: MultiformatsError(.duplicateKey, "")) { try CBOR.decode(bytes) }
        }
        let json = try #require(try Fixture.json("vectors/dag-cbor/negative-dag-json-duplicate-keys.json").array)
        for fixture in json {
            let bytes = try bytes(of: fixture)
            #expect(throws: MultiformatsError(.duplicateKey, "")) { try JSON.parse(bytes) }
        }
    }

    private func bytes(of fixture: JSON) throws -> [UInt8] {
        let hex = try #require(fixture["hex"]?.string)
        return try #require(Base16.decode(hex.utf8))
    }
}
