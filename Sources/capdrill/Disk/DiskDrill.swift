import CapClient
import Glibc
import Multiformats
import UCAN

/// Fills the disk under the service and checks that nothing acknowledged is lost, that reads go on, and that writes work
/// again once there is room.
final class DiskDrill {
    private let options: DrillOptions
    private var generator: Generator
    private var violations: [String] = []
    private var checks = 0
    /// Reads that were answered since the service was started.
    private var reads: [String] = []

    init(_ options: DrillOptions) {
        self.options = options
        generator = Generator(seed: options.seed)
    }

    func run() throws -> Int32 {
        say("seed \(options.seed)")
        if let disk = try SmallDisk(options.folder + "/disk", megabytes: options.megabytes) {
            try fill(disk)
        } else {
            say("SKIPPED the full disk: this process may not mount a file system; run it as root")
        }
        for line in violations.prefix(20) { say(line) }
        say(violations.isEmpty ? "passed: \(checks) checks" : "FAILED: \(violations.count) violations")
        return violations.isEmpty ? 0 : 1
    }

    private func start(_ data: String) throws -> ServiceProcess {
        let log = options.folder + "/capservice.log"
        let service = try ServiceProcess(options.service, data: data, log: log)
        guard service.waitUntilReady() else { throw DrillFailure("the service does not start; see \(log)") }
        return service
    }

    private func fill(_ disk: SmallDisk) throws {
        let data = disk.folder + "/data"
        var service = try start(data)
        let host = try CapClient(baseURL: service.url).version()["nodeId"]?.string ?? ""
        let cast = try Cast(&generator, host: DID(host))
        let setup = try Probe(service.url, cast)
        for token in [cast.host, cast.root] { _ = try setup.send(token) }
        let workers = (0..<options.connections).map { FillWorker($0, cast) }
        let threads = Threads()
        let url = service.url
        for worker in workers { try threads.start { worker.fill(url) } }
        threads.join()
        violations += workers.flatMap(\.violations)
        let kept = workers.flatMap(\.acknowledged)
        let refused = workers.flatMap(\.refused)
        say(
            "\(options.megabytes) MB are full: \(kept.count) delegations acknowledged, \(refused.count) refused with 503"
        )

        try checkReads(service.url, cast, kept, refused, "on the full disk")
        try checkReplays(service.url, "on the full disk")
        let target = kept[generator.int(in: 0...kept.count - 1)]
        let revocation = try TokenMaker.revocation(
            issuer: cast.session, target: target.cid, proofs: [cast.rootCID], expires: Clock.now().adding(seconds: 3600)
        )
        var isRevoked = true
        do throws(ClientError) {
            _ = try CapClient(baseURL: service.url).revoke(authorization: revocation.authorization())
        } catch {
            require(error.status == 503, "a revocation on the full disk is answered \(error)")
            isRevoked = false
        }
        let status = try Probe(service.url, cast).status(target.cid)
        require(status == (isRevoked ? "revoked" : "active"), "a target of a refused revocation is \(status)")

        service.kill()
        service = try start(data)
        say("killed and started again on the full disk")
        reads = []
        try checkReads(service.url, cast, kept, refused, "after a restart on the full disk")

        try disk.grow(megabytes: options.megabytes * 2)
        let probe = try Probe(service.url, cast)
        for token in refused {
            let (isExisting, status) = try probe.send(token)
            require(!isExisting && status == "active", "a refused delegation is \(status) when there is room again")
        }
        _ = try probe.client.revoke(authorization: revocation.authorization())
        require(try probe.status(target.cid) == "revoked", "a revocation does not work when there is room again")
        say("with room again, without a restart, all that was refused was accepted")
        // Marks of reads that were answered without room for them were written with the first change.
        service.kill()
        service = try start(data)
        try checkReplays(service.url, "after a kill with room again")
        require(service.stop() == 0, "the service does not stop in order")
        service = try start(data)
        try checkReads(service.url, cast, kept.filter { $0.cid != target.cid } + refused, [], "after all")
        _ = service.stop()
    }

    /// Asks every kind of read and compares with what was acknowledged and refused.
    private func checkReads(
        _ url: String, _ cast: Cast, _ kept: [UnverifiedToken], _ absent: [UnverifiedToken], _ moment: String
    ) throws {
        let probe = try Probe(url, cast)
        do {
            try probe.client.health()
            let (listed, _) = try probe.list("active")
            for token in kept where !listed.contains(token.cid.text) {
                violations.append("\(moment) \(token.cid) is not listed")
            }
            for token in absent where listed.contains(token.cid.text) {
                violations.append("\(moment) refused \(token.cid) is listed")
            }
            checks += kept.count + absent.count
            for token in kept where generator.once(in: max(1, kept.count / 50)) {
                let read = try cast.read(["type": "chain", "delegation_cid": .string(token.cid.text)]).authorization()
                let found = try DelegationChain(probe.client.invoke(authorization: read)).links.first
                reads.append(read)
                require(found?.raw == token.authorization(), "\(moment) \(token.cid) is not what was sent")
                require(try probe.status(token.cid) == "active", "\(moment) \(token.cid) is not active")
                let path = token.capabilities[0].resource.dropFirst(cast.space.utf8.count + "/kv/".utf8.count)
                let holder = token.audience.principal ?? cast.session.did
                require(
                    try probe.isAllowed(holder, String(path)),
                    "\(moment) the gate does not allow what \(token.cid) gives")
            }
            for token in absent { require(try probe.look(token.cid) == nil, "\(moment) refused \(token.cid) is there") }
        } catch {
            violations.append("\(moment) a read is not answered: \(error)")
        }
    }

    /// Sends answered reads again: each is refused.
    private func checkReplays(_ url: String, _ moment: String) throws {
        let client = try CapClient(baseURL: url)
        for read in reads {
            do throws(ClientError) {
                _ = try client.invoke(authorization: read)
                violations.append("\(moment) an answered read works twice")
            } catch {
                require(error.status == 409, "\(moment) a repeated read is answered \(error)")
            }
        }
    }

    private func require(_ isTrue: Bool, _ claim: @autoclosure () -> String) {
        checks += 1
        if !isTrue { violations.append(claim()) }
    }
}

/// Mounts a file system of fixed size in memory.
final class SmallDisk {
    let folder: String

    /// Nil when this process may not mount.
    init?(_ folder: String, megabytes: Int) throws {
        self.folder = folder
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw DrillFailure("cannot make `\(folder)`") }
        guard mount("tmpfs", folder, "tmpfs", 0, "size=\(megabytes)m") == 0 else {
            guard errno == EPERM || errno == EACCES else {
                throw DrillFailure("cannot mount: \(String(cString: strerror(errno)))")
            }
            return nil
        }
    }

    deinit { umount2(folder, Int32(MNT_DETACH)) }

    func grow(megabytes: Int) throws {
        guard mount("tmpfs", folder, "tmpfs", UInt(MS_REMOUNT), "size=\(megabytes)m") == 0 else {
            throw DrillFailure("cannot grow the disk: \(String(cString: strerror(errno)))")
        }
    }
}
