public import CapabilityGraph
public import Multiformats
public import UCAN

/// Writes the answers to questions about authority: why and why not, who can, what can, by which way (questions 1 and 2).
public enum QuestionAnswer {
    /// Writes what stands beside a decision: after a refusal `misses`, `moreMisses`, `fixes` and `unfixable?`; after an
    /// allowance `others`, `moreOthers` and `toStop`; after either `at`, `complete` and `hidden`. The decision is the one that
    /// the viewer is told.
    public static func writeWhy(
        _ question: CheckQuestion, _ decision: Decision, in snapshot: Snapshot, at: Timestamp,
        for viewer: QuestionViewer, into json: inout JSONWriter
    ) {
        json.key("at")
        json.string(at.rfc3339)
        var isComplete = true
        var hidden = Hidden()
        if decision.isAllowed {
            let stopping = snapshot.stopping(question, at: at, for: viewer)
            isComplete = stopping?.isComplete ?? false
            write(stopping, in: snapshot, into: &json)
        } else {
            let misses = snapshot.misses(question, at: at, for: viewer)
            let fixes = snapshot.fixes(question, decision, after: misses, at: at, for: viewer)
            isComplete = misses.capped == nil && misses.moreCount == 0 && fixes.isComplete
            hidden = misses.hidden
            MissAnswer(snapshot: snapshot, now: at).write(misses, into: &json)
            FixAnswer(question: question, snapshot: snapshot, now: at).write(fixes, into: &json)
        }
        json.key("complete")
        json.bool(isComplete)
        write(hidden, into: &json)
    }

    private static func write(_ stopping: Stopping?, in snapshot: Snapshot, into json: inout JSONWriter) {
        json.key("others")
        json.beginArray()
        for way in stopping?.ways.dropFirst() ?? [] {
            json.beginObject()
            json.key("route")
            write(way.map(\.edge), in: snapshot, into: &json)
            json.endObject()
        }
        json.endArray()
        json.key("moreOthers")
        json.int(stopping?.moreWays ?? 0)
        json.key("toStop")
        json.beginObject()
        json.key("edges")
        write(stopping?.edges ?? [], in: snapshot, into: &json)
        json.key("own")
        json.bool(stopping?.isOwn ?? false)
        json.key("servesOthers")
        json.bool(stopping?.servesOthers ?? false)
        json.key("complete")
        json.bool(stopping?.isComplete ?? false)
        json.endObject()
    }

    /// Writes `{schema: "capq/who-can/1", rows: [{principal, kind, by, route, capability?, until?}], everyone, cursor?,
    /// complete, capped?, hidden, revision, at}`.
    ///
    /// To a reader of one unit those who may by edges elsewhere are counted and not named; nil names everybody.
    public static func whoCan(_ page: WhoCanPage, in snapshot: Snapshot, readerOf unit: Space?) -> [UInt8] {
        var json = JSONWriter(reserving: 256 + page.rows.count * 512)
        json.beginObject()
        member("schema", "capq/who-can/1", &json)
        json.key("rows")
        json.beginArray()
        var hidden = Hidden()
        for row in page.rows {
            let elsewhere = foreign(row.route.map(\.edge), to: unit, in: snapshot)
            guard elsewhere == 0 else {
                hidden.principals += 1
                hidden.edges += elsewhere
                continue
            }
            json.beginObject()
            member("principal", row.principal.text, &json)
            member("kind", PrincipalKind(row.principal).rawValue, &json)
            member("by", row.by.rawValue, &json)
            write(row.route, row.until, in: snapshot, into: &json)
            json.endObject()
        }
        json.endArray()
        json.key("everyone")
        json.bool(page.everyone)
        end(page.cursor, page.capped, hidden, page.revision, page.at, into: &json)
        return json.bytes
    }

    /// Writes `{schema: "capq/what-can/1", rows: [{resource, ability?, caveats, by, public?, route, until?, unmet?, coveredBy?}],
    /// cursor?, complete, capped?, hidden, revision, at}`; for a reader of one unit as in `whoCan`.
    public static func whatCan(_ page: WhatCanPage, in snapshot: Snapshot, readerOf unit: Space?) -> [UInt8] {
        var json = JSONWriter(reserving: 256 + page.rows.count * 512)
        json.beginObject()
        member("schema", "capq/what-can/1", &json)
        json.key("rows")
        json.beginArray()
        var hidden = Hidden()
        for row in page.rows {
            let elsewhere = foreign(row.route.map(\.edge), to: unit, in: snapshot)
            guard elsewhere == 0 else {
                hidden.edges += elsewhere
                continue
            }
            json.beginObject()
            member("resource", row.resource.text, &json)
            if let ability = row.ability { member("ability", ability.text, &json) }
            json.key("caveats")
            json.value(.array(row.caveats.list))
            member("by", row.by.rawValue, &json)
            if row.isPublic {
                json.key("public")
                json.bool(true)
            }
            write(row.route, row.until, in: snapshot, into: &json)
            if let unmet = row.unmet { member("unmet", unmet.code, &json) }
            if let wider = row.coveredBy { member("coveredBy", snapshot.view(wider).cid.text, &json) }
            json.endObject()
        }
        json.endArray()
        end(page.cursor, page.capped, hidden, page.revision, page.at, into: &json)
        return json.bytes
    }

