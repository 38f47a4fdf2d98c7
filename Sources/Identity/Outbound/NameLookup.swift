import Glibc
import Synchronization

/// Tells a name that nobody has from one that cannot be looked up now, which libcurl does not.
///
/// Whoever is responsible for a name answers as late as it likes, and that may be a stranger: so few are asked at once, and
/// only where somebody wants to have the name.
package final class NameLookup: Sendable {
    private let bound: Int
    private let underWay = Mutex(0)

    /// At most `concurrency` names are looked up at once.
    package init(concurrency: Int = 4) { bound = concurrency }

    /// Whether those responsible for the name say that there is none; may wait for them as long as the system does. False
    /// where that is not certain, and where too many others are looked up.
    package func isUnknown(_ host: String) -> Bool { isUnknown { Self.code(host) } }

    func isUnknown(_ lookUp: () -> Int32) -> Bool {
        let isFree = underWay.withLock { count in
            guard count < bound else { return false }
            count += 1
            return true
        }
        guard isFree else { return false }
        defer { underWay.withLock { $0 -= 1 } }
        return Self.isUnknown(code: lookUp())
    }

    private static func code(_ host: String) -> Int32 {
        var wanted = addrinfo()
        wanted.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &wanted, &found)
        if let found { freeaddrinfo(found) }
        return code
    }

    /// Everything but `EAI_NONAME` leaves it open, a name without an address too: somebody made it.
    static func isUnknown(code: Int32) -> Bool { code == EAI_NONAME }
}
