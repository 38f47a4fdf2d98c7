import CapClient
import Multiformats
import Synchronization
import UCAN

/// Drives one connection: sends statements until the service is gone, and afterwards holds the service to what it said.
// Proof of @unchecked: one thread at a time calls it; the drill joins the threads of a round before the next begins.
final class LoadWorker: @unchecked Sendable {
    struct Counts {
        var acknowledged = 0
        var inFlight = 0
        var kept = 0
        var checked = 0
    }

    let name: Int
    let cast: Cast
    private(set) var journal = Journal()
    private(set) var counts = Counts()
    private(set) var violations: [String] = []
    var generator: Generator
    private var serial = 0
    /// Where this round's statements begin in the journal.
    private var start = (grants: 0, revocations: 0, marks: 0)

    init(_ name: Int, _ cast: Cast, seed: UInt64) {
        self.name = name
        self.cast = cast
        generator = Generator(seed: seed)
    }

    /// Sends statements one after the other until an answer does not come, or so many.
    func load(_ url: String, statements: Int = .max) {
        start = (journal.grants.count, journal.revocations.count, journal.marks.count)
        do {
            let probe = try Probe(url, cast)
            for _ in 0..<statements {
                let attempt = try nextAttempt()
                journal.attempt = attempt
                try perform(attempt, probe)
                journal.acknowledge(attempt)
                counts.acknowledged += 1
            }
        } catch let error as ClientError where error.status == nil && error.code != .invalidAnswer {
            // The service is gone.
            if journal.attempt != nil { counts.inFlight += 1 }
        } catch {
            violations.append("connection \(name): a statement in order was refused: \(error)")
            journal.attempt = nil
        }
    }

    private func perform(_ attempt: Journal.Attempt, _ probe: Probe) throws {
        switch attempt {
        case .grant(let grant):
            let (isExisting, status) = try probe.send(grant.token)
            if isExisting || status != "active" {
                throw DrillFailure("new delegation \(grant.token.cid) is answered existing or \(status)")
            }
        case .revocation(_, let authorization): _ = try probe.client.revoke(authorization: authorization)
        case .use(let authorization, _):
            if try probe.isReplay(authorization) { throw DrillFailure("a new invocation is refused as a replay") }
        case .put(_, let bytes, let authorization, _):
            _ = try probe.client.invoke(authorization: authorization, body: bytes)
        }
    }

    // MARK: making statements

    private func nextAttempt() throws -> Journal.Attempt {
        switch generator.int(in: 1...24) {
        case 21...24: return try newValue()
        case 1...3:
            if let target = liveGrant() { return .revocation(of: target, authorization: try revocation(of: target)) }
        case 4...9:
            let known =
                journal.grants.isEmpty
                ? cast.root : journal.grants[generator.int(in: 0...journal.grants.count - 1)].token
            let token = try cast.read(["type": "chain", "delegation_cid": .string(known.cid.text)])
            return .use(authorization: token.authorization(), expires: token.expires ?? Clock.now())
        default: break
        }
        return .grant(try newGrant())
    }

    /// A value at a new path or at one of a few that are written again and again.
    private func newValue() throws -> Journal.Attempt {
        serial += 1
        let path = "\(valuePrefix)\(generator.once(in: 2) ? "again-\(generator.int(in: 0...4))" : "\(serial)")"
        // Mostly small, at times more than fits into a page of the store.
        let count = generator.once(in: 4) ? generator.int(in: 0...60_000) : generator.int(in: 0...200)
        let byte = UInt8(truncatingIfNeeded: generator.next())
        let token = try cast.use("tinycloud.kv/put", path)
        return .put(
            path: path, bytes: Array("\(serial) ".utf8) + [UInt8](repeating: byte, count: count),
            authorization: token.authorization(), expires: token.expires ?? Clock.now())
    }

    private var valuePrefix: String { "values/\(name)/" }

    private func liveGrant() -> Int? {
        guard !journal.grants.isEmpty else { return nil }
        for _ in 0..<8 {
            let place = generator.int(in: 0...journal.grants.count - 1)
            if !journal.isDead(place) { return place }
        }
        return nil
    }

