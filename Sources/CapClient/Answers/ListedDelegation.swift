public import Multiformats

/// Holds one delegation as the service lists it: text from outside, nothing in it is verified.
public struct ListedDelegation: Sendable, Hashable {
    /// One ability on one resource, with the caveats that narrow it.
    public struct Capability: Sendable, Hashable {
        public let resource: String
        public let ability: String
        public let caveats: JSON

        public init(resource: String, ability: String, caveats: JSON) {
            self.resource = resource
            self.ability = ability
            self.caveats = caveats
        }
    }

    public let cid: String
    /// `cacao`, `ucan`, `membership` and so on; nil when the service does not say.
    public let kind: String?
    public let issuer: String
    public let audience: String
    public let capabilities: [Capability]
    /// Text CIDs, in the order of the token.
    public let proofs: [String]
    /// RFC 3339 text; nil when unknown or unlimited.
    public let issuedAt: String?
    public let notBefore: String?
    public let expiresAt: String?
    /// `live`, `expired`, `revoked` and so on; nil when the service does not say.
    public let status: String?
    /// Why it is not live, in one sentence.
    public let cause: String?
    /// The token in `Authorization` form; nil when withheld.
    public let raw: String?

    public init(
        cid: String,
        kind: String? = nil,
        issuer: String,
        audience: String,
        capabilities: [Capability],
        proofs: [String] = [],
        issuedAt: String? = nil,
        notBefore: String? = nil,
        expiresAt: String? = nil,
        status: String? = nil,
        cause: String? = nil,
        raw: String? = nil
    ) {
        self.cid = cid
        self.kind = kind
        self.issuer = issuer
        self.audience = audience
        self.capabilities = capabilities
        self.proofs = proofs
        self.issuedAt = issuedAt
        self.notBefore = notBefore
        self.expiresAt = expiresAt
        self.status = status
        self.cause = cause
        self.raw = raw
    }

    /// Returns the same delegation with other proofs.
    func resting(on proofs: [String]) -> ListedDelegation {
        ListedDelegation(
            cid: cid,
            kind: kind,
            issuer: issuer,
            audience: audience,
            capabilities: capabilities,
            proofs: proofs,
            issuedAt: issuedAt,
            notBefore: notBefore,
            expiresAt: expiresAt,
            status: status,
            cause: cause,
            raw: raw
        )
    }
}

extension ListedDelegation {
    /// Reads one object of a list or chain answer; `cid` is the key it was listed under, if any.
    public init(_ json: JSON, cid: String? = nil) throws(ClientError) {
        guard let name = json["cid"]?.string ?? cid else {
            throw ClientError(.invalidAnswer, "a delegation of the answer has no `cid`")
        }
        guard let issuer = json["delegator"]?.string ?? json["issuer"]?.string,
            let audience = json["delegate"]?.string ?? json["audience"]?.string
        else {
            throw ClientError(.invalidAnswer, "delegation `\(name)` has no delegator or no delegate")
        }
        var capabilities: [Capability] = []
        // A step of a decision's chain names the one capability it used.
        for entry in json["capabilities"]?.array ?? json["capability"].map({ [$0] }) ?? [] {
            capabilities.append(
                Capability(
                    resource: try entry.text("resource"),
                    ability: try entry.text("ability"),
                    caveats: entry["caveats"] ?? .object(JSONObject())
                )
            )
        }
        self.init(
            cid: name,
            kind: json["kind"]?.string,
            issuer: issuer,
            audience: audience,
            capabilities: capabilities,
            proofs: try Self.proofs(json["parents"] ?? json["proofs"]),
            issuedAt: json["issued_at"]?.string,
            notBefore: json["not_before"]?.string,
            expiresAt: json["expiry"]?.string,
            status: json["status"]?.string,
            cause: Self.cause(json["cause"]),
            raw: json["raw"]?.string
        )
    }

    /// Reads an array of objects, or an object of them keyed by CID.
    static func list(_ json: JSON) throws(ClientError) -> [ListedDelegation] {
        var result: [ListedDelegation] = []
        switch json {
        case .array(let items):
            for item in items { result.append(try ListedDelegation(item)) }
        case .object(let object):
            for member in object.members { result.append(try ListedDelegation(member.value, cid: member.key)) }
        case .null:
            break
        case .bool, .number, .string:
            throw ClientError(.invalidAnswer, "the answer holds no delegations")
        }
        return result
    }

    /// Lists the objects as they came, in the order of `list`; a key the list had them under becomes their `cid`.
    static func documents(_ json: JSON) -> [JSON] {
        switch json {
        case .array(let items):
            return items
        case .object(let object):
            return object.members.map { member in
                guard case .object(var entry) = member.value, entry["cid"] == nil else { return member.value }
                entry["cid"] = .string(member.key)
                return .object(entry)
            }
        case .null, .bool, .number, .string:
            return []
        }
    }

    /// Reads CIDs written as text or, as one service does, as the bytes of the binary form.
    private static func proofs(_ json: JSON?) throws(ClientError) -> [String] {
        var result: [String] = []
        for entry in json?.array ?? [] {
            if let text = entry.string {
                result.append(text)
                continue
            }
            let bytes = (entry.array ?? []).compactMap { $0.number?.int64 }.compactMap { UInt8(exactly: $0) }
            guard let cid = try? CID(bytes: bytes) else {
                throw ClientError(.invalidAnswer, "a parent in the answer is not a CID")
            }
            result.append(cid.text)
        }
        return result
    }

    /// Words a cause: text as it is, an object `{code, cid, by, at}` as one sentence.
    private static func cause(_ json: JSON?) -> String? {
        guard let json, !json.isNull else { return nil }
        guard let code = json["code"]?.string else { return json.string ?? json["message"]?.string }
        var words = [code]
        if let cid = json["cid"]?.string { words.append("`\(cid)`") }
        if let revoker = json["by"]?.string { words.append("by `\(revoker)`") }
        if let moment = json["at"]?.string { words.append("at \(moment)") }
        return words.joined(separator: " ")
    }
}
