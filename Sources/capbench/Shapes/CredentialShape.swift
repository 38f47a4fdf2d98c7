import ATProto
import Multiformats
import UCAN

/// Exchanges of a delegation token for a credential over HTTP, each with a key of its own, against the three signatures
/// of an exchange: the token's and the proof's verified, the credential's made.
enum CredentialShape {
    static func run(_ scale: Scale) throws -> [Measurement] {
        let world = try SpaceWorld()
        let each = min(scale.requests, 2000) / Rounds.count
        let nsid = "com.atproto.space.getSpaceCredential"
        let target = DPoPProof.Request(method: "POST", url: "http://127.0.0.1/xrpc/\(nsid)", accessToken: nil)
        let requests = try (0...Rounds.count).map { _ in
            try (0..<each).map { _ in
                let token = try world.delegationToken()
                let proof = try DPoPProof.make(for: target, key: .generate(.p256), at: Stopwatch.wallClock())
                return SpaceWorld.post(nsid, ["space": .string(world.space)], token, headers: ["DPoP: \(proof)"])
            }
        }
        let commits = try world.service.metric("capservice_commits")
        let taken = try Rounds.measure { round in
            try world.service.cpu(requests[round])
        } floor: { _ in
            try signatures(each)
        }
        let synced = try world.service.metric("capservice_commits") - commits
        let count = Double(each * Rounds.count)
        return [
            Measurement(
                shape: "credential-exchange", value: count / taken.value, floor: count / taken.floor,
                unit: "1/cpu s", target: .atLeast(0.3)),
            Measurement(
                shape: "credential-exchange-syncs", value: synced / Double(each * requests.count), floor: 1,
                unit: "syncs", target: .atMost(0.2)),
        ]
    }

    /// Cpu seconds of the signatures of so many exchanges.
    private static func signatures(_ count: Int) throws -> Double {
        let message = Array("one message for all".utf8)
        let (account, proof) = (try PrivateKey.generate(.secp256k1), try PrivateKey.generate(.p256))
        let (first, second) = (try account.sign(message), try proof.sign(message))
        let start = Stopwatch.threadNanoseconds()
        for _ in 0..<count {
            precondition(account.publicKey.verify(signature: first, message: message))
            precondition(proof.publicKey.verify(signature: second, message: message))
            keep(try account.sign(message))
        }
        return (Stopwatch.threadNanoseconds() - start) / 1e9
    }
}
