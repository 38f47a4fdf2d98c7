import CapabilityGraph
import Multiformats
import Storage
import UCAN

extension Service {
    /// POST /delegate: verifies a delegation and admits it as an edge (tinycloud.md 6.2).
    func delegate(_ request: HTTPRequest, _ answer: Answer) throws(ErrorAnswer) {
        let now = try now()
        let unverified = try decode(request)
        let cid = unverified.cid
        // The same bytes again: their signature was checked when they were admitted.
        let snapshot = try self.snapshot()
        if let known = snapshot.edge(unverified.id) {
            answer.send(.json(Self.receipt(cid, [], [], snapshot, known, now)))
            return
        }
        let token = try verify(unverified, status: 401, text: "Failed to verify signature")
        try checkRate(of: token.issuer, at: now)
        // All that is delegated to this service is the hosting of a space; a UCAN made for it is else an invocation.
        if token.kind == .ucan, token.audience == .principal(nodeDID),
            !token.capabilities.allSatisfy({ $0.ability == "tinycloud.space/host" })
        {
            throw ErrorAnswer(
                401, "wrongKind", "Unauthorized Delegator: \(token.issuer.text)",
                "the token is addressed to this service, so it is an invocation")
        }
        let statement: EdgeStatement
        do throws(Refusal) {
            statement = try EdgeStatement(token, store.families)
        } catch {
            throw ErrorAnswer(error, status: 401)
        }
        store.submit(
            .admit(
                statement, token: token.bytes, now: now, hosting: settings.hosting, sender: allowance(of: request)
            ) { [store] result in
                answer.finish { () throws(ErrorAnswer) in
                    switch result {
                    case .failure(let failure): throw ErrorAnswer(failure)
                    case .success(.refused(let refusal)): throw ErrorAnswer(refusal, status: 401)
                    case .success(.existing(let edge)), .success(.twin(let edge, _)):
                        return .json(Self.receipt(cid, [], [], store.unprovenSnapshot(), edge, now))
                    case .success(.admitted(let admitted)):
                        return .json(
                            Self.receipt(
                                cid, admitted.activated, admitted.skipped, store.unprovenSnapshot(), admitted.edge, now)
                        )
                    }
                }
            })
    }

    /// `{cid, activated, skipped}` and beside them the status, and the grant's own CID where this is another encoding.
    private static func receipt(
        _ cid: CID, _ activated: [String], _ skipped: [String], _ snapshot: Snapshot, _ edge: Snapshot.EdgeID,
        _ now: Timestamp
    ) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("cid")
        json.string(cid.text)
        for (key, spaces) in [("activated", activated), ("skipped", skipped)] {
            json.key(key)
            json.beginArray()
            for space in spaces { json.string(space) }
            json.endArray()
        }
        json.key("status")
        json.string(snapshot.status(of: edge, at: now).name)
        let own = snapshot.view(edge).cid
        if own != cid {
            json.key("sameAs")
            json.string(own.text)
        }
        json.key("revision")
        json.int(snapshot.revision)
        json.endObject()
        return json.bytes
    }
}
