import ATProto
import CapTesting
import Multiformats
import Testing

@Suite struct CARTests {
    private struct Archive {
        let roots: [CID]
        let blocks: [(cid: CID, bytes: [UInt8])]
        let bytes: [UInt8]
    }

    private static func archives() throws -> [Archive] {
        let fixtures = try #require(
            try Fixture.json("vectors/atproto/interop/data-model/car-file-fixtures.json").array)
        return try fixtures.map { fixture in
            let blocks = try #require(fixture["blocks"]?.array).map { block in
                (
                    cid: try CID(text: block.vectorText("cid").utf8),
                    bytes: try block.vectorBase64("bytes")
                )
            }
            return Archive(
                roots: [try CID(text: fixture.vectorText("root").utf8)], blocks: blocks,
                bytes: try fixture.vectorBase64("car"))
        }
    }

    private static func read(_ bytes: [UInt8], pieces: Int) throws -> [CARReader.Part] {
        var reader = CARReader()
        var parts: [CARReader.Part] = []
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            reader.append(bytes[start..<min(bytes.count, start + pieces)])
            while let part = try reader.next() { parts.append(part) }
        }
        try reader.finish()
        return parts
    }

    @Test func theInteropArchiveIsReadAndWrittenByteForByte() throws {
        for archive in try Self.archives() {
            var written = CARWriter.header(roots: archive.roots)
            for block in archive.blocks { CARWriter.append(block.cid, block.bytes, to: &written) }
            #expect(written == archive.bytes)
            let expected =
                [.header(roots: archive.roots)] + archive.blocks.map { CARReader.Part.block($0.cid, $0.bytes) }
            for pieces in [1, 2, 7, 64, 1000, archive.bytes.count] {
                #expect(try Self.read(archive.bytes, pieces: pieces) == expected)
            }
            for block in archive.blocks { #expect(CID.ofDagCBOR(block.bytes) == block.cid) }
        }
    }

    @Test func everyCutIsNoticed() throws {
        let bytes = try #require(try Self.archives().first?.bytes)
        var boundaries = 0
        for count in 0..<bytes.count {
            do {
                _ = try Self.read(Array(bytes[..<count]), pieces: max(1, count))
                boundaries += 1
            } catch is MultiformatsError {}
        }
        // Only a cut between sections leaves a well-formed shorter archive.
        #expect(boundaries == (try Self.archives()[0].blocks.count))
    }

    @Test func lengthsAreBoundedBeforeAnythingIsHeld() throws {
        var reader = CARReader(limits: CARLimits(maxHeaderBytes: 100, maxSectionBytes: 1000))
        reader.append([0xff, 0xff, 0xff, 0xff, 0x7f])
        #expect(throws: MultiformatsError(.tooLarge, "")) { try reader.next() }
        reader = CARReader()
        reader.append([0x80, 0x00])
        #expect(throws: MultiformatsError(.notCanonical, "")) { try reader.next() }
        reader = CARReader()
        reader.append([UInt8](repeating: 0xff, count: 12))
        #expect(throws: MultiformatsError(.notCanonical, "")) { try reader.next() }
        reader = CARReader()
        reader.append([1, 0xa0])
        #expect(throws: MultiformatsError(.invalidSyntax, "")) { try reader.next() }
        reader = CARReader()
        reader.append(CARWriter.header(roots: []) + [3, 1, 0x71, 0x12])
        #expect(try reader.next() == .header(roots: []))
        #expect(throws: MultiformatsError(.truncated, "")) { try reader.next() }
    }

    @Test func standardBase64IsStrict() {
        for (bytes, text) in [([UInt8](), ""), ([0xfb, 0xff], "+/8"), ([0], "AA"), ([1, 2, 3], "AQID")] {
            #expect(Base64.encode(bytes) == text)
            #expect(Base64.decode(text.utf8) == bytes)
        }
        #expect(Base64.decode("AA==".utf8) == [0])
        #expect(Base64.encode([0], padded: true) == "AA==")
        for text in ["AA=", "AB", "A", "-_8", "A A", "AA==="] { #expect(Base64.decode(text.utf8) == nil, "\(text)") }
        #expect(Base64.decode("AA".utf8, padding: .required) == nil)
    }
}
