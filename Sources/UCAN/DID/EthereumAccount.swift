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