    private func newGrant() throws -> Journal.Grant {
        serial += 1
        var parents: [Int] = []
        if !generator.once(in: 3), let parent = liveGrant(), journal.grants[parent].depth < 6 {
            parents = [parent]
            // Often a second proof, if one for the same holder is at hand.
            if generator.once(in: 2), let second = liveGrant(), second != parent,
                journal.grants[second].holder == journal.grants[parent].holder, journal.grants[second].depth < 6,
                !journal.isOnOneLine(parent, second)
            {
                parents.append(second)
            }
        }
        let issuer = parents.first.map { journal.grants[$0].holder }
        var holder = generator.int(in: 0...Cast.holderCount - 1)
        if holder == issuer { holder = (holder + 1) % Cast.holderCount }
        var capabilities: [Journal.Capability] = []
        if parents.isEmpty {
            capabilities = [Journal.Capability(path: "\(name)-\(serial)/", support: nil)]
        } else {
            for parent in parents {
                let place = generator.int(in: 0...journal.grants[parent].capabilities.count - 1)
                let path = journal.grants[parent].capabilities[place].path
                capabilities.append(Journal.Capability(path: "\(path)\(serial)/", support: (parent, place)))
            }
        }
        let token = try TokenMaker.ucan(
            issuer: issuer.map { cast.holders[$0] } ?? cast.session,
            audience: cast.holders[holder].did,
            capabilities: capabilities.map {
                try TokenCapability(resource: "\(cast.space)/kv/\($0.path)", ability: "tinycloud.kv/get")
            },
            proofs: parents.isEmpty ? [cast.rootCID] : parents.map { journal.grants[$0].token.cid },
            expires: parents.compactMap { journal.grants[$0].token.expires }.min()
                ?? Clock.now().adding(seconds: 86_400),
            nonce: "\(name)-\(serial)")
        let depth = (parents.map { journal.grants[$0].depth }.max() ?? 0) + 1
        return Journal.Grant(token: token, holder: holder, depth: depth, parents: parents, capabilities: capabilities)
    }

    /// Signs by the session under its root, by the issuer itself, or by the wallet.
    private func revocation(of target: Int) throws -> String {
        let grant = journal.grants[target]
        let expires = Clock.now().adding(seconds: 86_400)
        switch generator.int(in: 1...3) {
        case 1:
            return try TokenMaker.revocation(
                issuer: cast.session, target: grant.token.cid, proofs: [cast.rootCID], expires: expires
            ).authorization()
        case 2:
            let issuer = grant.parents.first.map { cast.holders[journal.grants[$0].holder] } ?? cast.session
            return try TokenMaker.revocation(issuer: issuer, target: grant.token.cid, expires: expires).authorization()
        default:
            let now = Clock.now().microseconds / 1_000_000
            return try TokenMaker.revocation(
                wallet: cast.wallet, target: grant.token.cid, domain: "drill.example",
                issuedAt: Timestamp(seconds: now).rfc3339, expires: Timestamp(seconds: now + 86_400).rfc3339
            ).authorization()
        }
    }

    // MARK: holding the service to its word

    /// Checks what was in flight, everything of this round, and some of what is older; all of it when `isLast`.
    func verify(_ url: String, isLast: Bool) {
        do {
            let probe = try Probe(url, cast)
            try resolve(probe)
            let old = isLast ? 1 : max(1, start.grants / 20)
            for place in journal.grants.indices where place >= start.grants || generator.once(in: old) {
                try check(grant: place, probe)
            }
            for place in journal.revocations.indices
            where place >= start.revocations || isLast || generator.once(in: max(1, start.revocations / 10)) {
                let (target, authorization) = journal.revocations[place]
                // The same revocation again changes nothing and is no error.
                _ = try probe.client.revoke(authorization: authorization)
                let status = try probe.status(journal.grants[target].token.cid)
                require(status == "revoked", "\(journal.grants[target].token.cid) was revoked and is \(status)")
            }
            let paths = try probe.paths(valuePrefix)
            require(Set(paths) == Set(journal.values.keys), "the listing of \(valuePrefix) is not what was written")
            for (path, bytes) in journal.values where isLast || generator.once(in: 4) {
                require(try probe.value(path) == bytes, "the value at \(path) is not the acknowledged one")
            }
            let soon = Clock.now().adding(seconds: 5)
            for place in journal.marks.indices
            where place >= start.marks || isLast || generator.once(in: max(1, start.marks / 10)) {
                guard journal.marks[place].expires > soon else { continue }
                require(try probe.isReplay(journal.marks[place].authorization), "an answered invocation works twice")
            }
        } catch {
            violations.append("connection \(name): a check found no answer: \(error)")
        }
    }

