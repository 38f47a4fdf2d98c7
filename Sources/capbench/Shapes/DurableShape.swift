import CapabilityGraph
import Multiformats
import UCAN

/// Durable admission over HTTP from 64 connections, against admission in process without a disk.
enum DurableShape {
    static func run(_ scale: Scale) throws -> [Measurement] {
        let world = try SignedWorld(children: scale.requests, now: Stopwatch.wallClock())
        let families = try Families.standard()
        let graph = try Graph(families: families)
        let writer = GraphWriter(graph)
        try world.admitRoots(writer)
        let start = Stopwatch.nanoseconds()
        for authorization in world.children {
            let token = try UnverifiedToken.decode(authorization: authorization).verify()
            _ = try writer.admit(try EdgeStatement(token, families), at: world.now)
        }
        writer.commit()
        let inProcess = Stopwatch.nanoseconds() - start

        let service = try ServiceUnderTest()
        _ = try service.run([Load.request("/delegate", authorization: world.host)])
        _ = try service.run([Load.request("/delegate", authorization: world.root)])
        let requests = world.children.map { Load.request("/delegate", authorization: $0) }
        let commitsBefore = try service.metric("capservice_commits")
        let cpuBefore = service.cpuSeconds()
        let overHTTP = try service.run(requests)
        let cpu = service.cpuSeconds() - cpuBefore
        let commits = try service.metric("capservice_commits") - commitsBefore
        let count = Double(requests.count)
        return [
            Measurement(
                shape: "durable-http-64", value: count / overHTTP * 1e9, floor: count / inProcess * 1e9, unit: "1/s",
                target: .atLeast(0.5)),
            Measurement(
                shape: "durable-fsyncs-a-request", value: commits / count, floor: 1, unit: "syncs",
                target: .atMost(0.1)),
            Measurement(
                shape: "durable-http-cpu", value: cpu / count * 1e6, floor: inProcess / count / 1000, unit: "us",
                target: .atMost(2)),
        ]
    }
}
