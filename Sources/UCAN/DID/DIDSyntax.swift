/// Checks the syntax of DIDs and gives them their one canonical text.
enum DIDSyntax {
    static func canonical(_ text: String) throws(UCANError) -> String {
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

/// Reads the chain and the account of a `did:pkh:eip155` DID.
struct EthereumAccount {
    static let prefix = Array("did:pkh:eip155:".utf8)

    let chain: UInt64
    let address: EthereumAddress

    init(_ did: UnsafeBufferPointer<UInt8>) throws(UCANError) {
        let rest = did.dropFirst(EthereumAccount.prefix.count)
        guard let colon = rest.firstIndex(of: UInt8(ascii: ":")),
            let chain = EthereumAccount.chain(rest[..<colon])
        else {
            throw UCANError(.malformedDID, "\(UCANError.quoted(did)) names no chain and account", step: "1.2")
        }
        self.chain = chain
        address = try EthereumAddress(anyCase: rest[rest.index(after: colon)...])
    }

    init?(_ did: DID) {
        var text = did.text
        let made = text.withUTF8 { bytes in
            bytes.starts(with: EthereumAccount.prefix) ? try? EthereumAccount(bytes) : nil
        }
        guard let made else { return nil }
        self = made
    }

    var text: String { "did:pkh:eip155:\(chain):\(address)" }

    /// Decimal digits, above zero, within 64 bits; leading zeros fall away in the canonical text.
    private static func chain(_ digits: some Collection<UInt8>) -> UInt64? {
        guard !digits.isEmpty, digits.count <= 40 else { return nil }
        var value: UInt64 = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit - 0x30))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value > 0 ? value : nil
    }
}
