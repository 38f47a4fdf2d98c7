import ATProto
import Multiformats
import UCAN

/// Remembers credentials whose signature was found sound under a key, by the hash of their text, and the signed requests
/// that use them.
///
/// Refusals are never remembered, and an entry counts only as long as the authority publishes that key and the
/// credential has not expired. What a stranger can put in is bounded: in number, and by `maximumLength` each.
struct CredentialCache: Sendable {
    private struct Entry: Sendable {
        let credential: SpaceCredential
        let key: PublicKey
    }

    private static let maximumLength = 2048
    private let entries = BoundedCache<Digest, Entry>(generation: 4096)
    private let signed = BoundedCache<Digest, Bool>(generation: 8192)

    /// The key a remembered credential was verified with, to be compared with the one published now.
    func find(_ digest: Digest) -> (credential: SpaceCredential, key: PublicKey)? {
        entries[digest].map { ($0.credential, $0.key) }
    }

    func remember(_ credential: SpaceCredential, _ key: PublicKey, _ digest: Digest) {
        guard credential.text.utf8.count <= Self.maximumLength else { return }
        entries.insert(Entry(credential: credential, key: key), for: digest)
    }

    /// Names everything that the judgement of a signed request rests on: all its fields, which hold the credential and by
    /// it the key, and the audience that is demanded. nil where time has a say too.
    static func name(_ fields: PresentedFields, _ audience: String) -> Digest? {
        let input = fields.signatureInput.joined()
        guard !input.contains("created"), !input.contains("expires") else { return nil }
        var bytes: [UInt8] = []
        func append(_ text: String) {
            withUnsafeBytes(of: UInt32(clamping: text.utf8.count)) { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: text.utf8)
        }
        append(audience)
        for values in [fields.authorization, fields.audience, fields.signatureInput, fields.signature] {
            append(String(values.count))
            values.forEach(append)
        }
        return BLAKE3.hash(bytes)
    }

    func isSigned(_ name: Digest) -> Bool { signed[name] == true }
    func rememberSigned(_ name: Digest) { signed.insert(true, for: name) }
}
