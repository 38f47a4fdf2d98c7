import CapClient
import Multiformats
import UCAN

/// Asks one service the questions of a drill, over a connection of its own.
struct Probe: Sendable {
    let client: CapClient
    let cast: Cast

    init(_ url: String, _ cast: Cast) throws {
        client = try CapClient(baseURL: url, timeouts: Timeouts(connect: .seconds(5), total: .seconds(60)))
        self.cast = cast
    }

    /// Sends a delegation; existing when it had no effect because it was there.
    func send(_ token: UnverifiedToken) throws -> (isExisting: Bool, status: String) {
        let receipt = try client.delegate(authorization: token.authorization())
        guard receipt.cid == token.cid.text else {
            throw DrillFailure("the receipt of \(token.cid) names \(receipt.cid)")
        }
        return (receipt.activated.isEmpty && receipt.skipped.isEmpty, receipt.json["status"]?.string ?? "")
    }

    /// Finds one delegation with everything the service says of it; nil when it is not there.
    func look(_ cid: CID) throws -> ListedDelegation? {
        let token = try cast.read(["type": "chain", "delegation_cid": .string(cid.text)])
        do {
            return try DelegationChain(client.invoke(authorization: token.authorization())).links.first
        } catch  where error.status == 404 {
            return nil
        }
    }

    func status(_ cid: CID) throws -> String {
        let token = try TokenMaker.status(
            issuer: cast.session, target: cid, proofs: [cast.rootCID], expires: Clock.now().adding(seconds: 200))
        return try client.status(authorization: token.authorization(), cid: cid.text).status
    }

    /// Sends an invocation once more: true when it is refused as a replay, false when it is answered.
    func isReplay(_ authorization: String, body: [UInt8] = []) throws -> Bool {
        do {
            _ = try client.invoke(authorization: authorization, body: body)
            return false
        } catch  where error.status == 409 {
            return true
        }
    }

    /// Reads a value of the space; nil when there is none.
    func value(_ path: String) throws -> [UInt8]? {
        do {
            return try client.invoke(authorization: cast.use("tinycloud.kv/get", path).authorization())
        } catch let error as ClientError where error.status == 404 {
            return nil
        }
    }

    /// The paths of the space below one.
    func paths(_ prefix: String) throws -> [String] {
        let bytes = try client.invoke(authorization: cast.use("tinycloud.kv/list", prefix).authorization())
        return try JSON.parse(bytes).array?.compactMap(\.string) ?? []
    }

    /// Asks the gate whether a holder may read below a path.
    func isAllowed(_ holder: DID, _ path: String) throws -> Bool {
        let question: JSON = [
            "principal": .string(holder.text), "ability": "tinycloud.kv/get",
            "resource": .string("\(cast.space)/kv/\(path)"),
        ]
        let token = try cast.read(.object(JSONObject([("type", "list")]) ?? JSONObject()))
        return try client.authorize(body: question, authorization: token.authorization()).decision == .allow
    }

    /// Lists the CIDs of every delegation of the space with one status, page by page.
    func list(_ status: String) throws -> (cids: Set<String>, revision: Int64) {
        var cids: Set<String> = []
        var cursor: JSON = .null
        while true {
            let token = try cast.read([
                "type": "list", "filters": ["status": .string(status)], "limit": 1000, "cursor": cursor,
            ])
            let page = try DelegationPage(client.invoke(authorization: token.authorization()))
            for row in page.delegations where !cids.insert(row.cid).inserted {
                throw DrillFailure("\(row.cid) is listed twice")
            }
            guard let next = page.cursor else {
                guard page.isComplete else { throw DrillFailure("a page is neither complete nor followed") }
                return (cids, page.revision ?? 0)
            }
            cursor = .string(next)
        }
    }
}
