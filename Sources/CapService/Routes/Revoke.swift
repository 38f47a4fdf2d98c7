import CapabilityGraph
import Multiformats
import Storage
import UCAN

extension Service {
    /// POST /revoke: ends a delegation for ever (tinycloud.md 5). Every refusal is 403 with text.
    func revoke(_ request: HTTPRequest, _ answer: Answer) throws(ErrorAnswer) {
        let now = try now()
        let unverified = try decode(request)
        let target: CID
        do throws(UCANError) {
            target = try unverified.revocationTarget()
        } catch {
            // An invalid target is part of decoding for the reference.
            throw ErrorAnswer.unauthenticated("invalidRevocationTarget", detail: error.message)
        }
        let token = try verify(unverified, status: 403, text: "Failed to verify signature")
        guard token.isInWindow(at: now) else {
            throw ErrorAnswer(403, "expired", "Revocation expired or not yet valid")
        }
        // A delegation of the right to revoke has the same one capability; it is no revocation by its issuer.
        guard token.kind == .cacao || isAddressedHere(token) else {
            throw ErrorAnswer(
                403, "audienceMismatch", "Unauthorized Revoker",
                "the revocation is addressed to neither its issuer nor this service")
        }
        try checkRate(of: token.issuer, at: now)
        let statement = RevocationStatement(
            target: target.hash, signer: token.issuer, proofs: token.proofs, id: token.id.digest)
        let given = Self.targetText(token) ?? target.text
        store.submit(
            .revoke(statement, token: token.bytes, now: now) { result in
                answer.finish { () throws(ErrorAnswer) in
                    switch result {
                    case .failure(let failure): throw ErrorAnswer(failure)
                    case .success(.refused(let refusal)): throw ErrorAnswer(refusal, status: 403)
                    case .success(.revoked), .success(.alreadyRevoked):
                        // Clients check this object strictly: no further members.
                        var json = JSONWriter()
                        json.beginObject()
                        json.key("revoked")
                        json.bool(true)
                        json.key("cid")
                        json.string(given)
                        json.endObject()
                        return .json(json.bytes)
                    }
                }
            })
    }

    /// The target as the client wrote it, which is what it compares the receipt with.
    private static func targetText(_ token: Token) -> String? {
        guard token.kind == .ucan, let resource = token.capabilities.first?.resource else { return nil }
        return String(resource.dropFirst("urn:cid:".count))
    }
}
