import Multiformats
import Testing
import UCAN

@testable import capq

/// Names and tokens as they are typed, pasted and saved by editors.
@Suite struct TypedNameTests {
    private let scratch = Scratch()

    /// The mistyped DIDs of the service's `FieldFaultTests`: each is a mistake of the command line, and nothing is signed.
    @Test(arguments: [
        "did:pkh:eip155:1:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAee",
        "did:pkh:eip155:1:0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooW",
        "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mD0oWp", "did:key:zzz",
        "did:key:z6MkeXATEjyXENzBXBxgC5EHk2JE5aqd7qMGGtDpLUH1e2Sj",
    ])
    func mistypedPrincipalsAreAMistake(did: String) throws {
        let keys = KeyStore(home: try scratch.process.homeFolder())
        let told = #expect(throws: CommandError.self) { try PrincipalText.parse(did, keys: keys, me: nil) }
        #expect(told?.exit == .usage)
        #expect(told?.message.contains("EIP-55") == true || told?.message.contains("did:key:") == true)
    }

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
