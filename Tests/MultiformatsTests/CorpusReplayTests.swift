import CapTesting
import Multiformats
import Testing

/// Replays the inputs that fuzzing kept, without a fuzzer: what once broke stays mended.
@Suite struct CorpusReplayTests {
    @Test func jsonCorpusIsRefusedOrSurvives() throws {
        let names = Fixture.names(in: "corpus/json")
        #expect(!names.isEmpty)
        for name in names {
            guard let value = try? JSON.parse(Fixture.bytes("corpus/json/" + name)) else { continue }
            #expect(try JSON.parse(value.serialized()) == value, "\(name)")
            let canonical = value.canonical()
            #expect(try JSON.parse(canonical).canonical() == canonical, "\(name)")
        }
    }

    @Test func cborCorpusIsRefusedOrEncodesToItself() {
        for name in Fixture.names(in: "corpus/cbor") {
            let bytes = Fixture.bytes("corpus/cbor/" + name)
            guard let value = try? CBOR.decode(bytes) else { continue }
            #expect(value.encoded() == bytes, "\(name)")
        }
    }

    @Test func cidCorpusIsRefusedOrKeepsItsSpelling() {
        for name in Fixture.names(in: "corpus/cid") {
            let bytes = Fixture.bytes("corpus/cid/" + name)
            if let cid = try? CID(bytes: bytes) { #expect(cid.bytes == bytes, "\(name)") }
            guard let cid = try? CID(text: bytes) else { continue }
            let texts = [cid.text, cid.base58, "f" + Base16.encode(cid.bytes), "u" + Base64URL.encode(cid.bytes)]
            #expect(texts.contains { Array($0.utf8) == bytes }, "\(name)")
        }
    }
}
