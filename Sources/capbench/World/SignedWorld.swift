import CapabilityGraph
import Multiformats
import UCAN

/// One wallet, one session and many children of it, really signed.
struct SignedWorld {
    let now: Timestamp
    let wallet: EthereumKey
    let session: PrivateKey
    let space: String
    let host: [UInt8]
    let root: [UInt8]
    let rootCID: CID
    /// Authorization values of the children, as ASCII.
    let children: [[UInt8]]

    init(children count: Int, now: Timestamp = Timestamp(seconds: 1_800_000_000)) throws {
        self.now = now
        wallet = try EthereumKey(scalar: [UInt8](repeating: 0, count: 31) + [1])
        session = try PrivateKey(curve: .ed25519, seed: [UInt8](repeating: 0x22, count: 32))
        let owner = wallet.did()
        let space = "tinycloud:\(owner.text.dropFirst(4)):default"
        self.space = space
        let issuedAt = Timestamp(seconds: now.microseconds / 1_000_000 - 3600)
        let expires = Timestamp(seconds: now.microseconds / 1_000_000 + 86_400 * 30)
        let host = try TokenMaker.cacao(
            wallet: wallet, audience: session.did.text,
            capabilities: [TokenCapability(resource: space + "/space", ability: "tinycloud.space/host", caveats: [])],
            domain: "bench.example", issuedAt: issuedAt.rfc3339)
        let root = try TokenMaker.cacao(
            wallet: wallet, audience: session.did.text,
            capabilities: [
                TokenCapability(resource: space + "/capabilities", ability: "tinycloud.capabilities/read", caveats: []),
                TokenCapability(resource: space + "/kv", ability: "tinycloud.kv/get", caveats: []),
                TokenCapability(resource: space + "/kv", ability: "tinycloud.kv/put", caveats: []),
            ], domain: "bench.example", issuedAt: issuedAt.rfc3339, expires: expires.rfc3339)
        self.host = Array(host.authorization().utf8)
        self.root = Array(root.authorization().utf8)
        rootCID = root.cid
        var made: [[UInt8]] = []
        made.reserveCapacity(count)
        for number in 0..<count {
            let agent = try PrivateKey(curve: .ed25519, seed: SHA256.hash(Array("agent \(number % 256)".utf8)).bytes)
            let child = try TokenMaker.ucan(
                issuer: session, audience: agent.did,
                capabilities: [
                    TokenCapability(resource: space + "/kv/notes/\(number)", ability: "tinycloud.kv/get", caveats: []),
                    TokenCapability(resource: space + "/kv/notes/\(number)", ability: "tinycloud.kv/put", caveats: []),
                ], proofs: [rootCID], expires: expires, nonce: "urn:bench:\(number)")
            made.append(child.bytes)
        }
        children = made
    }

    func admitRoots(_ writer: GraphWriter) throws {
        for authorization in [host, root] {
            let token = try UnverifiedToken.decode(authorization: authorization).verify()
            _ = try writer.admit(try EdgeStatement(token, .standard()), at: now)
        }
        writer.commit()
    }

    /// What each child's signature covers, and the signature.
    var signedMessages: [(message: [UInt8], signature: [UInt8])] {
        children.map { bytes in
            let split = bytes.lastIndex(of: UInt8(ascii: ".")) ?? 0
            return (Array(bytes[..<split]), Base64URL.decode(bytes[(split + 1)...], padding: .forbidden) ?? [])
        }
    }

    /// A capabilities read that is valid for two minutes from `at`.
    func read(_ number: Int, parameters: JSON, at: Timestamp) throws -> [UInt8] {
        try TokenMaker.invocation(
            invoker: session,
            capabilities: [
                TokenCapability(
                    resource: space + "/capabilities/all", ability: "tinycloud.capabilities/read", caveats: [])
            ], proofs: [rootCID], expires: Timestamp(microseconds: at.microseconds + 120_000_000),
            nonce: "urn:bench:read:\(number)", facts: [["capabilitiesReadParams": parameters]]
        ).bytes
    }
}
