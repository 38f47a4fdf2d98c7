package import ATProto

/// The domains accounts are named under, and the DIDs that follow from a name.
package struct HandleDomains: Sendable {
    /// Without a leading dot, in lower case; never empty.
    package let domains: [String]
    /// `%3A` and the port where the service is reached at an unusual one, else empty.
    private let portSuffix: String

    /// Takes the configured domains, or else the host of the public address, which on loopback is `localhost`: names
    /// below it need no DNS.
    package init(configured: [String], publicURL: String) throws(OutboundError) {
        let url = try PeerURL(publicURL)
        let host = url.isLoopback ? "localhost" : url.host
        domains = configured.isEmpty ? [host] : configured
        portSuffix = url.port.map { "%3A\($0)" } ?? ""
    }

    /// Gives the DID of a new account, or why the handle cannot be had.
    package func did(for handle: Handle) throws(IdentityError) -> String {
        try check(handle)
        return "did:web:\(handle.text)\(portSuffix)"
    }

    /// Refuses a handle that is not one label below one of the domains.
    package func check(_ handle: Handle) throws(IdentityError) {
        let text = handle.text
        let domain = domains.first { text.utf8.count > $0.utf8.count + 1 && text.hasSuffix("." + $0) }
        guard let domain else {
            let list = domains.map { "`.\($0)`" }.joined(separator: ", ")
            throw IdentityError(.unsupportedDomain, "handles here end in \(list)")
        }
        let label = text.utf8.dropLast(domain.utf8.count + 1)
        guard !label.contains(UInt8(ascii: ".")), label.count <= 63 else {
            throw IdentityError(.invalidHandle, "a handle here is one name before `.\(domain)`")
        }
    }

    /// The DID of this service itself: the web DID of its public address.
    package static func serviceDID(publicURL: String) throws(OutboundError) -> String {
        let url = try PeerURL(publicURL)
        let host = url.isLoopback ? "localhost" : url.host
        return "did:web:\(host)\(url.port.map { "%3A\($0)" } ?? "")"
    }
}
