import Glibc
import Multiformats

/// Decodes the JWT form of a statement (spec/ucan.md B).
enum JWTDecoder {
    static func decode(
        _ text: [UInt8], limits: TokenLimits, keys: IssuerKeys
    ) throws(UCANError) -> UnverifiedToken {
        // Step 1: size, segments, encodings.
        guard text.count <= limits.bytes else {
            throw UCANError(.limitExceeded, "the statement is longer than \(limits.bytes) bytes", step: "J.22")
        }
        guard let dots = dots(in: text) else {
            throw UCANError(.malformedAuthorization, "a JWT has exactly three non-empty segments", step: "B.1")
        }
        // Step 2: the header, and with it the version.
        let header = try header(text[..<dots.0], limits: limits)
        // Step 3: the payload.
        let payload = try JWTPayload(try json(text[(dots.0 + 1)..<dots.1], "payload", limits: limits), limits: limits)
        // Step 4: the key follows from the issuer; `alg` and `jwk` can only agree with it.
        let key = try signingKey(of: payload, header: header, keys)
        guard key.curve.isAlgorithm(header.algorithm) else {
            throw UCANError(
                .algorithmMismatch,
                "`alg` is \(UCANError.quoted(header.algorithm)), but the issuer's key signs with `\(key.curve.algorithm)`",
                step: "J.4"
            )
        }
        guard let signature = Base64URL.decode(text[(dots.1 + 1)...]) else {
            throw UCANError(.malformedEncoding, "the signature is not unpadded base64url", step: "I")
        }
        guard signature.count == 64 else {
            throw UCANError(.malformedSignature, "a signature has 64 bytes, not \(signature.count)", step: "H")
        }
        let covered = dots.1
        let contents = try StatementContents(
            kind: .ucan,
            bytes: text,
            statementID: text.withUnsafeBytes { SHA256.hash(UnsafeRawBufferPointer(rebasing: $0[..<covered])) },
            issuer: (payload.issuer, payload.issuerFragment),
            audience: (.principal(payload.audience), nil),
            capabilities: payload.capabilities,
            citedProofs: payload.proofs,
            notBefore: payload.notBefore,
            expires: payload.expires,
            issuedAt: nil,
            nonce: payload.nonce,
            facts: payload.facts
        )
        return UnverifiedToken(contents, .jws(key: key, signature: signature, covered: covered))
    }

    /// Finds the two dots that make three non-empty segments.
    private static func dots(in text: [UInt8]) -> (Int, Int)? {
        guard let first = text.firstDot(from: 0), first > 0,
            let second = text.firstDot(from: first + 1), second > first + 1, second + 1 < text.count,
            text.firstDot(from: second + 1) == nil
        else { return nil }
        return (first, second)
    }

    // One signer's headers are all the same bytes, so reading them again is spared; longer ones are not remembered,
    // which bounds the memory.
    private static let headers = BoundedCache<[UInt8], JWTHeader>(generation: 2048)
    private static let longestRemembered = 512

    private static func header(_ segment: ArraySlice<UInt8>, limits: TokenLimits) throws(UCANError) -> JWTHeader {
        guard segment.count <= longestRemembered else {
            return try JWTHeader(try json(segment, "header", limits: limits))
        }
        let bytes = Array(segment)
        if let known = headers[bytes] { return known }
        let header = try JWTHeader(try json(segment, "header", limits: limits))
        headers.insert(header, for: bytes)
        return header
    }

    private static func json(
        _ segment: ArraySlice<UInt8>,
        _ name: String,
        limits: TokenLimits
    ) throws(UCANError) -> JSON {
        guard let bytes = Base64URL.decode(segment) else {
            throw UCANError(.malformedEncoding, "the \(name) is not unpadded base64url", step: "I")
        }
        do {
            return try JSON.parse(bytes, limits: JSONLimits(maxBytes: limits.bytes, maxDepth: limits.depth))
        } catch {
            throw UCANError(.malformedJSON, "the \(name) is no strict JSON: \(error.message)", step: "I")
        }
    }

    private static func signingKey(
        of payload: JWTPayload, header: JWTHeader, _ keys: IssuerKeys
    ) throws(UCANError) -> PublicKey {
        if let account = EthereumAccount(payload.issuer) {
            // A did:pkh names no key: the header brings it, and its account must be the issuer's.
            guard let key = header.key, key.curve == .secp256k1 else {
                throw UCANError(
                    .unsupportedKey, "an account's statement must carry its secp256k1 key in `jwk`", step: "3.1")
            }
            guard try EthereumAddress(of: key) == account.address else {
                throw UCANError(.keyMismatch, "the header's key is not the issuer's account", step: "3.1")
            }
            return key
        }
        let key = try issuerKey(payload, keys)
        guard header.key == nil || header.key == key else {
            throw UCANError(.keyMismatch, "the header's key is not the issuer's", step: "J.5")
        }
        return key
    }

    /// The key a did:key is, or the one that the issuer's document holds; the issuer may name it by its fragment.
    private static func issuerKey(_ payload: JWTPayload, _ keys: IssuerKeys) throws(UCANError) -> PublicKey {
        let issuer = payload.issuer
        if issuer.isResolvable {
            guard let key = try keys(issuer) else {
                throw UCANError(.unsupportedKey, "\(UCANError.quoted(issuer.text)) publishes no key", step: "F")
            }
            guard payload.issuerFragment.map({ $0.isExactly("atproto") }) ?? true else {
                throw UCANError(.keyMismatch, "the issuer's fragment is not `#atproto`", step: "B.1")
            }
            return key
        }
        let key = try PublicKey(did: issuer)
        if let fragment = payload.issuerFragment, !DIDKey.isFragment(fragment, of: issuer) {
            throw UCANError(.keyMismatch, "the issuer's fragment is not its key", step: "B.1")
        }
        return key
    }
}

extension [UInt8] {
    /// Finds the next `.` with memchr, which looks at a vector of bytes at a time.
    func firstDot(from start: Int) -> Int? {
        withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress, start < bytes.count,
                let found = memchr(base + start, CInt(UInt8(ascii: ".")), bytes.count - start)
            else { return nil }
            return base.distance(to: found)
        }
    }
}
