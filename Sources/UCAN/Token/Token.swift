import Multiformats

/// Holds a statement that is decoded, within limits, and not yet checked against its signature.
public struct UnverifiedToken: SignedStatement {
    public let contents: StatementContents
    let check: SignatureCheck

    init(_ contents: StatementContents, _ check: SignatureCheck) {
        self.contents = contents
        self.check = check
    }

    /// Checks the signature by the issuer; times are the caller's to check. Throws `badSignature`.
    public func verify() throws(UCANError) -> Token {
        try check.run(on: contents)
        return Token(verified: contents)
    }
}

/// Holds a statement whose signature by its issuer was verified; made by `UnverifiedToken.verify()` alone.
public struct Token: SignedStatement {
    public let contents: StatementContents

    fileprivate init(verified contents: StatementContents) { self.contents = contents }
}

/// Keeps what verification needs beside the readable fields.
enum SignatureCheck: Sendable {
    /// The key, the raw signature, and how many leading bytes of the JWT it covers.
    case jws(key: PublicKey, signature: [UInt8], covered: Int)
    /// The account, the message text, and r, s, v.
    case wallet(address: EthereumAddress, text: [UInt8], signature: [UInt8])

    func run(on contents: StatementContents) throws(UCANError) {
        switch self {
        case .jws(let key, let signature, let covered):
            let sound = contents.bytes.withUnsafeBytes { bytes in
                signature.withUnsafeBytes { signature in
                    key.verify(signature: signature, message: UnsafeRawBufferPointer(rebasing: bytes[..<covered]))
                }
            }
            guard sound else {
                throw UCANError(
                    .badSignature, "the signature is not \(UCANError.quoted(contents.issuer.text))'s", step: "B.5.2")
            }
        case .wallet(let address, let text, let signature):
            guard try EIP191.recover(text: text, signature: signature) == address else {
                throw UCANError(
                    .badSignature, "the signature is not \(UCANError.quoted(contents.issuer.text))'s", step: "C.2")
            }
        }
    }
}
