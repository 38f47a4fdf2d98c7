public import Multiformats

extension DelegationPage {
    /// Reads a page of an account's delegations: `{schemaVersion, items, nextCursor?}`.
    public init(account json: JSON) throws(ClientError) {
        guard let items = json["items"]?.array else {
            throw ClientError(.invalidAnswer, "the answer has no list `items`")
        }
        var delegations: [ListedDelegation] = []
        for item in items { delegations.append(try ListedDelegation(accountItem: item)) }
        self.init(delegations: delegations, documents: items, cursor: json["nextCursor"]?.string, json: json)
    }
}

extension ListedDelegation {
    fileprivate init(accountItem json: JSON) throws(ClientError) {
        var capabilities: [Capability] = []
        for entry in json["resources"]?.array ?? [] {
            let resource = try entry.text("resource")
            let caveats = entry["caveats"]?.array ?? []
            for (place, ability) in try entry.texts("actions").enumerated() {
                capabilities.append(
                    Capability(
                        resource: resource,
                        ability: ability,
                        caveats: place < caveats.count ? caveats[place] : .object(JSONObject())
                    )
                )
            }
        }
        let revoker = json["revokedBy"]?.string.map { "revoked by `\($0)`" }
        let ancestor = json["revokedAncestorCid"]?.string.map { "rests on `\($0)`, which is revoked" }
        self.init(
            cid: try json.text("cid"),
            issuer: try json.text("delegatorDid"),
            audience: try json.text("delegateDid"),
            capabilities: capabilities,
            proofs: try json.texts("parents"),
            issuedAt: json["issuedAt"]?.string,
            notBefore: json["notBefore"]?.string,
            expiresAt: json["expiresAt"]?.string,
            status: json["status"]?.string,
            cause: revoker ?? ancestor
        )
    }
}
