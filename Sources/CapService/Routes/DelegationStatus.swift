import CapabilityGraph
import Multiformats
import Storage
import UCAN

extension Service {
    /// POST /delegation/status: says whether one delegation can be used (tinycloud.md 6.5).
    func delegationStatus(_ request: HTTPRequest, _ answer: Answer) throws(ErrorAnswer) {
        let now = try now()
        let unverified = try decode(request)
        guard unverified.kind == .ucan, unverified.isInWindow(at: now) else {
            throw ErrorAnswer(401, "invalidInvocation", "Invalid status invocation")
        }
        guard let body = try? JSON.parse(request.body), let text = body["cid"]?.string else {
            throw ErrorAnswer(400, "malformedBody", "Invalid delegation CID")
        }
        let token = try verify(unverified, status: 401, text: "Invalid status invocation")
        try checkRate(of: token.issuer, at: now)
        let unbound = "Status invocation is not bound to the requested CID"
        guard token.controlAction == .status, token.capabilities[0].resource == "urn:cid:" + text,
            token.capabilities[0].caveats.isEmpty
        else {
            throw ErrorAnswer(
                403, "wrongKind", unbound,
                "the token must hold exactly `tinycloud.delegation/status` on `urn:cid:` and the same CID")
        }
        guard isAddressedHere(token) else {
            throw ErrorAnswer(
                403, "audienceMismatch", unbound, "the token is addressed to neither its issuer nor this service")
        }
        guard let cid = try? CID(text: text.utf8) else {
            throw ErrorAnswer(400, "malformedCID", "Invalid delegation CID")
        }
        let snapshot = try self.snapshot()
        guard let edge = edge(cid.hash, shownTo: token, snapshot, at: now) else {
            throw ErrorAnswer(404, "notFound", "", form: .body(Self.statusBody(text, "not_found", exists: false)))
        }
        let name =
            switch snapshot.status(of: edge, at: now) {
            case .active: "active"
            case .revoked: "revoked"
            case .expired: "expired"
            case .pending, .undetermined: "unavailable"
            }
        answer.send(.json(Self.statusBody(text, name, exists: true)))
    }

    /// The edge, where it is known here and the asker may ask about it.
    private func edge(
        _ name: Multihash, shownTo token: Token, _ snapshot: Snapshot, at now: Timestamp
    ) -> Snapshot.EdgeID? {
        guard
            let acting = try? snapshot.actingPrincipal(
                signer: token.issuer, proofs: token.proofs, ability: "tinycloud.delegation/status", target: name,
                at: now),
            let edge = snapshot.edge(name), snapshot.governs(acting, edge)
        else { return nil }
        return edge
    }

    /// Clients check this object strictly: these six members and no more.
    private static func statusBody(_ cid: String, _ status: String, exists: Bool) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("cid")
        json.string(cid)
        json.key("status")
        json.string(status)
        for (key, value) in [
            ("exists", exists), ("active", status == "active"), ("revoked", status == "revoked"),
            ("expired", status == "expired"),
        ] {
            json.key(key)
            json.bool(value)
        }
        json.endObject()
        return json.bytes
    }
}
