package import ATProto
package import Multiformats
package import UCAN

/// Fetches JSON objects that other hosts publish: metadata of clients and issuers, and their key sets.
///
/// Every address passes the guard of `Outbound`, no redirection is followed, and an answer is at most 64 KiB of strict
/// JSON. Answers are remembered for ten minutes, failures for fifteen seconds, never more than 256 of them.
package final class RemoteDocuments: Sendable {
    /// Longest document that is read, in bytes.
    package static let maximumLength = JWKSet.maximumLength
    /// Seconds for which a document is remembered (section 4.2: at most an hour).
    package static let lifetime: Int64 = 600

    private let outbound: any Outbound
    private let documents: ResolutionCache<JSONObject>

    /// `now` gives milliseconds that never go back.
    package init(outbound: any Outbound, now: @escaping @Sendable () -> Int64) {
        self.outbound = outbound
        documents = ResolutionCache(limit: 256, lifetime: Self.lifetime, failureLifetime: 15, now: now)
    }

    /// Gives the object at an address; may wait for its host.
    ///
    /// Throws `malformed` for an address that is none and for what is no strict JSON object, `refused`, `notFound`,
    /// `unreachable`, and `mustWait` where `mayWait` is false and nothing is remembered.
    package func object(
        at text: String, _ freshness: IdentityResolver.Freshness = .remembered, mayWait: Bool = true
    ) throws(ResolutionError) -> JSONObject {
        let url: PeerURL
        do throws(OutboundError) {
            url = try PeerURL(text)
        } catch {
            throw ResolutionError(error)
        }
        let name = url.description
        if let known = try documents.remembered(name, freshness) { return try known.get() }
        guard mayWait else { throw ResolutionError(.mustWait, "`\(name)` is not remembered") }
        let answer = Result { () throws(ResolutionError) in try fetch(url) }
        let known = documents.settle(answer, for: name)
        return try (freshness == .certain ? answer : known).get()
    }

    /// Gives the key set at an address; throws like `object(at:)`.
    package func keySet(
        at text: String, _ freshness: IdentityResolver.Freshness = .remembered, mayWait: Bool = true
    ) throws(ResolutionError) -> JWKSet {
        try Self.keySet(.object(try object(at: text, freshness, mayWait: mayWait)), of: text)
    }

    static func keySet(_ json: JSON, of name: String) throws(ResolutionError) -> JWKSet {
        do throws(ATProtoError) {
            return try JWKSet(json)
        } catch {
            throw ResolutionError(.malformed, "the keys of `\(name.prefix(200))`: \(error.message)")
        }
    }

    private func fetch(_ url: PeerURL) throws(ResolutionError) -> JSONObject {
        let bytes = try outbound.body(of: url, accept: "application/json", maxBytes: Self.maximumLength)
        let limits = JSONLimits(maxBytes: Self.maximumLength, maxDepth: 16, maxMembers: 4096)
        guard let object = (try? JSON.parse(bytes, limits: limits))?.object else {
            throw ResolutionError(.malformed, "`\(url)` does not give a strict JSON object")
        }
        return object
    }
}

extension RemoteDocuments {
    /// Verifies the attestation of a client with the keys its metadata publishes (section 4.2); may wait for its host.
    ///
    /// When the remembered keys do not fit, they are fetched anew once. Throws `InvalidClientAttestation`,
    /// and `UpstreamFailure` where the keys cannot be had now; the caller consumes `use` last.
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
        guard let used, let client = try? ClientAttestation.unverifiedClientID(text) else { throw first }
        let new: JWKSet
        do throws(ATProtoError) {
            new = try clientKeys(client, .certain)
        } catch {
            // Until its host says which keys are good now, it is not known whether the attestation is.
            throw error.name == "UpstreamFailure" ? error : first
        }
        guard new.entries != used.entries else { throw first }
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
            // That its host is away now says nothing of the attestation.
            throw error.passing == nil ? ATProtoError("InvalidClientAttestation", error.message) : error.tokenError
        }
    }
}
