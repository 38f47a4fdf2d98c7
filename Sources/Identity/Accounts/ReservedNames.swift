package import ATProto
package import UCAN

/// Names that nobody registers, since others would take who has them for the service or its operator.
package struct ReservedNames: Sendable {
    /// Labels of services and of those who run them (RFC 2142, and what hosts are usually called).
    package static let usual: Set<String> = [
        "abuse", "admin", "administrator", "api", "app", "auth", "autoconfig", "autodiscover", "billing", "blog", "cdn",
        "contact", "dns", "ftp", "help", "host", "hostmaster", "imap", "info", "localhost", "login", "mail",
        "moderation",
        "mta-sts", "mx", "noreply", "ns", "ns1", "ns2", "oauth", "official", "operator", "pds", "pop", "postmaster",
        "root",
        "security", "smtp", "sso", "staff", "static", "status", "support", "system", "webmaster", "well-known", "wpad",
        "www",
    ]

    private let labels: Set<String>
    private let dids: Set<DID>

    /// Takes the operator's labels, in lower case, beside the usual ones, and the DIDs of this service and of those it
    /// trusts.
    package init(_ labels: Set<String>, dids: Set<DID>) {
        self.labels = labels.union(Self.usual)
        self.dids = dids
    }

    /// Throws `handleNotAvailable` for a handle whose first label is reserved, and for a DID that is somebody's already.
    package func check(_ handle: Handle, _ did: DID) throws(IdentityError) {
        let label = handle.text.utf8.prefix { $0 != UInt8(ascii: ".") }
        guard !labels.contains(String(decoding: label, as: UTF8.self)), !dids.contains(did) else {
            throw IdentityError(.handleNotAvailable, "the handle `\(handle.text)` is reserved")
        }
    }
}
