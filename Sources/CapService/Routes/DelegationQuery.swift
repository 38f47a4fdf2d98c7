import CapabilityGraph
import Multiformats
import Storage
import UCAN

extension Service {
    /// POST /delegation/query: pages through everything an account granted or received (tinycloud.md 6.6).
    func delegationQuery(_ request: HTTPRequest, _ answer: Answer) throws(ErrorAnswer) {
        let now = try now()
        let unverified = try decode(request)
        let filter = try DelegationQueryFilter(request.body, store.families)
        guard unverified.isInWindow(at: now) else { throw Self.unauthorized("expired") }
        let token = try verify(unverified, status: 403, text: Self.unauthorizedText)
        try checkRate(of: token.issuer, at: now)
        let snapshot = try self.snapshot()
        var account = try authorizedAccount(token, snapshot, at: now)
        if let direction = filter.direction { account.directions = [direction] }
        if let cursor = filter.cursor {
            guard let edge = snapshot.edge(cursor.hash), snapshot.view(edge).cid == cursor,
                snapshot.governs(account.owner, edge) || snapshot.governs(account.invoker, edge)
            else { throw Self.unauthorized("unknownCursor") }
            account.after = edge
        }
        // An account's history is as long as it likes; who else asks does not wait for it.
        let query = account
        let busy = ErrorAnswer(503, "busy", "Delegation query unavailable", "too many requests wait", retryAfter: 1)
        try answer.finish(on: pool, busy: busy) { () throws(ErrorAnswer) in
            let rows: [AccountQuery.Row]
            do throws(GraphError) {
                rows = try snapshot.account(query, first: Self.maxRowsVisited + 1)
            } catch {
                throw ErrorAnswer(503, error.code.rawValue, "Delegation query unavailable", error.message)
            }
            return .json(self.page(rows, of: query, filter, snapshot, at: now))
        }
    }

    private static let unauthorizedText = "Delegation query proof is not authorized"

    private static func unauthorized(_ reason: String) -> ErrorAnswer { ErrorAnswer(403, reason, unauthorizedText) }

    private func authorizedAccount(
        _ token: Token, _ snapshot: Snapshot, at now: Timestamp
    ) throws(ErrorAnswer) -> AccountQuery {
        guard let question = try? invocation(token), question.capabilities.count == 1,
            let only = question.capabilities.first,
            snapshot.registry.isSame(only.ability, Ability(literal: "tinycloud.delegation/list")),
            let space = only.resource.space, only.resource.service == "delegation",
            (only.resource.path ?? "").isEmpty, only.resource.suffix.isEmpty, space.owner.kind == .pkh
        else { throw Self.unauthorized("wrongKind") }
        do throws(InvocationDenial) {
            _ = try snapshot.checkUse(question, at: now)
        } catch {
            throw Self.unauthorized(error.denial.code)
        }
        if question.proofs.isEmpty {
            guard question.invoker == space.owner else { throw Self.unauthorized("missingProof") }
        } else {
            guard question.proofs.count == 1, let proof = snapshot.edge(question.proofs[0]),
                snapshot.closure(of: proof, hasIssuer: space.owner)
            else { throw Self.unauthorized("missingProof") }
        }
        return AccountQuery(owner: space.owner, invoker: question.invoker)
    }

    /// Rows that a page may look at, and keep none of, before it ends with a cursor.
    private static let maxRowsVisited = 4096

    /// One page: as many rows as are asked for, or as many bytes as a page may have, whichever is less.
    private func page(
        _ rows: [AccountQuery.Row], of account: AccountQuery, _ filter: DelegationQueryFilter, _ snapshot: Snapshot,
        at now: Timestamp
    ) -> [UInt8] {
        var json = JSONWriter(reserving: 64 * 1024)
        json.beginObject()
        json.key("schemaVersion")
        json.int(2)
        json.key("items")
        json.beginArray()
        var spaces = SpaceFilter(filter.space, snapshot.families)
        var count = 0
        var last: Snapshot.EdgeID?
        var hasMore = false
        for (visited, row) in rows.enumerated() {
            guard visited < Self.maxRowsVisited, json.bytes.count < settings.maxPageBytes else {
                hasMore = true
                break
            }
            let status = snapshot.status(of: row.edge, at: now)
            if filter.keeps(status, of: row.edge), account.lies(row.edge, in: &spaces, snapshot) {
                guard count < filter.limit else {
                    hasMore = true
                    break
                }
                let view = snapshot.view(row.edge)
                Self.write(row, view, account.visible(view), status, snapshot, into: &json)
                count += 1
            }
            last = row.edge
        }
        json.endArray()
        if hasMore, let last {
            json.key("nextCursor")
            json.string(Base64URL.encode(Array(snapshot.view(last).cid.text.utf8)))
        }
        json.endObject()
        return json.bytes
    }

