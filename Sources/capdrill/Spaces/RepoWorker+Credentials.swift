import ATProto
import Multiformats
import UCAN

/// A delegation token that was exchanged, or was about to be when the service was killed.
struct Exchange {
    let token: String
    let key: PrivateKey
    let at: Timestamp
    /// Nil while no answer came.
    var credential: String?

    /// A delegation token lives for a minute; closer to its end it might expire while it is looked at.
    var isFresh: Bool { Clock.now().microseconds - at.microseconds < 40_000_000 }
}

/// Exchanges delegation tokens for credentials: each token is good once, also across a kill, and what was minted stays.
extension RepoWorker {
    private static let method = "com.atproto.space.getSpaceCredential"

    func exchange(_ url: String, _ connection: XRPCConnection) throws {
        let answer = try connection.get("com.atproto.space.getDelegationToken", [("space", places[0].space)], token)
        guard let token = answer.json["token"]?.string else {
            throw DrillFailure("getDelegationToken: \(answer.summary)")
        }
        let exchange = Exchange(token: token, key: try PrivateKey.generate(.p256), at: Clock.now())
        exchanges.append(exchange)
        let made = try send(exchange, url, connection)
        guard let credential = made.json["credential"]?.string else {
            throw DrillFailure("getSpaceCredential: \(made.summary)")
        }
        exchanges[exchanges.count - 1].credential = credential
        counts.exchanges += 1
    }

    /// Sends the token with a proof of its own.
    private func send(
        _ exchange: Exchange, _ url: String, _ connection: XRPCConnection
    ) throws -> XRPCConnection.Answer {
        let target = DPoPProof.Request(method: "POST", url: "\(url)/xrpc/\(Self.method)", accessToken: nil)
        let proof = try DPoPProof.make(for: target, key: exchange.key, at: Clock.now())
        return try connection.post(
            Self.method, ["space": .string(places[0].space)], exchange.token, headers: ["DPoP: \(proof)"])
    }

    /// A token whose exchange was answered is used up; one without an answer is used up or good for one exchange.
    func verifyExchanges(_ url: String, _ connection: XRPCConnection) throws {
        for index in exchanges.indices where exchanges[index].isFresh {
            if exchanges[index].credential == nil {
                let answer = try send(exchanges[index], url, connection)
                if answer.status == 200 {
                    exchanges[index].credential = answer.json["credential"]?.string
                } else {
                    require(answer.json["error"] == "JwtReplayed", "a token in flight is answered \(answer.summary)")
                    counts.kept += 1
                }
            }
            let again = try send(exchanges[index], url, connection)
            require(again.json["error"] == "JwtReplayed", "a token works twice: \(again.summary)")
        }
        exchanges.removeAll { !$0.isFresh && $0.credential == nil }
        if let last = exchanges.last(where: { $0.credential != nil }) { try use(last, url, connection) }
        exchanges = exchanges.suffix(8)
    }

    /// A credential that was handed out reads the space after a restart.
    private func use(_ exchange: Exchange, _ url: String, _ connection: XRPCConnection) throws {
        guard let credential = exchange.credential,
            Clock.now().microseconds - exchange.at.microseconds < 500_000_000
        else { return }
        let method = "com.atproto.space.listRepos"
        let target = DPoPProof.Request(method: "GET", url: "\(url)/xrpc/\(method)", accessToken: credential)
        let proof = try DPoPProof.make(for: target, key: exchange.key, at: Clock.now())
        let answer = try connection.get(
            method, [("space", places[0].space)], nil, headers: ["Authorization: DPoP \(credential)", "DPoP: \(proof)"])
        require(answer.status == 200, "a credential handed out is answered \(answer.summary)")
    }
}
