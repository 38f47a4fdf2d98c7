import Answers
import CapabilityGraph
import Glibc
import Multiformats
import Storage
import UCAN

/// The first page of 100 rows out of a million edges, and a page deep inside, against serializing 100 such rows.
enum ListShape {
    static func run(_ scale: Scale) throws -> [Measurement] {
        let folder = try TemporaryFolder()
        let path = folder.path + "/bench.sqlite"
        let world = try ChainWorld(edges: scale.edges, busyRows: scale.edges / 20, keepRecords: true)
        try world.write(to: path)
        let tokens = try TokenReader(path: path)
        defer { tokens.close() }
        let snapshot = world.graph.snapshot()
        var results: [Measurement] = []
        for (name, direction, invoker) in [
            ("created", ListQuery.Direction.created, ChainWorld.principal(0, 0)),
            ("received", .received, ChainWorld.principal(1 << 30, 0)),
        ] {
            let space = ChainWorld.space(0)
            let asker = try snapshot.asker(invoker: invoker, proofs: [], at: ChainWorld.now)
            var query = ListQuery(space: space, asker: asker)
            query.direction = direction
            let first = try snapshot.listPage(query, after: nil, limit: 100, now: ChainWorld.now)
            precondition(first.rows.count == 100 && !first.isLast)
            var deep = first.cursor
            for _ in 0..<min(200, world.busyRows / 100 - 2) {
                deep = try snapshot.listPage(query, after: deep, limit: 100, now: ChainWorld.now).cursor
            }
            let answer = DelegationAnswer(
                snapshot: snapshot, tokens: tokens, viewer: .reader(of: space, asker), now: ChainWorld.now)
            func write(_ page: CursorPage) throws -> Int {
                var listing = ListAnswer(answer, page: page)
                return try listing.rest().count
            }
            let rows = try first.rows.map { row in try Row(snapshot, row.edge, answer) }
            let floor = Stopwatch.best(of: scale.runs) { keep(Row.serialize(rows)) }
            let page = try Stopwatch.best(of: scale.runs) {
                let page = try snapshot.listPage(query, after: nil, limit: 100, now: ChainWorld.now)
                keep(try write(page))
            }
            let later = try Stopwatch.best(of: scale.runs) {
                let page = try snapshot.listPage(query, after: deep, limit: 100, now: ChainWorld.now)
                keep(try write(page))
            }
            results.append(
                Measurement(
                    shape: "list-\(name)-first-page", value: page / 1000, floor: floor / 1000, unit: "us",
                    target: .atMost(2)))
            results.append(
                Measurement(
                    shape: "list-\(name)-page-200", value: later / 1000, floor: page / 1000, unit: "us",
                    target: .atMost(1.5)))
        }
        return results
    }

    /// A row as plain values in memory.
    private struct Row {
        let cid: String
        let issuer: String
        let audience: String
        let capabilities: [(resource: String, ability: String)]
        let parents: [String]
        let expires: String
        let recorded: String
        let raw: String

        init(_ snapshot: Snapshot, _ edge: Snapshot.EdgeID, _ answer: DelegationAnswer) throws {
            let view = snapshot.view(edge)
            cid = view.cid.text
            issuer = view.issuer
            audience = view.audience
            capabilities = view.capabilities.map { ($0.resource.text, $0.ability.text) }
            parents = view.proofs.map { snapshot.view($0).cid.text }
            expires = view.expires?.rfc3339 ?? ""
            recorded = view.recordedAt.rfc3339
            raw = try answer.authorization(of: view)
        }

        static func serialize(_ rows: [Row]) -> Int {
            var json = JSONWriter(reserving: 64 * 1024)
            json.beginArray()
            for row in rows {
                json.beginObject()
                for (key, value) in [
                    ("cid", row.cid), ("delegator", row.issuer), ("delegate", row.audience), ("expiry", row.expires),
                    ("recorded_at", row.recorded), ("kind", "ucan"), ("mode", "attenuable"), ("status", "active"),
                    ("raw", row.raw),
                ] {
                    json.key(key)
                    json.string(value)
                }
                json.key("parents")
                json.beginArray()
                for parent in row.parents { json.string(parent) }
                json.endArray()
                json.key("capabilities")
                json.beginArray()
                for capability in row.capabilities {
                    json.beginObject()
                    json.key("resource")
                    json.string(capability.resource)
                    json.key("ability")
                    json.string(capability.ability)
                    json.key("caveats")
                    json.beginObject()
                    json.endObject()
                    json.endObject()
                }
                json.endArray()
                json.endObject()
            }
            json.endArray()
            return json.bytes.count
        }
    }
}
