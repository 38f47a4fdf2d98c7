public import Multiformats

/// Makes statements in the exact bytes the reference implementation makes: sorted compact JSON, canonical DAG-CBOR.
///
/// What is made is decoded again with the default limits, so nothing leaves that our own decoder would refuse.
public enum TokenMaker {
    /// Signs a UCAN; `issuerDID` names a did:pkh account of a secp256k1 key, or a did:web or did:plc that publishes
    /// the key, instead of the key's did:key.
    public static func ucan(
        issuer: PrivateKey,
        audience: DID,
        capabilities: [TokenCapability],
        proofs: [CID] = [],
        expires: Timestamp,
        notBefore: Timestamp? = nil,
        nonce: String? = nil,
        facts: [JSON] = [],
        issuerDID: DID? = nil
    ) throws(UCANError) -> UnverifiedToken {
        let iss: String
        if let issuerDID {
            iss = issuerDID.text
        } else {
            let did = issuer.did
            iss = did.text + "#" + did.identifier
        }
        var members: [(key: String, value: JSON)] = [
            ("att", try CapabilitiesObject.write(capabilities)),
            ("aud", .string(audience.text)),
            ("exp", .number(expires.secondsNumber)),
            ("iss", .string(iss)),
            ("prf", .array(proofs.map { .string($0.text) })),
        ]
        if !facts.isEmpty { members.append(("fct", .array(facts))) }
        if let notBefore { members.append(("nbf", .number(notBefore.secondsNumber))) }
        if let nonce { members.append(("nnc", .string(nonce))) }
        // The names are literals and differ.
        let payload = JSON.object(JSONObject(members) ?? JSONObject()).canonical()
        var text = Array(Base64URL.encode(JWTHeader.text(for: issuer.publicKey)).utf8)
        text.append(UInt8(ascii: "."))
        text += Base64URL.encode(payload).utf8
        let signature = try issuer.sign(text)
        text.append(UInt8(ascii: "."))
        text += Base64URL.encode(signature).utf8
        return try UnverifiedToken.decode(
            bytes: text, kind: .ucan, keys: { _ throws(UCANError) in issuer.publicKey })
    }

    /// Signs a use of capabilities: addressed to the invoker itself unless `audience` names a service.
    public static func invocation(
        invoker: PrivateKey,
        capabilities: [TokenCapability],
        proofs: [CID],
        expires: Timestamp,
        notBefore: Timestamp? = nil,
        nonce: String? = nil,
        facts: [JSON] = [],
        audience: DID? = nil
    ) throws(UCANError) -> UnverifiedToken {
        try ucan(
            issuer: invoker,
            audience: audience ?? invoker.did,
            capabilities: capabilities,
            proofs: proofs,
            expires: expires,
            notBefore: notBefore,
            nonce: try given(nonce, or: freshNonce),
            facts: facts
        )
    }

    /// Signs the revocation of `target` as a UCAN, with the proof of the authority to do so where the signer needs one.
    public static func revocation(
        issuer: PrivateKey,
        target: CID,
        proofs: [CID] = [],
        expires: Timestamp,
        nonce: String? = nil
    ) throws(UCANError) -> UnverifiedToken {
        try control(.revoke, issuer: issuer, target: target, proofs: proofs, expires: expires, nonce: nonce)
    }

    /// Signs the question for the status of `target`.
    public static func status(
        issuer: PrivateKey,
        target: CID,
        proofs: [CID] = [],
        expires: Timestamp,
        nonce: String? = nil
    ) throws(UCANError) -> UnverifiedToken {
        try control(.status, issuer: issuer, target: target, proofs: proofs, expires: expires, nonce: nonce)
    }

    private static func control(
        _ action: ControlAction,
        issuer: PrivateKey,
        target: CID,
        proofs: [CID],
        expires: Timestamp,
        nonce: String?
    ) throws(UCANError) -> UnverifiedToken {
        let capability = try TokenCapability(resource: "urn:cid:" + target.text, ability: action.rawValue)
        return try invocation(
            invoker: issuer,
            capabilities: [capability],
            proofs: proofs,
            expires: expires,
            nonce: nonce
        )
    }

    // `??` does not carry typed errors through its right side.
    static func given(_ nonce: String?, or make: () throws(UCANError) -> String) throws(UCANError) -> String {
        if let nonce { return nonce }
        return try make()
    }

    /// Returns `urn:uuid:` and a random version 4 UUID.
    public static func freshNonce() throws(UCANError) -> String {
        var bytes = try LibCrypto.random(16)
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let groups = [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { Base16.encode(Array(bytes[$0])) }
        return "urn:uuid:" + groups.joined(separator: "-")
    }
}
