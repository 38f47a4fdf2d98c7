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