    /// Writes `{schema: "capq/path/1", paths: [[cid]], edges: [{cid, kind, issuer, audience}], complete, capped?, hidden,
    /// revision, at}`; of ways that go over edges elsewhere a reader of one unit is told how many edges those are.
    public static func paths(
        _ paths: Paths, in snapshot: Snapshot, at: Timestamp, readerOf unit: Space?
    ) -> [UInt8] {
        var hidden = Hidden()
        let shown = paths.paths.filter { path in
            let elsewhere = foreign(path, to: unit, in: snapshot)
            hidden.edges += elsewhere
            return elsewhere == 0
        }
        var json = JSONWriter(reserving: 1024)
        json.beginObject()
        member("schema", "capq/path/1", &json)
        json.key("paths")
        json.beginArray()
        for path in shown { write(path, in: snapshot, into: &json) }
        json.endArray()
        json.key("edges")
        json.beginArray()
        for edge in Set(shown.joined()).sorted() {
            let view = snapshot.view(edge)
            json.beginObject()
            member("cid", view.cid.text, &json)
            member("kind", view.kind.name, &json)
            member("issuer", view.issuer, &json)
            member("audience", view.audience, &json)
            json.endObject()
        }
        json.endArray()
        json.key("complete")
        json.bool(paths.isComplete)
        write(paths.capped, into: &json)
        write(hidden, into: &json)
        moment(snapshot.revision, at, into: &json)
        json.endObject()
        return json.bytes
    }

    // MARK: parts

    static func member(_ key: String, _ text: String, _ json: inout JSONWriter) {
        json.key(key)
        json.string(text)
    }

    private static func write(
        _ route: [RouteStep], _ until: Timestamp?, in snapshot: Snapshot, into json: inout JSONWriter
    ) {
        if let first = route.first {
            json.key("capability")
            DelegationAnswer.write(first.capability, into: &json)
        }
        json.key("route")
        write(route.map(\.edge), in: snapshot, into: &json)
        json.key("through")
        json.beginArray()
        for step in route { json.string(snapshot.view(step.edge).issuer) }
        json.endArray()
        if let until { member("until", until.rfc3339, &json) }
    }

    static func end(
        _ cursor: QuestionCursor?, _ capped: Capped?, _ hidden: Hidden, _ revision: UInt32, _ at: Timestamp,
        into json: inout JSONWriter
    ) {
        if let cursor { member("cursor", cursor.text, &json) }
        json.key("complete")
        json.bool(cursor == nil && capped == nil)
        write(capped, into: &json)
        write(hidden, into: &json)
        moment(revision, at, into: &json)
        json.endObject()
    }

    /// How many edges of a route touch nothing in the unit.
    private static func foreign(_ edges: [Snapshot.EdgeID], to unit: Space?, in snapshot: Snapshot) -> Int {
        guard let unit else { return 0 }
        return edges.count { !snapshot.touches($0, unit) }
    }

    private static func moment(_ revision: UInt32, _ at: Timestamp, into json: inout JSONWriter) {
        json.key("revision")
        json.int(revision)
        member("at", at.rfc3339, &json)
    }

    static func write(_ edges: [Snapshot.EdgeID], in snapshot: Snapshot, into json: inout JSONWriter) {
        json.beginArray()
        for edge in edges { json.string(snapshot.view(edge).cid.text) }
        json.endArray()
    }

    /// Writes the member `capped` where something was left out.
    static func write(_ capped: Capped?, into json: inout JSONWriter) {
        guard let capped else { return }
        json.key("capped")
        json.beginObject()
        member("by", capped.by.rawValue, &json)
        json.key("limit")
        json.int(capped.limit)
        json.key("visited")
        json.int(capped.visited)
        json.endObject()
    }

    static func write(_ hidden: Hidden, into json: inout JSONWriter) {
        json.key("hidden")
        json.beginObject()
        json.key("edges")
        json.int(hidden.edges)
        json.key("principals")
        json.int(hidden.principals)
        json.endObject()
    }
}