    /// Finds out what became of the statement that was in flight: all of it is there or nothing.
    private func resolve(_ probe: Probe) throws {
        guard let attempt = journal.attempt else { return }
        switch attempt {
        case .grant(let grant):
            let found = try probe.look(grant.token.cid)
            if let found { require(matches(found, grant), "\(grant.token.cid) is there in part") }
            let (isExisting, status) = try probe.send(grant.token)
            require(isExisting == (found != nil), "\(grant.token.cid) is listed and not known, or known and not listed")
            require(status == "active", "\(grant.token.cid) was in flight and is \(status)")
            if found != nil { counts.kept += 1 }
        case .revocation(let target, let authorization):
            let status = try probe.status(journal.grants[target].token.cid)
            require(["active", "revoked"].contains(status), "a target of a revocation in flight is \(status)")
            if status == "revoked" { counts.kept += 1 }
            _ = try probe.client.revoke(authorization: authorization)
        case .use(let authorization, _):
            if try probe.isReplay(authorization) { counts.kept += 1 }
            require(try probe.isReplay(authorization), "an invocation in flight works twice after the restart")
        case .put(let path, let bytes, let authorization, _):
            let found = try probe.value(path)
            let isKept = found == bytes
            require(isKept || found == journal.values[path], "the value in flight at \(path) is there in part")
            if isKept { counts.kept += 1 }
            // Mark and value are one: the token works again exactly where the value is not there.
            require(
                try probe.isReplay(authorization, body: bytes) == isKept,
                "a put in flight left its mark without its value, or its value without its mark")
            require(try probe.value(path) == bytes, "the value sent again at \(path) is not there")
        }
        journal.acknowledge(attempt)
    }

    private func check(grant place: Int, _ probe: Probe) throws {
        let grant = journal.grants[place]
        let expected = journal.isDead(place) ? "revoked" : "active"
        let (isExisting, status) = try probe.send(grant.token)
        require(isExisting, "acknowledged delegation \(grant.token.cid) was gone")
        require(status == expected, "\(grant.token.cid) is \(status), not \(expected), when sent again")
        if let found = try probe.look(grant.token.cid) {
            require(matches(found, grant), "\(grant.token.cid) is not what was sent")
            require(
                found.status == expected,
                "\(grant.token.cid) is \(found.status ?? "nothing"), not \(expected), in its chain")
        } else {
            violations.append("acknowledged delegation \(grant.token.cid) has no chain")
        }
        let capability = generator.int(in: 0...grant.capabilities.count - 1)
        for holder in [grant.holder, generator.int(in: 0...Cast.holderCount - 1)] {
            let wanted = journal.isAllowed(holder, place, capability)
            let path = grant.capabilities[capability].path + "note"
            require(
                try probe.isAllowed(cast.holders[holder].did, path) == wanted,
                "the gate does not \(wanted ? "allow" : "deny") holder \(holder) on \(path)")
        }
    }

    private func matches(_ found: ListedDelegation, _ grant: Journal.Grant) -> Bool {
        let proofs = grant.parents.isEmpty ? [cast.rootCID] : grant.parents.map { journal.grants[$0].token.cid }
        return found.raw == grant.token.authorization() && found.issuer == grant.token.issuer.text
            && found.audience == cast.holders[grant.holder].did.text
            && Set(found.proofs) == Set(proofs.map(\.text))
            && Set(found.capabilities.map(\.resource)) == Set(grant.capabilities.map { "\(cast.space)/kv/\($0.path)" })
    }

    private func require(_ isTrue: Bool, _ claim: @autoclosure () -> String) {
        counts.checked += 1
        if !isTrue { violations.append("connection \(name): \(claim())") }
    }
}
