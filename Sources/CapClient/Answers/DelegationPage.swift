public import Multiformats

/// Holds one page of a list, or a whole one.
public struct DelegationPage: Sendable, Hashable {
    public let delegations: [ListedDelegation]
    /// Asks for the next page; nil on the last.
    public let cursor: String?
    /// Whether nothing follows.
    public let isComplete: Bool
    /// Revision of the graph the page was read at; nil when the service does not say.
    public let revision: Int64?
    /// The same delegations as documents, each with its `cid`.
    public let documents: [JSON]
    /// The answer as it came.
    public let json: JSON

    init(delegations: [ListedDelegation], documents: [JSON], cursor: String?, json: JSON) {
        self.delegations = delegations
        self.documents = documents
        self.cursor = cursor
        isComplete = cursor == nil
        revision = nil
        self.json = json
    }

    /// Reads `{delegations, cursor?, complete, revision}`, or the plain object keyed by CID of older services.
    public init(_ bytes: [UInt8]) throws(ClientError) {
        json = try JSON.answer(bytes)
        let listed = json["delegations"]
        let isPaged = listed != nil
        delegations = try ListedDelegation.list(listed ?? json)
        documents = ListedDelegation.documents(listed ?? json)
        cursor = isPaged ? json["cursor"]?.string : nil
        isComplete = isPaged ? json["complete"]?.bool ?? (cursor == nil) : true
        revision = isPaged ? json["revision"]?.number?.int64 : nil
    }
}

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

/// Holds every link from one delegation to its roots, leaf first.
public struct DelegationChain: Sendable, Hashable {
    public let links: [ListedDelegation]
    /// The same delegations as documents, each with its `cid`.
    public let documents: [JSON]
    /// The answer as it came.
    public let json: JSON

    /// Reads an array of delegations, bare or as `chain` or `links` of an object.
    public init(_ bytes: [UInt8]) throws(ClientError) {
        json = try JSON.answer(bytes)
        let listed = json["chain"] ?? json["links"] ?? json
        links = try ListedDelegation.list(listed)
        documents = ListedDelegation.documents(listed)
    }
}
