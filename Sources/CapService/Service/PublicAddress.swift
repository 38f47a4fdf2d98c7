import Identity
import Synchronization

/// The address clients know this service by: the one configured, else the one it came to listen at.
///
/// It stands in the DID documents published here, and is what proofs and service identifiers are checked against; the
/// `Host` of a request never is.
final class PublicAddress: Sendable {
    private let configured: String?
    private let userDomains: [String]
    private let listening = Mutex<String?>(nil)

    init(_ settings: Settings) {
        configured = settings.publicURL
        userDomains = settings.userDomains
    }

    /// Learns the address the service came to listen at, once.
    func listens(at url: String) { listening.withLock { $0 = $0 ?? url } }

    /// Scheme, host and perhaps a port, without a trailing slash.
    func url() throws(XRPCError) -> String {
        if let configured { return configured }
        guard let url = listening.withLock({ $0 }) else {
            throw XRPCError("ServiceUnavailable", "the service is starting", retryAfter: 1)
        }
        return url
    }

    /// The domains accounts are named under.
    func domains() throws(XRPCError) -> HandleDomains {
        let url = try url()
        do throws(OutboundError) {
            return try HandleDomains(configured: userDomains, publicURL: url)
        } catch {
            throw XRPCError("InternalServerError", "the public address is not one", detail: error.message)
        }
    }

    /// The web DID of this service.
    func serviceDID() throws(XRPCError) -> String {
        let url = try url()
        do throws(OutboundError) {
            return try HandleDomains.serviceDID(publicURL: url)
        } catch {
            throw XRPCError("InternalServerError", "the public address is not one", detail: error.message)
        }
    }
}
