package import ATProto
import Multiformats
import Storage
import Synchronization
package import UCAN

/// Resolves DIDs to their documents: hosted here, did:key, did:web and did:plc.
///
/// Other hosts' answers are remembered for five minutes, failures for fifteen seconds. What is hosted here is never asked
/// over the network.
package final class IdentityResolver: Sendable {
    package enum Freshness: Sendable {
        /// What is remembered will do.
        case remembered
        /// Asks again, as after a signature that does not fit the remembered key.
        case new
        /// Asks again, and gives nothing that is remembered in the place of an answer.
        case certain
    }

    /// Gives the document of an account this host publishes; nil for every other DID.
    package typealias HostedDocuments = @Sendable (_ did: String) throws -> DIDDocument?

    let outbound: any Outbound
    private let plcURL: PeerURL
    private let hosted: HostedDocuments
    private let documents: ResolutionCache<DIDDocument>
    let handles: ResolutionCache<String>
    private static let maximumDocument = DIDDocument.maximumLength

    package init(
        outbound: any Outbound, plcURL: PeerURL, now: @escaping @Sendable () -> Int64,
        hosted: @escaping HostedDocuments
    ) {
        self.outbound = outbound
        self.plcURL = plcURL
        self.hosted = hosted
        documents = ResolutionCache(limit: 4096, lifetime: 300, failureLifetime: 15, now: now)
        handles = ResolutionCache(limit: 4096, lifetime: 300, failureLifetime: 15, now: now)
    }

    /// Gives the document of a DID.
    ///
    /// Where `mayWait` is false, what would need another host throws `mustWait`; `hosted` may throw errors of the store.
    package func document(
        of did: String, _ freshness: Freshness = .remembered, mayWait: Bool = true
    ) throws -> DIDDocument {
        guard ATProtoDID.isValid(did) else { throw ResolutionError(.malformed, "`\(did.prefix(200))` is no DID") }
        if let document = try hosted(did) { return document }
        if did.utf8.starts(with: "did:key:".utf8) { return try Self.keyDocument(did) }
        if let known = try documents.remembered(did, freshness) { return try known.get() }
        let url = try url(of: did)
        guard mayWait else { throw ResolutionError(.mustWait, "`\(did)` is not remembered") }
        let answer = Result { () throws(ResolutionError) in try fetch(did, url) }
        let known = documents.settle(answer, for: did)
        return try (freshness == .certain ? answer : known).get()
    }

    /// The host at which the document of a web DID lies; nil for other DIDs.
    package static func host(of did: DID) -> String? { (try? DIDWeb.url(did.text))?.host }

    private func url(of did: String) throws(ResolutionError) -> PeerURL {
        if did.utf8.starts(with: "did:web:".utf8) { return try DIDWeb.url(did) }
        guard did.utf8.starts(with: "did:plc:".utf8) else {
            throw ResolutionError(.unsupported, "`\(did)` is of a method that is not resolved here")
        }
        let identifier = did.utf8.dropFirst("did:plc:".utf8.count)
        guard identifier.count == 24,
            identifier.allSatisfy({ (0x61...0x7a).contains($0) || (0x32...0x37).contains($0) })
        else { throw ResolutionError(.malformed, "`\(did)` is no PLC DID") }
        return plcURL.replacing(target: plcURL.target + "/" + did)
    }

    private func fetch(_ did: String, _ url: PeerURL) throws(ResolutionError) -> DIDDocument {
        let response = try outbound.body(
            of: url, accept: "application/did+ld+json, application/json", maxBytes: Self.maximumDocument)
        do throws(ATProtoError) {
            return try DIDDocument(parsing: response, of: did)
        } catch {
            throw ResolutionError(.malformed, "the document of `\(did)`: \(error.message)")
        }
    }

    /// The document of a key: the key itself is `#atproto` where its curve can be; it names no service.
    private static func keyDocument(_ did: String) throws(ResolutionError) -> DIDDocument {
        guard let name = try? DID(did), let key = try? PublicKey(did: name) else {
            throw ResolutionError(.malformed, "`\(did.prefix(200))` names no supported key")
        }
        do throws(ATProtoError) {
            return try DIDDocument.make(
                did: did, handle: nil, keys: key.curve == .ed25519 ? [] : [(KeyID.account, key)], services: [])
        } catch {
            throw ResolutionError(.malformed, error.message)
        }
    }
}

