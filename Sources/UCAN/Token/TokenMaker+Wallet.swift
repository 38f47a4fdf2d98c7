public import Multiformats

extension TokenMaker {
    /// Prepares the message a wallet outside this process is to sign: show or send its `text`.
    ///
    /// Times are RFC 3339 texts, kept as given. Without capabilities no ReCap and no generated statement are added.
    public static func siweOut(
        address: EthereumAddress,
        audience: String,
        capabilities: [TokenCapability],
        proofs: [CID] = [],
        domain: String,
        chainID: UInt64 = 1,
        issuedAt: String,
        expires: String? = nil,
        notBefore: String? = nil,
        nonce: String,
        requestID: String? = nil,
        statementPrefix: String? = nil
    ) throws(UCANError) -> SIWE {
        guard !capabilities.isEmpty || proofs.isEmpty else {
            throw UCANError(.malformedReCap, "proofs are cited for no capability", step: "C.3")
        }
        let recap = capabilities.isEmpty ? nil : try ReCap(capabilities: capabilities, proofs: proofs)
        return try SIWE(
            domain: domain,
            address: address,
            statement: recap?.statement(after: statementPrefix) ?? statementPrefix,
            uri: audience,
            chainID: chainID,
            nonce: nonce,
            issuedAt: issuedAt,
            expirationTime: expires,
            notBefore: notBefore,
            requestID: requestID,
            resources: recap.map { [$0.resource] }
        )
    }

    /// Joins a message with the 65-byte signature a wallet gave for its text; verify the result before sending it.
    public static func siweIn(message: SIWE, signature: [UInt8]) throws(UCANError) -> UnverifiedToken {
        guard signature.count == 65 else {
            throw UCANError(.malformedSignature, "a wallet signature has 65 bytes, not \(signature.count)", step: "C.2")
        }
        guard message.resources?.isEmpty != true else {
            throw UCANError(.malformedMessage, "a CACAO cannot keep an empty list of resources", step: "C.1")
        }
        var signature = signature
        // The reference form counts recovery bytes from 27.
        if signature[64] < 2 { signature[64] += 27 }
        return try UnverifiedToken.decode(
            bytes: CACAO(message: message, signature: signature).encoded(),
            kind: .cacao
        )
    }

    /// Joins a message text, as the wallet signed it, with the signature.
    public static func siweIn(text: String, signature: [UInt8]) throws(UCANError) -> UnverifiedToken {
        try siweIn(message: SIWE.parse(text), signature: signature)
    }

    /// Signs a root delegation with an account's key held here.
    public static func cacao(
        wallet: EthereumKey,
        audience: String,
        capabilities: [TokenCapability],
        proofs: [CID] = [],
        domain: String,
        chainID: UInt64 = 1,
        issuedAt: String,
        expires: String? = nil,
        notBefore: String? = nil,
        nonce: String? = nil,
        requestID: String? = nil,
        statementPrefix: String? = nil
    ) throws(UCANError) -> UnverifiedToken {
        let message = try siweOut(
            address: wallet.address,
            audience: audience,
            capabilities: capabilities,
            proofs: proofs,
            domain: domain,
            chainID: chainID,
            issuedAt: issuedAt,
            expires: expires,
            notBefore: notBefore,
            nonce: try given(nonce, or: freshWalletNonce),
            requestID: requestID,
            statementPrefix: statementPrefix
        )
        return try siweIn(message: message, signature: wallet.signEIP191(Array(message.text.utf8)))
    }

    /// Signs the revocation of `target` as the account that issued it, received it or owns its space.
    public static func revocation(
        wallet: EthereumKey,
        target: CID,
        domain: String,
        chainID: UInt64 = 1,
        issuedAt: String,
        expires: String? = nil,
        nonce: String? = nil
    ) throws(UCANError) -> UnverifiedToken {
        try cacao(
            wallet: wallet,
            audience: "ucan:" + target.text,
            capabilities: [],
            domain: domain,
            chainID: chainID,
            issuedAt: issuedAt,
            expires: expires,
            nonce: nonce
        )
    }

    /// Returns 32 random hex digits, since a message's nonce is alphanumeric.
    public static func freshWalletNonce() throws(UCANError) -> String {
        Base16.encode(try LibCrypto.random(16))
    }
}
