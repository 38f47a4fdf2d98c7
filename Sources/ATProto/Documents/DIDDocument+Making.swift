import Multiformats
public import UCAN

extension DIDDocument {
    /// Writes the document of a hosted DID: Multikeys and services under absolute ids.
    ///
    /// Fragments begin with `#`. Throws `InvalidDidDocument` for a DID that breaks the syntax.
    public static func make(
        did: String, handle: Handle?, keys: [(fragment: String, key: PublicKey)],
        services: [(fragment: String, type: String, endpoint: String)]
    ) throws(ATProtoError) -> DIDDocument {
        let methods = keys.map { fragment, key -> JSON in
            [
                "id": .string(did + fragment), "type": "Multikey", "controller": .string(did),
                "publicKeyMultibase": .string(key.multikey),
            ]
        }
        let entries = services.map { fragment, type, endpoint -> JSON in
            ["id": .string(fragment), "type": .string(type), "serviceEndpoint": .string(endpoint)]
        }
        return try DIDDocument(
            [
                "@context": [
                    "https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1",
                    "https://w3id.org/security/suites/secp256k1-2019/v1",
                ],
                "id": .string(did),
                "alsoKnownAs": .array(handle.map { [.string("at://" + $0.text)] } ?? []),
                "verificationMethod": .array(methods),
                "service": .array(entries),
            ], of: did)
    }
}

extension PublicKey {
    /// The `publicKeyMultibase` of a Multikey.
    public var multikey: String { String(did.text.dropFirst("did:key:".count)) }
}
