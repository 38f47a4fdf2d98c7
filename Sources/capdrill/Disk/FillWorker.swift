import CapClient
import Multiformats
import UCAN

/// Sends delegations over one connection until the service refuses them for want of space.
// Proof of @unchecked: one thread at a time calls it; the drill joins the thread before it reads.
final class FillWorker: @unchecked Sendable {
    private(set) var acknowledged: [UnverifiedToken] = []
    private(set) var refused: [UnverifiedToken] = []
    private(set) var violations: [String] = []
    private let name: Int
    private let cast: Cast
    private var serial = 0

    init(_ name: Int, _ cast: Cast) {
        self.name = name
        self.cast = cast
    }

    /// Sends until so many in a row were refused.
    func fill(_ url: String) {
        do {
            let probe = try Probe(url, cast)
            var inARow = 0
            while inARow < 5 {
                let token = try delegation()
                do throws(ClientError) {
                    let receipt = try probe.client.delegate(authorization: token.authorization())
                    if receipt.cid != token.cid.text { violations.append("a receipt names another delegation") }
                    acknowledged.append(token)
                    inARow = 0
                } catch {
                    guard error.status == 503, error.message.contains("diskFull") else { throw error }
                    refused.append(token)
                    inARow += 1
                }
            }
        } catch {
            violations.append("connection \(name): \(error)")
        }
    }

    /// Large enough that the disk is full soon: every ability stands on a resource of its own.
    private func delegation() throws -> UnverifiedToken {
        serial += 1
        let capabilities = try (0..<40).map {
            try TokenCapability(
                resource: "\(cast.space)/kv/\(name)/\(serial)/\($0)/some/path/of/usual/length/in/a/space",
                ability: "tinycloud.kv/get")
        }
        return try TokenMaker.ucan(
            issuer: cast.session, audience: cast.holders[serial % cast.holders.count].did, capabilities: capabilities,
            proofs: [cast.rootCID], expires: Clock.now().adding(seconds: 86_400), nonce: "\(name)-\(serial)")
    }
}
