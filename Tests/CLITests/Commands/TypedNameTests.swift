import Multiformats
import Testing
import UCAN

@testable import capq

/// Names and tokens as they are typed, pasted and saved by editors.
@Suite struct TypedNameTests {
    private let scratch = Scratch()

    /// RFC 3629 6: editors of Windows begin a file with U+FEFF.
    @Test func aMarkBeforeAFileIsNoPartOfIt() throws {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let key = try PrivateKey.generate(.ed25519)
        let token = try TokenMaker.ucan(
            issuer: key, audience: key.did, capabilities: [], expires: Timestamp(seconds: 1_900_000_000),
            nonce: TokenMaker.freshNonce())
        let text = token.authorization()
        for bytes in [Array(text.utf8), Array("\(text)\r\n".utf8), Array(#"{"token":"\#(text)"}"#.utf8)] {
            scratch.process.standardInput = { _ in mark + bytes }
            #expect(try TokenInput.read("-", scratch.process) == [.text(Array(text.utf8))])
        }
        #expect(KeyImport.trimmed(mark + [0x41]).elementsEqual([0x41]))
    }
}
