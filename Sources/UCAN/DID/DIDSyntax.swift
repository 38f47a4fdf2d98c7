/// Checks the syntax of DIDs and gives them their one canonical text.
enum DIDSyntax {
    // Casing an account costs a Keccak-256, and few accounts own most of what is named. The texts are at most
    // `DID.maximumLength` bytes long, which bounds the memory.
    private static let accounts = BoundedCache<[UInt8], String>(generation: 1024)

    static func canonical(_ text: String) throws(UCANError) -> String {
        guard text.utf8.starts(with: EthereumAccount.prefix), text.utf8.count <= DID.maximumLength else {
            return try checked(text)
        }
        let bytes = Array(text.utf8)
        if let known = accounts[bytes] { return known }
        let canonical = try checked(text)
        accounts.insert(canonical, for: bytes)
        return canonical
    }

    private static func checked(_ text: String) throws(UCANError) -> String {
        var text = text
        let account = text.withUTF8 { bytes -> Result<EthereumAccount?, UCANError> in
            guard bytes.count <= DID.maximumLength else {
                return .failure(
                    UCANError(.malformedDID, "a DID is longer than \(DID.maximumLength) bytes", step: "1.2"))
            }
            guard isDID(bytes) else {
                return .failure(UCANError(.malformedDID, "\(UCANError.quoted(bytes)) is no DID", step: "1.2"))
            }
            guard bytes.starts(with: EthereumAccount.prefix) else { return .success(nil) }
            return Result { () throws(UCANError) in try EthereumAccount(bytes) }
        }
        return try account.get()?.text ?? text
    }

    /// `did:` method `:` identifier, the identifier of idchars with no empty last segment (DID Core 3.1).
    static func isDID(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard bytes.count > 4, bytes.starts(with: "did:".utf8) else { return false }
        var index = 4
        while index < bytes.count, isMethodCharacter(bytes[index]) { index += 1 }
        guard index > 4, index + 1 < bytes.count, bytes[index] == UInt8(ascii: ":") else { return false }
        index += 1
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "%") {
                guard index + 2 < bytes.count, URISyntax.isHexDigit(bytes[index + 1]),
                    URISyntax.isHexDigit(bytes[index + 2])
                else { return false }
                index += 3
            } else {
                guard isIdentifierCharacter(byte) else { return false }
                index += 1
            }
        }
        return bytes[bytes.count - 1] != UInt8(ascii: ":")
    }

    private static func isMethodCharacter(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
    }

    private static func isIdentifierCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x3A, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
