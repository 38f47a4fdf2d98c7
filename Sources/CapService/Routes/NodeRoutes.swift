import CapabilityGraph
import Multiformats
import Storage
import UCAN

extension Service {
    /// GET /version and /info: what clients check before they talk (tinycloud.md 6.1).
    func nodeInfo() -> HTTPResponse {
        var json = JSONWriter()
        json.beginObject()
        json.key("protocol")
        json.int(1)
        json.key("version")
        json.string(Self.version)
        json.key("features")
        json.beginArray()
        for feature in ["kv", "delegation", "sharing", "capabilities", "authorize", "authzen"] { json.string(feature) }
        json.endArray()
        json.key("nodeId")
        json.string(nodeDID.text)
        json.key("inTEE")
        json.bool(false)
        json.endObject()
        return .json(json.bytes)
    }

    /// GET /peer/generate/<space>: the key that a host delegation should be made for.
    func peerGenerate(_ encoded: Substring) throws(ErrorAnswer) -> HTTPResponse {
        guard let text = PercentEncoding.decode(encoded.utf8), (try? store.families.space(text)) != nil else {
            throw ErrorAnswer(400, "malformedResource", "Invalid space ID")
        }
        return HTTPResponse(
            status: 200, headers: [("Content-Type", "text/plain; charset=utf-8")],
            body: .bytes(Array(nodeDID.text.utf8)))
    }

    /// GET /readyz: 200 and nothing while requests are answered; else why they are not.
    func readiness() throws(ErrorAnswer) -> HTTPResponse {
        _ = try snapshot()
        do throws(StorageError) { _ = try store.tokens.token(revision: 0) } catch {
            let failure = ErrorAnswer(.storage(error))
            throw failure.status == 503 ? failure : Self.unreachable(error)
        }
        return HTTPResponse(status: 200)
    }

    /// GET /healthz and /health: 200 and nothing while the file answers. A server that holds the store is not asked: to start
    /// again here would not help it.
    func health() throws(ErrorAnswer) -> HTTPResponse {
        guard !store.isRemote else { return HTTPResponse(status: 200) }
        do throws(StorageError) { _ = try store.tokens.token(revision: 0) } catch {
            // Busy is not dead.
            guard error.code == .unavailable else { throw Self.unreachable(error) }
        }
        return HTTPResponse(status: 200)
    }

    private static func unreachable(_ error: StorageError) -> ErrorAnswer {
        ErrorAnswer(500, "databaseUnreachable", "the database does not answer", form: .json, detail: "\(error)")
    }

    func metricsText() -> HTTPResponse {
        let snapshot = store.unprovenSnapshot()
        let text = metrics.text(
            revision: snapshot.revision, edges: snapshot.edgeCount, pending: store.pendingCount,
            commits: store.commitCount, unhosted: store.unhosted,
            values: try? store.read { try ValueReader($0).totals() })
        return HTTPResponse(
            status: 200, headers: [("Content-Type", "text/plain; version=0.0.4")], body: .bytes(Array(text.utf8)))
    }
}
