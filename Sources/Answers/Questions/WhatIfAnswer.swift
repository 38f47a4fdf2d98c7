public import CapabilityGraph
public import Multiformats
import UCAN

/// Reads what is supposed and writes what would follow (question 3).
public enum WhatIfAnswer {
    /// Reads changes as every door takes them: `[{revoke: CID}, {received: principal, kind?, space?}, {compromised: principal}]`.
    ///
    /// Throws `malformedChange`.
    public static func changes(_ json: JSON?, _ families: Families) throws(GraphError) -> [SupposedChange] {
        guard let list = json?.array, !list.isEmpty, list.count <= WhatIfQuestion.maxChanges else {
            throw GraphError(.malformedChange, "`changes` is not a list of 1 to \(WhatIfQuestion.maxChanges) changes")
        }
        var changes: [SupposedChange] = []
        for item in list { changes.append(try change(item, families)) }
        return changes
    }

    private static func change(_ json: JSON, _ families: Families) throws(GraphError) -> SupposedChange {
        let malformed = GraphError(
            .malformedChange, "a change is `{revoke}`, `{received, kind?, space?}` or `{compromised}`")
        guard let object = json.object else { throw malformed }
        func has(_ members: String...) -> Bool {
            object.members.allSatisfy { member in members.contains { UTF8Bytes.equal($0, member.key) } }
        }
        if let text = object["revoke"]?.string, has("revoke") {
            guard let cid = try? CID(text: text.utf8) else {
                throw GraphError(.malformedChange, "`revoke` is not a CID")
            }
            return .revoke(cid.hash)
        }
        if let text = object["compromised"]?.string, has("compromised") {
            return .compromised(try families.principal(text))
        }
        guard let text = object["received"]?.string, has("received", "kind", "space") else { throw malformed }
        var (kind, space): (EdgeKind?, Space?)
        if let member = object["kind"] {
            guard let named = member.string.flatMap(families.kind(named:)) else {
                throw GraphError(.malformedChange, "`kind` is not a kind of edges")
            }
            kind = named
        }
        if let member = object["space"] {
            guard let text = member.string else { throw malformed }
            space = try families.space(text)
        }
        return .received(try families.principal(text), kind: kind, space: space)
    }

    /// Writes `{schema: "capq/whatif/1", ended, stays, notSimulated, lost, kept, derived, unmanaged, orphans, counts, unknown,
    /// refused, compromised?, cursor?, complete, capped?, hidden, revision, at}`. The lists hold what stands on this page;
    /// `counts` is of everything.
    public static func write(_ page: WhatIfPage, in snapshot: Snapshot) -> [UInt8] {
        var json = JSONWriter(reserving: 512 + page.rows.count * 384)
        json.beginObject()
        QuestionAnswer.member("schema", "capq/whatif/1", &json)
        func list(_ name: String, _ body: (WhatIfRow) -> Void) {
            json.key(name)
            json.beginArray()
            for row in page.rows { body(row) }
            json.endArray()
        }
        list("ended") { if case .ended(let edge) = $0 { write(edge, in: snapshot, into: &json) } }
        list("stays") { if case .stays(let edge) = $0 { write(edge, in: snapshot, into: &json) } }
        list("notSimulated") { if case .notSimulated(let edge) = $0 { writeSetting(edge, in: snapshot, into: &json) } }
        list("lost") { row in
            guard case .lost(let use, let remains) = row else { return }
            json.beginObject()
            write(use, in: snapshot, into: &json)
            json.key("remains")
            json.beginArray()
            for capability in remains { DelegationAnswer.write(capability, into: &json) }
            json.endArray()
            json.endObject()
        }
        list("kept") { row in
            guard case .kept(let use, let route) = row else { return }
            json.beginObject()
            write(use, in: snapshot, into: &json)
            json.key("route")
            QuestionAnswer.write(route, in: snapshot, into: &json)
            json.endObject()
        }
        list("derived") { if case .derived(let edge) = $0 { write(edge, in: snapshot, into: &json) } }
        list("unmanaged") { if case .unmanaged(let space) = $0 { json.string(space.text) } }
        list("orphans") { if case .orphan(let edge) = $0 { write(edge, in: snapshot, into: &json) } }
        write(page.counts, into: &json)
        for (name, places) in [("unknown", page.unknown), ("refused", page.refused)] {
            json.key(name)
            json.beginArray()
            for place in places { json.int(place) }
            json.endArray()
        }
        write(page.compromised, into: &json)
        QuestionAnswer.end(page.cursor, page.capped, page.hidden, page.revision, page.at, into: &json)
        return json.bytes
    }

