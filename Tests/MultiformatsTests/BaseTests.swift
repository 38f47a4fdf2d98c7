import CapTesting
import Multiformats
import Testing

@Suite struct BaseTests {
    @Test func base64URLAgreesWithRFC4648() {
        let cases: [(String, String, String)] = [
            ("", "", ""), ("f", "Zg", "Zg=="), ("fo", "Zm8", "Zm8="), ("foo", "Zm9v", "Zm9v"),
            ("foob", "Zm9vYg", "Zm9vYg=="),
            ("fooba", "Zm9vYmE", "Zm9vYmE="), ("foobar", "Zm9vYmFy", "Zm9vYmFy"),
        ]
        for (plain, bare, padded) in cases {
            let bytes = Array(plain.utf8)
            #expect(Base64URL.encode(bytes) == bare)
            #expect(Base64URL.encode(bytes, padded: true) == padded)
            #expect(Base64URL.decode(bare.utf8) == bytes)
            #expect(Base64URL.decode(padded.utf8, padding: .required) == bytes)
            #expect(Base64URL.decode(bare.utf8, padding: .either) == bytes)
            #expect(Base64URL.decode(padded.utf8, padding: .either) == bytes)
            if bare != padded {
                #expect(Base64URL.decode(padded.utf8) == nil)
                #expect(Base64URL.decode(bare.utf8, padding: .required) == nil)
            }
        }
        #expect(Base64URL.encode([0xfb, 0xff]) == "-_8")
    }

    @Test func base64URLRefusesEverySecondSpelling() {
        let refused = [
            "Z", "Zh", "Zm9", "Zm9vY", "Zm9vYh", "+_8", "-/8", "Zg=", "Zg===", "=", "==", "====", "Zg==Zg==", "Z=g=",
            " Zg", "Zg ", "Zg\n", "Z\u{0}", "Zm 8", "é8", "Zm9v====",
        ]
        for text in refused {
            for padding in [Base64URL.Padding.forbidden, .required, .either] {
                #expect(Base64URL.decode(text.utf8, padding: padding) == nil, "\(text) \(padding)")
            }
        }
        // Sixteen spellings of 64 bytes differ in trailing bits; one is right.
        let text = Array(Base64URL.encode([UInt8](repeating: 7, count: 64)).utf8)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        #expect(alphabet.filter { Base64URL.decode(text.dropLast() + [$0]) != nil }.count == 4)
    }

    @Test func base32AgreesWithRFC4648InLowerCaseWithoutPadding() {
        let cases = [
            ("", ""), ("f", "my"), ("fo", "mzxq"), ("foo", "mzxw6"), ("foob", "mzxw6yq"), ("fooba", "mzxw6ytb"),
            ("foobar", "mzxw6ytboi"),
        ]
        for (plain, encoded) in cases {
            #expect(Base32Lower.encode(Array(plain.utf8)) == encoded)
            #expect(Base32Lower.decode(encoded.utf8) == Array(plain.utf8))
        }
        for text in ["m", "mz", "MY", "my======", "m1", "m0", "mzx", "mzxw6y", "mzxr", "mz xq", "mzxw8"] {
            #expect(Base32Lower.decode(text.utf8) == nil, "\(text)")
        }
    }

    @Test func base58AgreesWithTheDraftVectors() throws {
        #expect(Base58BTC.encode(Array("Hello World!".utf8)) == "2NEpo7TZRRrLZSi2U")
        #expect(
            Base58BTC.encode(Array("The quick brown fox jumps over the lazy dog.".utf8))
                == "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z")
        #expect(Base58BTC.encode([0, 0, 0x28, 0x7f, 0xb4, 0xcd]) == "11233QC4")
        #expect(Base58BTC.decode("11233QC4".utf8) == [0, 0, 0x28, 0x7f, 0xb4, 0xcd])
        #expect(Base58BTC.decode("".utf8) == [] && Base58BTC.encode([]) == "")
        for text in ["0", "O", "I", "l", " 1", "1 ", "é"] { #expect(Base58BTC.decode(text.utf8) == nil) }
        #expect(Base58BTC.decode(String(repeating: "2", count: 256).utf8) != nil)
        #expect(Base58BTC.decode(String(repeating: "2", count: 257).utf8) == nil)
    }

    @Test func base16IsLowerCaseOnly() {
        #expect(Base16.encode([0, 0x9f, 0xff]) == "009fff")
        #expect(Base16.decode("009fff".utf8) == [0, 0x9f, 0xff])
        for text in ["0", "0F", "0g", " 00", "0x"] { #expect(Base16.decode(text.utf8) == nil) }
    }

    @Test func everyBaseRestoresRandomBytes() {
        var generator = SeededGenerator.printed("everyBaseRestoresRandomBytes")
        for _ in 0..<2000 {
            let leading = [UInt8](repeating: 0, count: generator.int(in: 0...3))
            let bytes = leading + generator.bytes(count: generator.int(in: 0...100))
            #expect(Base16.decode(Base16.encode(bytes).utf8) == bytes)
            #expect(Base32Lower.decode(Base32Lower.encode(bytes).utf8) == bytes)
            #expect(Base58BTC.decode(Base58BTC.encode(bytes).utf8) == bytes)
            #expect(Base64URL.decode(Base64URL.encode(bytes).utf8) == bytes)
            #expect(Base64URL.decode(Base64URL.encode(bytes, padded: true).utf8, padding: .required) == bytes)
        }
    }

    @Test func whateverDecodesEncodesToTheSameText() {
        var generator = SeededGenerator.printed("whateverDecodesEncodesToTheSameText")
        let alphabet = Array("abcdefzABCZ01279-_=+/ ".utf8)
        var decoded = 0
        for _ in 0..<20_000 {
            let text = (0..<generator.int(in: 0...9)).map { _ in alphabet[generator.int(in: 0...alphabet.count - 1)] }
            if let bytes = Base64URL.decode(text) {
                #expect(Array(Base64URL.encode(bytes).utf8) == text)
                decoded += 1
            }
            if let bytes = Base32Lower.decode(text) { #expect(Array(Base32Lower.encode(bytes).utf8) == text) }
            if let bytes = Base58BTC.decode(text) { #expect(Array(Base58BTC.encode(bytes).utf8) == text) }
            if let bytes = Base16.decode(text) { #expect(Array(Base16.encode(bytes).utf8) == text) }
        }
        #expect(decoded > 100)
    }
}
