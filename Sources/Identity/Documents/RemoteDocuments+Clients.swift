package import ATProto
import Multiformats
package import UCAN

extension RemoteDocuments {
    /// Verifies the attestation of a client with the keys its metadata publishes (section 4.2); may wait for its host.
    ///
    /// When the remembered keys do not fit, they are fetched anew once. Every failure is `InvalidClientAttestation`;
    /// the caller consumes `use` last.
    package func attestation(
        _ text: String, for space: SpaceURI, at now: Timestamp
    ) throws(ATProtoError) -> ClientAttestation {
        var used: JWKSet?
        let first: ATProtoError
        do throws(ATProtoError) {
            return try ClientAttestation.verify(
                text, space: space,
                keys: { client throws(ATProtoError) in
                    let set = try self.clientKeys(client, .remembered)
                    used = set
                    return set
                }, at: now)
        } catch {
            first = error
        }
        guard let used, let client = try? ClientAttestation.unverifiedClientID(text),
            let new = try? clientKeys(client, .new), new.entries != used.entries
        else { throw first }
        return try ClientAttestation.verify(text, space: space, keys: { _ in new }, at: now)
    }

    /// The keys of a client: `jwks` of its metadata, or what `jwks_uri` gives; never both.
    private func clientKeys(_ client: String, _ freshness: IdentityResolver.Freshness) throws(ATProtoError) -> JWKSet {
        do throws(ResolutionError) {
            let metadata = try object(at: client, freshness)
            // Whoever can put a file on a host must not speak for another client of it.
            guard let name = metadata["client_id"]?.string, name.utf8.elementsEqual(client.utf8) else {
                throw ResolutionError(.malformed, "the metadata of `\(client.prefix(200))` is that of another client")
            }
            switch (metadata["jwks"], metadata["jwks_uri"]?.string) {
            case (let set?, nil): return try Self.keySet(set, of: client)
            case (nil, let place?): return try keySet(at: place, freshness)
            default: throw ResolutionError(.malformed, "the client publishes no keys, or in two places")
            }
        } catch {
            throw ATProtoError("InvalidClientAttestation", error.message)
        }
    }
}
