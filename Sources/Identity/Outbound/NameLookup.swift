import Glibc

/// Tells a name that nobody has from one that cannot be looked up now, which libcurl does not.
enum NameLookup {
    /// Whether those responsible for the name say that there is none; may wait for them as long as the system does.
    static func isUnknown(_ host: String) -> Bool {
        var wanted = addrinfo()
        wanted.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &wanted, &found)
        if let found { freeaddrinfo(found) }
        return isUnknown(code: code)
    }

    /// Everything but `EAI_NONAME` leaves it open, a name without an address too: somebody made it.
    static func isUnknown(code: Int32) -> Bool { code == EAI_NONAME }
}