extension IdentityResolver {
    /// Resolves a handle of another host by HTTPS (`/.well-known/atproto-did`). DNS TXT records are not asked.
    package func did(of handle: Handle, mayWait: Bool = true) throws(ResolutionError) -> String {
        if let known = handles[handle.text] { return try known.get() }
        guard mayWait else { throw ResolutionError(.mustWait, "`\(handle)` is not remembered") }
        let answer = Result { () throws(ResolutionError) in try fetch(handle) }
        return try handles.settle(answer, for: handle.text).get()
    }

    private func fetch(_ handle: Handle) throws(ResolutionError) -> String {
        let url: PeerURL
        do throws(OutboundError) {
            let plain = try PeerURL("https://\(handle.text)/.well-known/atproto-did")
            url = plain.isLoopback ? try PeerURL("http://\(handle.text)/.well-known/atproto-did") : plain
        } catch {
            throw ResolutionError(error)
        }
        let body = try outbound.body(of: url, accept: "text/plain", maxBytes: ATProtoDID.maximumLength + 16)
        let text = String(decoding: body, as: UTF8.self).trimmed
        guard ATProtoDID.isValid(text) else {
            throw ResolutionError(.malformed, "`\(url)` does not give a DID")
        }
        return text
    }
}

extension String {
    /// Without white space at both ends.
    fileprivate var trimmed: String {
        let start = drop(while: \.isWhitespace)
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}

extension IdentityResolver {
    /// Runs a verification with the keys of DID documents. When a signature does not fit, the documents that were
    /// remembered are asked for anew, once, and the verification runs again if a key it used has changed (section 2).
    ///
    /// Throws what `verify` throws, and `ResolutionError.mustWaitError` where waiting is not allowed.
    package func verifying<Value>(
        mayWait: Bool, _ verify: (KeySource) throws(ATProtoError) -> Value
    ) throws(ATProtoError) -> Value {
        var used: [KeyName: PublicKey?] = [:]
        let first: ATProtoError
        do throws(ATProtoError) {
            return try verify { did, keyID throws(ATProtoError) in
                let key = try self.key(keyID, of: did, .remembered, mayWait: mayWait)
                used[KeyName(did: did, id: keyID)] = .some(key)
                return key
            }
        } catch {
            first = error
        }
        guard first.name == "BadJwtSignature" || first.name == "BadJwtIss", !used.isEmpty else { throw first }
        var hasChanged = false
        for (name, old) in used where !name.did.utf8.starts(with: "did:key:".utf8) {
            let new: PublicKey?
            do throws(ATProtoError) {
                new = try key(name.id, of: name.did, .new, mayWait: mayWait)
            } catch {
                // What only the store could not tell is no word about the signature.
                if ResolutionError.storeError(error) != nil { throw error }
                new = nil
            }
            if !mayWait { throw ResolutionError.mustWaitError }
            if let new, new != old { hasChanged = true }
        }
        guard hasChanged else { throw first }
        return try verify { did, keyID throws(ATProtoError) in
            try self.key(keyID, of: did, .remembered, mayWait: mayWait)
        }
    }

    /// The key a DID publishes under a fragment; nil when it publishes none. What the store fails in is found again by
    /// `ResolutionError.storeError`: it says nothing of the issuer.
    package func key(
        _ keyID: String, of did: String, _ freshness: Freshness = .remembered, mayWait: Bool
    ) throws(ATProtoError) -> PublicKey? {
        let document: DIDDocument
        do {
            document = try self.document(of: did, freshness, mayWait: mayWait)
        } catch let error as ResolutionError {
            throw error.tokenError
        } catch let error as StorageError {
            throw ResolutionError.tokenError(of: error)
        } catch {
            throw ATProtoError("InternalServerError", "the issuer could not be looked up")
        }
        return try document.key(keyID)
    }

    private struct KeyName: Hashable {
        let did: String
        let id: String
    }
}
