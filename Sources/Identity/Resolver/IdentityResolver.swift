package import ATProto
import Multiformats
import Synchronization
import UCAN

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
        if let known = documents[did], freshness == .remembered || !documents.mayRefresh(did) { return try known.get() }
        let url = try url(of: did)
        guard mayWait else { throw ResolutionError(.mustWait, "`\(did)` is not remembered") }
        let answer = Result { () throws(ResolutionError) in try fetch(did, url) }
        // A document that was good a moment ago is not forgotten because its host is away now.
        if case .failure(let error) = answer, error.code == .unreachable, case .success(let known)? = documents[did] {
            return known
        }
        documents.insert(answer, for: did)
        return try answer.get()
    }

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
