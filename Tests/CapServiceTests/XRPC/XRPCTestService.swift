import CapTesting
import Multiformats
import Storage

@testable import CapService

/// Serves a table of methods made by the test, in this process, on a free port of loopback.
final class XRPCTestService {
    let service: Service
    let wire: Wire
    let port: UInt16
    private let server: HTTPServer
    private let folder = TemporaryFolder()

    init(_ methods: [XRPCMethod], change: (inout Settings) -> Void = { _ in }) throws {
        var settings = Settings()
        settings.data = folder.path
        change(&settings)
        let table = XRPCTable(methods)
        var limits = settings.http
        limits.bodyLimit = { _, path in table.readLimit(path) ?? 1024 }
        limits.bodyRefusal = { $0.hasPrefix(XRPCDispatcher.prefix) ? .payloadTooLarge : .bodyTooLarge }
        service = try Service(settings, log: .off)
        let handler = ServiceHandler(service, table: table)
        limits.earnedLimit = { handler.bodyLeave($0) }
        server = try HTTPServer(
            listen: HTTPListenAddress(ip: "127.0.0.1", port: 0), limits: limits, threads: 1,
            handler: handler, log: .off)
        port = try server.start()
        service.address.listens(at: "http://127.0.0.1:\(port)")
        wire = Wire(port)
    }

    deinit { stop() }

    /// Ends the service, once.
    func stop() {
        guard !isStopped else { return }
        isStopped = true
        server.stop(deadline: .milliseconds(200))
        service.pool.stop(deadline: .seconds(5))
        service.store.close()
    }

    private var isStopped = false

    func get(_ path: String, headers: [String] = []) throws -> RawResponse {
        try wire.get("/xrpc/" + path, headers: headers)
    }

    func post(_ name: String, _ json: JSON?, headers: [String] = []) throws -> RawResponse {
        try wire.post("/xrpc/" + name, authorization: nil, body: json?.serialized(), headers: headers)
    }
}
