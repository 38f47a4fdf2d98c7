import ATProto
import Multiformats

/// Finds where the document of a web DID lies.
enum DIDWeb {
    /// `did:web:host[%3Aport][:path…]`: `/.well-known/did.json` below the host, or `/path/did.json`.
    ///
    /// Hosts that are this machine are asked by plain http. Throws `malformed`.
    static func url(_ did: String) throws(ResolutionError) -> PeerURL {
        let malformed = ResolutionError(.malformed, "`\(did.prefix(200))` is no web DID")
        guard did.utf8.starts(with: "did:web:".utf8) else { throw malformed }
        let parts = did.dropFirst("did:web:".count).split(separator: ":", omittingEmptySubsequences: false)
        guard let first = parts.first, !parts.contains(where: \.isEmpty) else { throw malformed }
        let authority = first.replacing("%3A", with: ":", maxReplacements: 1)
            .replacing("%3a", with: ":", maxReplacements: 1)
        guard !authority.utf8.contains(UInt8(ascii: "%")) else { throw malformed }
        let path = parts.dropFirst()
        guard !path.contains(where: { $0 == "." || $0 == ".." || !isSegment($0) }) else { throw malformed }
        let target = path.isEmpty ? "/.well-known/did.json" : "/\(path.joined(separator: "/"))/did.json"
        let url: PeerURL
        do throws(OutboundError) {
            let plain = try PeerURL("https://\(authority)\(target)")
            url = plain.isLoopback ? try PeerURL("http://\(authority)\(target)") : plain
        } catch {
            throw malformed
        }
        // A host in upper case would be another spelling of one identity.
        guard url.description.hasSuffix("://\(authority)\(target)") else { throw malformed }
        return url
    }

    /// The characters of a DID, escapes left as they are; an escaped slash or dot would leave its segment.
    private static func isSegment(_ text: Substring) -> Bool {
        let escapes = text.utf8.split(separator: UInt8(ascii: "%"), omittingEmptySubsequences: false).dropFirst()
        return !escapes.contains { escape in
            let digits = String(decoding: escape.prefix(2), as: UTF8.self).lowercased()
            return digits == "2f" || digits == "2e" || digits == "5c" || digits == "00"
        }
    }
}
