import CapClient
import Multiformats
import UCAN

/// Holds the keys of a drill: a wallet that owns a space, its session, and holders below it.
struct Cast: Sendable {
    let wallet: EthereumKey
    let session: PrivateKey
    let holders: [PrivateKey]
    let space: String
    /// The session's root delegation, once made.
    let root: UnverifiedToken
    let host: UnverifiedToken

    static let holderCount = 6
    /// Everything of a drill outlives it.
    private static let lifetime: Int64 = 7 * 86_400

    init(_ generator: inout Generator, host: DID) throws {
        func seed(_ generator: inout Generator) -> [UInt8] {
            (0..<32).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        }
        wallet = try EthereumKey(scalar: seed(&generator))
        session = try PrivateKey(curve: .ed25519, seed: seed(&generator))
        var holders: [PrivateKey] = []
        for place in 0..<Self.holderCount {
            holders.append(try PrivateKey(curve: place % 3 == 2 ? .p256 : .ed25519, seed: seed(&generator)))
        }
        self.holders = holders
        let wallet = self.wallet
        let space = "tinycloud:\(wallet.did().text.dropFirst("did:".count)):drill"
        self.space = space
        let now = Clock.now()
        func sign(_ audience: DID, _ abilities: [(path: String, ability: String)]) throws -> UnverifiedToken {
            try TokenMaker.cacao(
                wallet: wallet, audience: audience.text,
                capabilities: abilities.map {
                    try TokenCapability(resource: "\(space)/\($0.path)", ability: $0.ability)
                },
                domain: "drill.example", issuedAt: Timestamp(seconds: now.microseconds / 1_000_000).rfc3339,
                expires: Timestamp(seconds: now.microseconds / 1_000_000 + Self.lifetime).rfc3339)
        }
        let hosting = try sign(host, [("space", "tinycloud.space/host")])
        self.host = hosting
        root = try sign(
            session.did,
            [
                ("capabilities", "tinycloud.capabilities/read"), ("delegation", "tinycloud.delegation/revoke"),
                ("delegation", "tinycloud.delegation/status"), ("delegation", "tinycloud.delegation/list"),
                ("kv", "tinycloud.kv/get"), ("kv", "tinycloud.kv/put"),
                ("kv", "tinycloud.kv/list"),
            ])
    }

    var rootCID: CID { root.cid }

    /// Signs a read of the space's delegations by the session; each has its own replay mark.
    func read(_ parameters: JSON) throws(UCANError) -> UnverifiedToken {
        try TokenMaker.invocation(
            invoker: session,
            capabilities: [
                TokenCapability(resource: "\(space)/capabilities/all", ability: "tinycloud.capabilities/read")
            ],
            proofs: [rootCID], expires: Clock.now().adding(seconds: 290),
            facts: [["capabilitiesReadParams": parameters]])
    }

    /// Signs a use of the space's values by the session.
    func use(_ ability: String, _ path: String) throws(UCANError) -> UnverifiedToken {
        try TokenMaker.invocation(
            invoker: session,
            capabilities: [TokenCapability(resource: "\(space)/kv/\(path)", ability: ability)],
            proofs: [rootCID], expires: Clock.now().adding(seconds: 290))
    }
}

extension Timestamp {
    func adding(seconds: Int64) -> Timestamp { Timestamp(microseconds: microseconds + seconds * 1_000_000) }
}
