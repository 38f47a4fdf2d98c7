public import Multiformats

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