    private static func write(_ edge: Snapshot.EdgeID, in snapshot: Snapshot, into json: inout JSONWriter) {
        json.beginObject()
        writeMembers(edge, in: snapshot, into: &json)
        json.endObject()
    }

    private static func writeMembers(_ edge: Snapshot.EdgeID, in snapshot: Snapshot, into json: inout JSONWriter) {
        let view = snapshot.view(edge)
        QuestionAnswer.member("cid", view.cid.text, &json)
        QuestionAnswer.member("kind", view.kind.name, &json)
        QuestionAnswer.member("issuer", view.issuer, &json)
        QuestionAnswer.member("audience", view.audience, &json)
    }

    /// An edge that follows a setting, why its end is not simulated, and what changes the setting.
    private static func writeSetting(_ edge: Snapshot.EdgeID, in snapshot: Snapshot, into json: inout JSONWriter) {
        json.beginObject()
        writeMembers(edge, in: snapshot, into: &json)
        QuestionAnswer.member(
            "reason", "its end changes a setting of the space, and other edges with that: this is not simulated", &json)
        if let space = snapshot.view(edge).capabilities.lazy.compactMap(\.resource.space).first {
            QuestionAnswer.member("command", "capq space config \(FixAnswer.quoted(space.text))", &json)
        }
        json.endObject()
    }

    private static func write(_ use: WhatIfUse, in snapshot: Snapshot, into json: inout JSONWriter) {
        QuestionAnswer.member("principal", use.principal.text, &json)
        QuestionAnswer.member("kind", PrincipalKind(use.principal).rawValue, &json)
        json.key("capability")
        DelegationAnswer.write(use.capability, into: &json)
        json.key("by")
        QuestionAnswer.write(use.by, in: snapshot, into: &json)
        for (name, isSo) in [("more", use.isCut), ("undetermined", use.isUndetermined)] where isSo {
            json.key(name)
            json.bool(true)
        }
    }

    private static func write(_ counts: WhatIfCounts, into json: inout JSONWriter) {
        json.key("counts")
        json.beginObject()
        for (name, count) in [
            ("ended", counts.ended), ("stays", counts.stays), ("notSimulated", counts.notSimulated),
            ("lost", counts.lost), ("kept", counts.kept), ("derived", counts.derived),
            ("unmanaged", counts.unmanaged), ("orphans", counts.orphans),
        ] {
            json.key(name)
            json.int(count)
        }
        json.endObject()
    }

    private static func write(_ keys: [CompromisedKey], into json: inout JSONWriter) {
        guard !keys.isEmpty else { return }
        json.key("compromised")
        json.beginArray()
        for key in keys {
            json.beginObject()
            QuestionAnswer.member("principal", key.principal.text, &json)
            json.key("can")
            json.beginArray()
            for row in key.can {
                json.beginObject()
                QuestionAnswer.member("resource", row.resource.text, &json)
                if let ability = row.ability { QuestionAnswer.member("ability", ability.text, &json) }
                json.endObject()
            }
            json.endArray()
            json.key("canMore")
            json.bool(key.canMore)
            json.key("governs")
            json.int(key.governs)
            json.key("controls")
            json.beginArray()
            for text in key.controls { json.string(text) }
            json.endArray()
            for (name, isSo) in [("controlsMore", key.controlsMore), ("governsMore", key.isCut)] where isSo {
                json.key(name)
                json.bool(true)
            }
            json.endObject()
        }
        json.endArray()
    }
}
