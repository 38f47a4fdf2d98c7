public import Multiformats
public import UCAN

/// Holds what spaces need of a DID document: keys and services by fragment, and names (section 2).
///
/// Entries are looked at only when they are asked for, since a document may hold what is not ours to judge.
public struct DIDDocument: Sendable {
    /// Error name of documents, and of entries asked for, that break the rules.
    public static let malformed = "InvalidDidDocument"
    /// Longest document that is read, in bytes.
    public static let maximumLength = 256 << 10

    public let did: String
    /// The document as it was given.
    public let json: JSON

    /// Takes a document; throws `InvalidDidDocument` unless its `id` is the DID it was resolved for.
    public init(_ json: JSON, of did: String) throws(ATProtoError) {
        guard ATProtoDID.isValid(did), json["id"]?.string.isExactly(did) == true else {
            throw DIDDocument.error("the document's `id` is not the DID that was asked for")
        }
        self.did = did
        self.json = json
    }

    /// Parses a document, strictly and bounded.
    public init(parsing bytes: [UInt8], of did: String) throws(ATProtoError) {
        let limits = JSONLimits(maxBytes: DIDDocument.maximumLength, maxDepth: 16, maxMembers: 10_000)
        guard let json = try? JSON.parse(bytes, limits: limits) else {
            throw DIDDocument.error("the document is no strict JSON")
        }
        try self.init(json, of: did)
    }

    /// Gives the key under a fragment such as `#atproto`; nil when there is no such entry.
    ///
    /// Throws `InvalidDidDocument` for an entry that is no Multikey of P-256 or secp256k1, or that is there twice.
    public func key(_ fragment: String) throws(ATProtoError) -> PublicKey? {
        guard let entry = try entry(fragment, in: "verificationMethod") else { return nil }
        guard entry["type"]?.string.isExactly("Multikey") == true,
            let multibase = entry["publicKeyMultibase"]?.string, multibase.utf8.first == UInt8(ascii: "z"),
            let did = try? DID("did:key:" + multibase), let key = try? PublicKey(did: did), key.curve != .ed25519
        else { throw DIDDocument.error("the key `\(fragment)` is no Multikey of P-256 or secp256k1") }
        return key
    }

    /// The key for credentials and its fragment: `#atproto_space`, or `#atproto` only when that entry is absent.
    public func spaceKey() throws(ATProtoError) -> (keyID: String, key: PublicKey)? {
        if let key = try key(KeyID.space) { return (KeyID.space, key) }
        return try key(KeyID.account).map { (KeyID.account, $0) }
    }

    /// Gives the endpoint under a fragment such as `#atproto_pds`, without a slash at its end; nil without the entry.
    ///
    /// Throws `InvalidDidDocument` for an endpoint that is no http or https URL without query, fragment and user, or
    /// an entry that is there twice. Whether plain http is allowed is for the caller to say.
    public func endpoint(_ fragment: String) throws(ATProtoError) -> String? {
        guard let entry = try entry(fragment, in: "service") else { return nil }
        guard let url = entry["serviceEndpoint"]?.string, let endpoint = DIDDocument.endpoint(url) else {
            throw DIDDocument.error("the endpoint of `\(fragment)` is no plain URL")
        }
        return endpoint
    }

    /// Where the authority's host is: `#atproto_space_host`, or `#atproto_pds` only when that entry is absent.
    public func spaceHost() throws(ATProtoError) -> (serviceID: String, endpoint: String)? {
        if let endpoint = try endpoint(ServiceID.spaceHost) { return (ServiceID.spaceHost, endpoint) }
        return try endpoint(ServiceID.personalDataServer).map { (ServiceID.personalDataServer, $0) }
    }

    /// Gives the endpoint of a service of this document; a bare DID means `#atproto_pds`.
    public func endpoint(of service: ServiceIdentifier) throws(ATProtoError) -> String? {
        guard service.did == did else { return nil }
        return try endpoint(service.fragment ?? ServiceID.personalDataServer)
    }

    /// Finds the entry whose id is the fragment, or this DID with it; ids of other DIDs are no entries of this one.
    private func entry(_ fragment: String, in list: String) throws(ATProtoError) -> JSON? {
        let absolute = did + fragment
        var found: JSON?
        for entry in json[list]?.array ?? [] {
            guard let id = entry["id"]?.string, id.isExactly(fragment) || id.isExactly(absolute) else { continue }
            guard found == nil else { throw DIDDocument.error("the document has two entries `\(fragment)`") }
            found = entry
        }
        return found
    }

    private static func endpoint(_ url: String) -> String? {
        let bytes = url.utf8
        guard bytes.count <= 2048, let scheme = ["https://", "http://"].first(where: { bytes.starts(with: $0.utf8) })
        else { return nil }
        let rest = bytes.dropFirst(scheme.utf8.count)
        guard let first = rest.first, first != UInt8(ascii: "/"),
            rest.allSatisfy({ (0x21...0x7E).contains($0) && !"@?#\\\"<>".utf8.contains($0) })
        else { return nil }
        return url.hasSuffix("/") ? String(url.dropLast()) : url
    }

    private static func error(_ message: String) -> ATProtoError { ATProtoError(malformed, message) }
}

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