    private static func write(
        _ row: AccountQuery.Row, _ view: EdgeView, _ capabilities: [Capability], _ status: EdgeStatus,
        _ snapshot: Snapshot, into json: inout JSONWriter
    ) {
        json.beginObject()
        for (key, value) in [
            ("cid", view.cid.text), ("direction", row.direction.rawValue), ("delegatorDid", view.issuer),
            ("delegateDid", view.audience),
        ] {
            json.key(key)
            json.string(value)
        }
        json.key("resources")
        json.beginArray()
        let grouped = Dictionary(grouping: capabilities) { $0.resource.text }
        for resource in grouped.keys.sorted() {
            let capabilities = (grouped[resource] ?? []).sorted { $0.ability < $1.ability }
            json.beginObject()
            json.key("resource")
            json.string(resource)
            json.key("actions")
            json.beginArray()
            for capability in capabilities { json.string(capability.ability.text) }
            json.endArray()
            json.key("caveats")
            json.beginArray()
            for capability in capabilities { json.value(capability.caveats.keyed) }
            json.endArray()
            json.endObject()
        }
        json.endArray()
        json.key("parents")
        json.beginArray()
        let parents = view.proofs.map { snapshot.view($0) }.sorted { $0.id.digest < $1.id.digest }
        for parent in parents { json.string(parent.cid.text) }
        json.endArray()
        for (key, time) in [
            ("issuedAt", view.issuedAt), ("notBefore", view.notBefore), ("expiresAt", view.expires),
        ] {
            json.key(key)
            if let time { json.string(time.rfc3339) } else { json.null() }
        }
        json.key("status")
        json.string(DelegationQueryFilter.name(status, of: row.edge))
        if case .revoked(let cause) = status {
            if cause == row.edge {
                if let ending = view.ending {
                    json.key("revokedAt")
                    json.string(ending.at.rfc3339)
                    json.key("revokedBy")
                    json.string(ending.revoker)
                }
            } else {
                json.key("revokedAncestorCid")
                json.string(snapshot.view(cause).cid.text)
            }
        }
        json.endObject()
    }
}

/// The filter in the body of `/delegation/query`; unknown members are refused.
struct DelegationQueryFilter {
    var direction: AccountQuery.Direction?
    var status: String?
    var space: String?
    var limit = 50
    var cursor: CID?

    private static let statuses = ["active", "pending", "expired", "revoked", "ancestor_revoked"]

    init(_ body: [UInt8], _ families: Families) throws(ErrorAnswer) {
        guard !body.isEmpty else { return }
        guard let json = try? JSON.parse(body), case .object(let object) = json else {
            throw Self.malformed("the body is not a JSON object")
        }
        for member in object.members where !member.value.isNull {
            switch member.key {
            case "direction": try readDirection(member.value)
            case "status":
                guard let text = member.value.string, Self.statuses.contains(text) else {
                    throw Self.malformed("unknown status")
                }
                status = text
            case "space":
                guard let text = member.value.string, !text.isEmpty,
                    (try? families.space(text)) != nil || !text.contains(where: { $0 == ":" || $0 == "/" })
                else { throw Self.malformed("`space` is neither a space id nor a name") }
                space = (try? families.space(text))?.text ?? text
            case "limit":
                guard let number = member.value.number?.int64, (1...100).contains(number) else {
                    throw Self.malformed("`limit` is not a number from 1 to 100")
                }
                limit = Int(number)
            case "cursor":
                guard let text = member.value.string,
                    let bytes = Base64URL.decode(text.utf8, padding: .forbidden), let cid = try? CID(text: bytes)
                else { throw Self.malformed("`cursor` is malformed") }
                cursor = cid
            default: throw Self.malformed("unknown member `\(member.key.prefix(64))`")
            }
        }
    }

    private mutating func readDirection(_ value: JSON) throws(ErrorAnswer) {
        switch value.string {
        case "granted": direction = .granted
        case "received": direction = .received
        case "all": direction = nil
        default: throw Self.malformed("unknown direction")
        }
    }

    private static func malformed(_ text: String) -> ErrorAnswer {
        ErrorAnswer(400, "malformedQuery", "Invalid delegation query: \(text)")
    }

    static func name(_ status: EdgeStatus, of edge: Snapshot.EdgeID) -> String {
        switch status {
        case .revoked(let cause) where cause != edge: "ancestor_revoked"
        case .active, .pending, .expired, .revoked, .undetermined: status.name
        }
    }

    func keeps(_ status: EdgeStatus, of edge: Snapshot.EdgeID) -> Bool {
        if let wanted = self.status {
            let name = Self.name(status, of: edge)
            guard name == wanted || (wanted == "revoked" && name == "ancestor_revoked") else { return false }
        }
        return true
    }
}
