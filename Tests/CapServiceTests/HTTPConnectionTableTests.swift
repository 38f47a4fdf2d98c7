import Glibc
import Testing

@testable import CapService

/// Who gives a place up to whom when all are taken.
@Suite struct HTTPConnectionTableTests {
    /// Places that connections of made-up addresses take.
    private final class Places {
        let core: HTTPCore
        private var sockets: [Int32] = []

        init(_ limits: HTTPLimits) {
            core = HTTPCore(limits: limits, handler: EchoHandler(), log: .off, refusalHeaders: { _ in [] })
        }

        deinit { for socket in sockets { close(socket) } }

        /// A connection of an address in a phase, where it is admitted.
        func open(_ address: String, _ phase: HTTPPhase = .idle) -> HTTPConnection? {
            var pair: [Int32] = [0, 0]
            guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0 else { return nil }
            sockets += pair
            let connection = HTTPConnection(socket: pair[0], remoteAddress: address, core: core)
            guard core.table.admit(connection, from: Self.key(address), workers: 2, core.limits) != nil else {
                return nil
            }
            connection.enter(phase)
            return connection
        }

        private static func key(_ address: String) -> HTTPAddressKey {
            var storage = sockaddr_storage()
            withUnsafeMutableBytes(of: &storage) { raw in
                let isV4 = !address.contains(":")
                let family = isV4 ? AF_INET : AF_INET6
                raw.storeBytes(of: sa_family_t(family), as: sa_family_t.self)
                _ = inet_pton(family, address, raw.baseAddress.map { $0 + (isV4 ? 4 : 8) })
            }
            return HTTPAddressKey.read(&storage).key
        }
    }

    private static func limits(_ places: Int) -> HTTPLimits {
        var limits = HTTPLimits()
        limits.connections = places
        return limits
    }

    @Test func whatAsksNothingGoesBeforeWhatIsInUse() throws {
        let places = Places(Self.limits(5))
        let busy = try [HTTPPhase.sending, .body, .waiting].map { try #require(places.open("192.0.2.1", $0)) }
        let idle = try (0..<2).map { _ in try #require(places.open("192.0.2.2")) }
        #expect(places.open("192.0.2.3") != nil)
        #expect(busy.allSatisfy { $0.phase != .givenUp } && idle.count { $0.phase == .givenUp } == 1)
        // Then of who has the most, what costs least.
        #expect(places.open("192.0.2.4") != nil && busy[2].phase == .givenUp)
        #expect(places.open("192.0.2.5") != nil && busy[1].phase == .givenUp)
        #expect(places.open("192.0.2.6") == nil && busy[0].phase == .sending, "nobody has two more")
    }

    @Test func whatIsBeingWorkedOnIsNotEnded() throws {
        let places = Places(Self.limits(4))
        let working = try (0..<3).map { _ in try #require(places.open("192.0.2.1", .handling)) }
        _ = try #require(places.open("192.0.2.1", .opening))
        #expect(places.open("192.0.2.2") == nil)
        #expect(working.allSatisfy { $0.phase == .handling })
        // And what is given up works on nothing any more.
        working[0].enter(.idle)
        #expect(places.open("192.0.2.2") != nil && working[0].phase == .givenUp)
        #expect(!working[0].enter(.handling) && !working[0].giveUp(in: .idle) && working[0].phase == .givenUp)
        places.core.table.remove(working[0])
        #expect(places.core.table.count == 4)
    }

    @Test func aTrustedProxyGivesNothingUp() throws {
        var limits = Self.limits(3)
        limits.proxies.networks = [try #require(IPNetwork("10.0.0.0/8"))]
        let places = Places(limits)
        let proxy = try (0..<3).map { _ in try #require(places.open("10.0.0.1")) }
        #expect(places.open("192.0.2.2") == nil && proxy.allSatisfy { $0.phase == .idle })
    }

    /// Who has one IPv6 site has 65,536 networks of it.
    @Test func theNetworksOfOneSiteShare() throws {
        var limits = Self.limits(4)
        limits.connectionsPerAddress = 2
        let places = Places(limits)
        let site = try (0..<4).map { try #require(places.open("2001:db8:1:\($0)::1")) }
        #expect(places.open("2001:db8:1:9::1") == nil)
        #expect(places.open("2001:db8:2::1") != nil && site.count { $0.phase == .givenUp } == 1)
        #expect(places.open("2001:db8:2:1::1") != nil)
        #expect(places.open("2001:db8:2:1::2") == nil, "two each")
    }

    @Test func whatIsGivenUpCountsNoMoreForItsAddress() throws {
        var limits = Self.limits(3)
        limits.connectionsPerAddress = 3
        let places = Places(limits)
        _ = try (0..<3).map { _ in try #require(places.open("192.0.2.1")) }
        let other = try #require(places.open("192.0.2.2"))
        places.core.table.remove(other)
        #expect(places.open("192.0.2.1") != nil)
        #expect(places.open("192.0.2.1") == nil)
    }
}
