import ATProto
import CapabilityGraph
import Multiformats
import Storage
import UCAN

// A credential rests on its user's membership. Where that gets a new edge that reads as the old one did, the authority
// states the credential again, on the new edge: a statement of its own, named in the credential's row, for the same key and
// time. The token stays what it was; what it opens is what the edge named there opens.

extension TableReader {
    /// The 32-byte id of the edge that carries a credential now; nil for one that was not issued here.
    func carrier(ofCredential jti: String, in space: SpaceURI) throws -> [UInt8]? {
        try first(
            "SELECT edge FROM space_credential WHERE space = ?1 AND jti = ?2", [.text(space.text), .text(jti)]
        ) { $0.bytes(0) }
    }
}

extension TableReader {
    /// True for a credential that lived until its space was deleted.
    func wasDeleted(withSpace jti: String, in space: SpaceURI) throws -> Bool {
        try exists(
            "SELECT 1 FROM credential_revocation WHERE space = ?1 AND jti = ?2 AND reason = ?3",
            [.text(space.text), .text(jti), .text(RevocationReason.spaceDeleted.rawValue)])
    }
}

extension StoreTransaction {
    /// The live credentials of a space, and of spaces that admit its members, by the edges they rest on.
    func credentialsByGround(below space: SpaceURI) throws -> [Snapshot.EdgeID: [IssuedCredential]] {
        var found: [Snapshot.EdgeID: [IssuedCredential]] = [:]
        for uri in try spacesAdmitting(space) {
            for issued in try issuedCredentials(for: uri, at: now) {
                guard let carrier = graph.edge(stored: issued.edge), graph.isInForce(carrier, at: now) else { continue }
                for proof in graph.view(carrier).proofs { found[proof, default: []].append(issued) }
            }
        }
        return found
    }

    /// States credentials again that rested on an edge which has ended, on the one in its place; nothing where that does
    /// not read the whole space.
    func carryOn(
        _ issued: [IssuedCredential], from ended: Snapshot.EdgeID, to new: Snapshot.EdgeID, in space: SpaceRecord
    ) throws {
        let resource = Resource.atproto(space: try Space(space.uri), path: nil)
        guard graph.view(new).capabilities.contains(Capability(resource: resource, ability: .spaceRead)) else { return }
        for one in issued {
            let key: [SQLValue] = [.text(one.space.text), .text(one.jti)]
            // Read again: with one of many changes it may have been carried on by another edge already.
            let row = try first("SELECT user, edge FROM space_credential WHERE space = ?1 AND jti = ?2", key) {
                (user: DID(trusted: $0.text(0)), edge: $0.bytes(1))
            }
            guard let row, let carrier = graph.edge(stored: row.edge) else { continue }
            let view = graph.view(carrier)
            let edge = try admit(
                HostStatement(
                    kind: .spaceCredential, issuer: DID(trusted: view.issuer), audience: DID(trusted: view.audience),
                    capabilities: view.capabilities, expires: view.expires,
                    proofs: view.proofs.map { $0 == ended ? new : $0 }, actor: row.user))
            try run(
                "UPDATE space_credential SET edge = ?3 WHERE space = ?1 AND jti = ?2",
                key + [.blob(graph.view(edge).id.digest.bytes)])
        }
    }

    /// Ends what carries the credentials of a key in a space, so that no statement of one outlives the end of another.
    func endCarriers(of holder: String, in space: SpaceRecord, by actor: DID) throws {
        for issued in try issuedCredentials(for: space.uri, at: now) {
            guard let carrier = graph.edge(stored: issued.edge),
                UTF8Bytes.equal(graph.view(carrier).audience, holder), graph.view(carrier).ending == nil
            else { continue }
            try end(carrier, by: actor, reason: RevocationReason.revoked.rawValue)
        }
    }
}
