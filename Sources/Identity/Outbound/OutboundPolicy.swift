/// Says which addresses may be asked: the public network by https, and loopback where the operator permits it.
package struct OutboundPolicy: Sendable, Hashable {
    /// Permits plain http and https to this machine (`--allow-loopback-peers`).
    package let allowsLoopback: Bool

    package init(allowsLoopback: Bool) { self.allowsLoopback = allowsLoopback }

    /// Refuses an address by its text, before any name is looked up.
    package func check(_ url: PeerURL) throws(OutboundError) {
        guard url.scheme == .https || allowsLoopback else {
            throw OutboundError(.refusedAddress, "`\(url.origin)` is plain http")
        }
        guard !url.isLoopback || allowsLoopback else {
            throw OutboundError(.refusedAddress, "`\(url.origin)` is this machine")
        }
    }

    /// Decides on the address that would really be connected to.
    func permits(_ address: NetworkAddress, _ scheme: PeerURL.Scheme) -> Bool {
        switch address {
        case .public: scheme == .https
        case .loopback: allowsLoopback
        case .special: false
        }
    }
}
