import CapTesting
import Testing
import UCAN

/// Replays the inputs that fuzzing kept, without a fuzzer: what once broke stays mended.
@Suite struct CorpusReplayTests {
    @Test func tokenCorpusIsRefusedOrKeepsItsIdentity() throws {
        let names = Fixture.names(in: "corpus/token")
        #expect(!names.isEmpty)
        for name in names {
            let bytes = Fixture.bytes("corpus/token/" + name)
            var tokens = TokenKind.allCases.compactMap { try? UnverifiedToken.decode(bytes: bytes, kind: $0) }
            if let token = try? UnverifiedToken.decode(authorization: bytes) { tokens.append(token) }
            for token in tokens {
                let again = try UnverifiedToken.decode(authorization: token.authorization().utf8)
                #expect(again.id == token.id && again.statementID == token.statementID, "\(name)")
            }
        }
    }

    @Test func messageCorpusIsRefusedOrPrintsBack() {
        let names = Fixture.names(in: "corpus/siwe")
        #expect(!names.isEmpty)
        for name in names {
            let text = Fixture.text("corpus/siwe/" + name)
            guard let message = try? SIWE.parse(text) else { continue }
            #expect(message.text.utf8.elementsEqual(text.utf8), "\(name)")
        }
    }
}
