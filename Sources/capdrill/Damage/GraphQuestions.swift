import Multiformats
import UCAN

/// Asks of the delegations, values and marks that one connection left behind.
struct GraphQuestions {
    private let worker: LoadWorker
    private let now: Timestamp
    private var cast: Cast { worker.cast }

    init(_ worker: LoadWorker, at now: Timestamp) {
        self.worker = worker
        self.now = now
    }

    func questions() throws -> [Question] {
        var all = [
            Question(name: "version", path: "/version"),
            try invoke("the living", cast.read(["type": "list", "filters": ["status": "active"], "limit": 1000])),
            try invoke("the revoked", cast.read(["type": "list", "filters": ["status": "revoked"], "limit": 1000])),
            try query(),
            try invoke("the paths of values", cast.use("tinycloud.kv/list", "values/0/")),
        ]
        for (place, grant) in worker.journal.grants.enumerated() {
            let cid = grant.token.cid
            all.append(
                try invoke("the chain of \(cid)", cast.read(["type": "chain", "delegation_cid": .string(cid.text)])))
            all.append(try status(cid))
            if place % 2 == 0 { all.append(try check(grant)) }
        }
        for path in worker.journal.values.keys.sorted() {
            all.append(try invoke("the value \(path)", cast.use("tinycloud.kv/get", path)))
        }
        for mark in worker.journal.marks.suffix(12) {
            all.append(Question(name: "a replay", method: "POST", path: "/invoke", token: mark.authorization))
        }
        return all
    }

    private func invoke(_ name: String, _ token: UnverifiedToken) -> Question {
        Question(name: name, method: "POST", path: "/invoke", token: token.authorization())
    }

    private static let json = ["Content-Type: application/json"]

    private func query() throws -> Question {
        let token = try TokenMaker.invocation(
            invoker: cast.session,
            capabilities: [TokenCapability(resource: "\(cast.space)/delegation", ability: "tinycloud.delegation/list")],
            proofs: [cast.rootCID], expires: now.adding(seconds: 290))
        return Question(
            name: "the account", method: "POST", path: "/delegation/query", token: token.authorization(),
            headers: Self.json, body: Array("{}".utf8))
    }

    private func status(_ cid: CID) throws -> Question {
        let token = try TokenMaker.status(
            issuer: cast.session, target: cid, proofs: [cast.rootCID], expires: now.adding(seconds: 290))
        return Question(
            name: "the status of \(cid)", method: "POST", path: "/delegation/status", token: token.authorization(),
            headers: Self.json, body: JSON.object(JSONObject([("cid", .string(cid.text))]) ?? JSONObject()).serialized()
        )
    }

    private func check(_ grant: Journal.Grant) throws -> Question {
        let question: JSON = [
            "principal": .string(cast.holders[grant.holder].did.text), "ability": "tinycloud.kv/get",
            "resource": .string("\(cast.space)/kv/\(grant.capabilities[0].path)note"),
        ]
        return Question(
            name: "the gate on \(grant.capabilities[0].path)", method: "POST", path: "/authorize",
            token: try cast.read(["type": "list"]).authorization(), headers: Self.json, body: question.serialized())
    }
}
