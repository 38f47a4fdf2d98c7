import CapClient
import Multiformats
import UCAN

/// Describes the content of a token for people and programs; says nothing about whether it is true.
struct TokenDescription {
    let token: any SignedStatement
    let now: Timestamp

    var audience: String {
        switch token.audience {
        case .principal(let did): did.text
        case .target(let cid): "ucan:\(cid.text)"
        }
    }

    var kind: String {
        switch token.kind {
        case .cacao: "cacao"
        case .ucan: "ucan"
        }
    }

    var proofs: [String] { token.proofs.map { CID(codec: CID.rawCodec, hash: $0).text } }

    /// Lists the members in the order people read them.
    var json: JSONObject {
        var object = JSONObject()
        object["cid"] = .string(token.cid.text)
        object["kind"] = .string(kind)
        object["issuer"] = .string(token.issuer.text)
        object["audience"] = .string(audience)
        object["capabilities"] = .array(
            token.capabilities.map { capability in
                [
                    "resource": .string(capability.resource), "ability": .string(capability.ability),
                    "caveats": .array(capability.caveats),
                ]
            }
        )
        object["proofs"] = .array(proofs.map { .string($0) })
        object["issuedAt"] = token.issuedAt.map { .string($0.rfc3339) } ?? .null
        object["notBefore"] = token.notBefore.map { .string($0.rfc3339) } ?? .null
        object["expiresAt"] = token.expires.map { .string($0.rfc3339) } ?? .null
        object["nonce"] = token.nonce.map { .string($0) } ?? .null
        object["facts"] = .array(token.facts)
        object["terminal"] = .bool(token.isTerminal)
        object["statementId"] = .string(token.statementID.hex)
        return object
    }

    /// Lists the same as fields.
    var fields: [(String, Cell)] {
        var fields = [
            ("cid", Cell(id: token.cid.text)), ("kind", Cell(kind)), ("issuer", Cell(id: token.issuer.text)),
            ("audience", Cell(id: audience)),
        ]
        for capability in token.capabilities {
            let caveats = capability.caveats.isEmpty ? "" : " with \(JSONPrinter.line(.array(capability.caveats)))"
            fields.append(("can", Cell(id: "\(capability.ability) on \(capability.resource)\(caveats)")))
        }
        for proof in proofs { fields.append(("proof", Cell(id: proof))) }
        if let issuedAt = token.issuedAt { fields.append(("issued", moment(issuedAt))) }
        if let notBefore = token.notBefore { fields.append(("from", moment(notBefore))) }
        fields.append(("until", token.expires.map { moment($0) } ?? Cell("no end")))
        if token.isTerminal { fields.append(("terminal", Cell("may not be passed on"))) }
        for fact in token.facts { fields.append(("fact", Cell(id: JSONPrinter.line(fact)))) }
        return fields
    }

    private func moment(_ time: Timestamp) -> Cell {
        Cell(time.rfc3339, brief: "\(time.rfc3339) (\(time.distance(from: now)))")
    }
}

extension TokenDescription {
    /// Puts the token into the shape tree and graph are drawn from.
    func listed(status: String?, cause: String? = nil) -> ListedDelegation {
        ListedDelegation(
            cid: token.cid.text,
            kind: kind,
            issuer: token.issuer.text,
            audience: audience,
            capabilities: token.capabilities.map {
                ListedDelegation.Capability(resource: $0.resource, ability: $0.ability, caveats: .array($0.caveats))
            },
            proofs: proofs,
            issuedAt: token.issuedAt?.rfc3339,
            notBefore: token.notBefore?.rfc3339,
            expiresAt: token.expires?.rfc3339,
            status: status,
            cause: cause,
            raw: token.authorization()
        )
    }
}
