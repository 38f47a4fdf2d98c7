import Multiformats

/// Decodes the CACAO form of a statement (spec/ucan.md C.1).
enum CACAODecoder {
    static func decode(authorization text: [UInt8], limits: TokenLimits) throws(UCANError) -> UnverifiedToken {
        guard let bytes = Base64URL.decode(text, padding: .either) else {
            throw UCANError(.malformedEncoding, "the CACAO is not base64url", step: "I")
        }
        switch TokenForm(bytes: bytes) {
        case .cacao: return try decode(bytes: bytes, limits: limits)
        case .envelope: throw TokenForm.unsupported
        case .jwt, .container, .unknown:
            throw UCANError(.malformedAuthorization, "the bytes are no map of three", step: "A")
        }
    }

    static func decode(bytes: [UInt8], limits: TokenLimits) throws(UCANError) -> UnverifiedToken {
        // Step 1: size, then strict DAG-CBOR.
        guard bytes.count <= limits.bytes else {
            throw UCANError(.limitExceeded, "the statement is longer than \(limits.bytes) bytes", step: "J.22")
        }
        let block: CBOR
        do {
            block = try CBOR.decode(bytes, limits: CBORLimits(maxBytes: limits.bytes, maxDepth: limits.depth))
        } catch {
            throw UCANError(.malformedCBOR, "the CACAO is no strict DAG-CBOR: \(error.message)", step: "I")
        }
        // Step 2: members and types.
        let cacao = try CACAO(block)
        // Step 3: the ReCap, then the statement that must show it.
        let recap = try ReCap.read(resources: cacao.message.resources ?? [], limits: limits)
        if let recap {
            guard recap.isStated(by: cacao.message.statement) else {
                throw UCANError(
                    .statementMismatch,
                    "the message's statement does not end with the text of its capabilities",
                    step: "J.8"
                )
            }
        }
        let text = Array(cacao.message.text.utf8)
        let contents = try StatementContents(
            kind: .cacao,
            bytes: bytes,
            statementID: SHA256.hash(text),
            issuer: (cacao.issuer, nil),
            audience: try audience(cacao.message.uri),
            capabilities: recap?.capabilities ?? [],
            citedProofs: recap?.proofs ?? [],
            notBefore: try cacao.message.validFrom,
            expires: try cacao.message.expires,
            issuedAt: try Timestamp.parse(cacao.message.issuedAt),
            nonce: cacao.message.nonce,
            facts: []
        )
        return UnverifiedToken(
            contents,
            .wallet(address: cacao.message.address, text: text, signature: cacao.signature)
        )
    }

    /// A DID URL, or `ucan:<cid>` for what is to be revoked.
    private static func audience(_ uri: String) throws(UCANError) -> (Audience, fragment: String?) {
        let scheme = "ucan:".utf8
        if uri.utf8.starts(with: scheme) {
            do { return (.target(try CID(text: uri.utf8.dropFirst(scheme.count))), nil) } catch {
                throw UCANError(.malformedCID, "\(UCANError.quoted(uri)) names no CID: \(error.message)", step: "B.7")
            }
        }
        let (principal, fragment) = try DID.principal(ofURL: uri)
        return (.principal(principal), fragment)
    }
}
