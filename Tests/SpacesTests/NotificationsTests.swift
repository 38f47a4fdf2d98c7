import CapTesting
import CapabilityGraph
import Dispatch
import Glibc
import Multiformats
import Storage
import Synchronization
import Testing
import UCAN

@testable import Spaces

/// What is to be told is told in order, again after failures, and survives the service.
@Suite struct NotificationsTests {
    private static let now = Timestamp(seconds: 1_700_000_000)
    private let folder = TemporaryFolder()
    private let store: GraphStore
    private let space: Space

    init() throws {
        store = try GraphStore.open(
            path: folder.path + "/log.sqlite", families: .standard(),
            at: Timestamp(seconds: 1_700_000_000))
        space = try Space("at://did:web:alice.example/space/com.example.forum/main")
    }

    private func event(_ number: Int, in other: Space? = nil, repo: String = "did:web:bob.example") -> WriteEvent {
        WriteEvent(
            space: other ?? space, repo: repo, rev: "rev\(number)", hash: [UInt8](repeating: 7, count: 32),
            spaceRev: "s\(number)", prevSpaceRev: number == 0 ? nil : "s\(number - 1)")
    }

    /// Registers for the authority, who always reads, or for somebody else.
    private func register(
        _ service: String, repo: String? = nil, by registrant: String = "did:web:alice.example"
    ) throws {
        let space = self.space
        let end = try store.transact(at: Self.now) {
            try Registrations.put($0, space: space, service: service, repo: repo, registrant: registrant)
        }
        #expect(end == Timestamp(seconds: 1_700_000_000 + 86_400))
    }

    private func write(_ notifications: Notifications, _ event: WriteEvent, isHosted: Bool = true) throws {
        try store.transact(at: Self.now) { try notifications.wrote($0, event, isHosted: isHosted) }
    }

    private func revisions(_ messages: [OutboxMessage]) -> [String] {
        messages.compactMap { try? JSON.parse($0.body)["repoRev"]?.string }
    }

    @Test func everyServiceIsToldEveryWriteInOrder() throws {
        let transport = RecordingTransport { _, _ in 200 }
        let notifications = Notifications(store: store, clock: { Self.now }, transport: transport)
        try register("did:web:one.example#sync")
        try register("did:web:two.example")
        try register("did:web:three.example", repo: "did:web:carol.example")
        for number in 0..<50 { try write(notifications, event(number)) }
        transport.wait(for: 100)
        for service in ["did:web:one.example#sync", "did:web:two.example"] {
            let told = transport.sent.filter { $0.service == service }
            #expect(revisions(told) == (0..<50).map { "rev\($0)" })
            #expect(told.allSatisfy { $0.issuer == "did:web:alice.example" && $0.audience == service })
        }
        notifications.stop()
        let left = try store.read { try Outbox.lanes($0) }
        #expect(left.isEmpty)
    }

    /// Nobody is called once for each service that a document lists, unless it asked itself.
    @Test func oneServiceOfADocumentIsToldUnlessItAsks() throws {
        func isTaken(_ service: String, _ registrant: String) throws -> Bool {
            let space = self.space
            return try store.transact(at: Self.now) {
                try Registrations.put($0, space: space, service: service, registrant: registrant)
            } != nil
        }
        let (owner, syncer) = ("did:web:alice.example", "did:web:syncer.example")
        #expect(try isTaken(syncer + "#a", owner) && isTaken(syncer + "#a", owner), "renewed")
        #expect(try !isTaken(syncer + "#b", owner) && !isTaken(syncer, owner) && !isTaken(syncer + "#b", "did:web:bob"))
        #expect(try isTaken("did:web:syncer.example.org#b", owner) && isTaken(syncer + "#b", syncer))
    }

    @Test func aFailedMessageIsToldAgainBeforeTheNextAndNobodyElseWaits() throws {
        let transport = RecordingTransport { message, attempt in
            message.service == "did:web:slow.example" && attempt <= 3 ? (attempt == 1 ? nil : 503) : 200
        }
        let notifications = Notifications(
            store: store, clock: { Self.now }, transport: transport, firstDelay: 0.001)
        try register("did:web:slow.example")
        try register("did:web:fast.example")
        for number in 0..<5 { try write(notifications, event(number)) }
        transport.wait(for: 5 + 5 + 3)
        let slow = revisions(transport.sent.filter { $0.service == "did:web:slow.example" })
        #expect(slow == ["rev0", "rev0", "rev0", "rev0", "rev1", "rev2", "rev3", "rev4"])
        notifications.stop()
    }

    @Test func aRefusedMessageIsLeftOutAndTheGapShows() throws {
        let transport = RecordingTransport { message, attempt in attempt == 2 ? 403 : 200 }
        let notifications = Notifications(store: store, clock: { Self.now }, transport: transport)
        try register("did:web:one.example")
        for number in 0..<3 { try write(notifications, event(number)) }
        transport.wait(for: 3)
        #expect(revisions(transport.sent) == ["rev0", "rev1", "rev2"])
        notifications.stop()
    }

    @Test func theHostOfASpaceElsewhereHearsTheNewestStateOnly() throws {
        let transport = RecordingTransport { _, _ in nil }
        let notifications = Notifications(
            store: store, clock: { Self.now }, transport: transport, firstDelay: 3600)
        try write(notifications, event(0), isHosted: false)
        transport.wait(for: 1)
        for number in 1..<4 { try write(notifications, event(number), isHosted: false) }
        notifications.stop()

        let second = RecordingTransport { _, _ in 200 }
        let restarted = Notifications(store: store, clock: { Self.now }, transport: second)
        restarted.start()
        second.wait(for: 1)
        restarted.stop()
        #expect(revisions(second.sent) == ["rev3"])
        #expect(second.sent[0].issuer == "did:web:bob.example")
        #expect(second.sent[0].audience == "did:web:alice.example#atproto_space_host")
    }

    @Test func afterADayAMessageIsGivenUp() throws {
        let clock = Mutex(Self.now)
        let failing = RecordingTransport { _, _ in nil }
        let notifications = Notifications(
            store: store, clock: { clock.withLock { $0 } }, transport: failing, firstDelay: 0.001)
        try register("did:web:one.example")
        try write(notifications, event(0))
        failing.wait(for: 2)
        clock.withLock { $0 = Timestamp(seconds: 1_700_000_000 + 86_401) }
        while try !store.read({ try Outbox.lanes($0) }).isEmpty { sched_yield() }
        notifications.stop()
    }

    @Test func whoMayNoLongerReadIsNotTold() throws {
        let notifications = Notifications(
            store: store, clock: { Self.now }, transport: RecordingTransport { _, _ in nil }, firstDelay: 1000)
        try register("did:web:one.example")
        try register("did:web:two.example", by: "did:web:stranger.example")
        try write(notifications, event(0))
        let lanes = try store.read { try Outbox.lanes($0) }
        #expect(lanes.count == 1 && lanes.allSatisfy { $0.contains("did:web:one.example") }, "\(lanes)")
        notifications.stop()
    }

    @Test func aRenewalBySomebodyElseLeavesARegistrationItsOwners() throws {
        let space = self.space
        for registrant in ["did:web:alice.example", "did:web:eve.example"] {
            try register("did:web:one.example#sync", by: registrant)
        }
        let removal = try store.transact(at: Self.now) {
            try Registrations.remove(
                $0, space: space, service: "did:web:one.example#sync", by: "did:web:eve.example", isOwner: false)
        }
        #expect(removal == .notYours)
    }

    @Test func onlyWhoRegisteredOrTheServiceOrTheOwnerTakesItBack() throws {
        let space = self.space
        func remove(_ registrant: String, isOwner: Bool = false) throws -> Registrations.Removal {
            try store.transact(at: Self.now) {
                try Registrations.remove(
                    $0, space: space, service: "did:web:one.example#sync", by: registrant, isOwner: isOwner)
            }
        }
        #expect(try remove("key") == .absent)
        for (registrant, isOwner) in [("key", false), ("did:web:one.example", false), ("anybody", true)] {
            _ = try store.transact(at: Self.now) {
                try Registrations.put($0, space: space, service: "did:web:one.example#sync", registrant: "key")
            }
            #expect(try remove("other") == .notYours)
            #expect(try remove(registrant, isOwner: isOwner) == .removed)
        }
    }

    /// Whoever writes waits for no stream: events queue up in order, and when too many do, the streams of the space end.
    @Test func aStreamThatIsJudgedSlowlyHoldsNoWriterUp() throws {
        let notifications = Notifications(
            store: store, clock: { Self.now }, transport: RecordingTransport { _, _ in 200 })
        let (gate, log) = (DispatchSemaphore(value: 0), Locked<[String]>([]))
        notifications.follow(
            space,
            SpaceStreams.Subscriber(
                push: { bytes in
                    log.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
                    return true
                }, finish: { log.withLock { $0.append("end") } },
                isAllowed: {
                    gate.wait()
                    gate.signal()
                    return true
                }))
        for number in 0..<20 { try write(notifications, event(number)) }
        #expect(log.withLock { $0.isEmpty })
        gate.signal()
        while log.withLock({ $0.count < 20 }) { sched_yield() }
        for (number, text) in log.withLock({ $0 }).enumerated() { #expect(text.contains("\"rev\(number)\"")) }
        gate.wait()
        for number in 0..<1026 { try write(notifications, event(number)) }
        #expect(log.withLock { $0.last } == "end")
        gate.signal()
        notifications.stop()
    }

    /// What was written before a stream was opened is in the revision that it is told, however late it is sent to others.
    @Test func aStreamGetsNoEventFromBeforeIt() throws {
        let notifications = Notifications(
            store: store, clock: { Self.now }, transport: RecordingTransport { _, _ in 200 })
        let (gate, first, second) = (DispatchSemaphore(value: 0), Locked<[String]>([]), Locked<[String]>([]))
        func follow(_ log: Locked<[String]>, _ isAllowed: @escaping @Sendable () -> Bool) {
            notifications.follow(
                space,
                SpaceStreams.Subscriber(
                    push: { bytes in
                        log.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
                        return true
                    }, finish: {}, isAllowed: isAllowed))
        }
        follow(first) {
            gate.wait()
            gate.signal()
            return true
        }
        for number in 0..<3 { try write(notifications, event(number)) }
        follow(second) { true }
        try write(notifications, event(3))
        gate.signal()
        while first.withLock({ $0.count < 4 }) || second.withLock({ $0.isEmpty }) { sched_yield() }
        notifications.recheckStreams()
        #expect(second.withLock { $0.count == 1 && $0[0].contains("\"rev3\"") })
        notifications.stop()
    }

    /// The first thing on a stream is what it begins with; of what came meanwhile, only what is newer than that follows.
    @Test func aStreamBeginsWithWhereItStands() {
        let (streams, log) = (SpaceStreams(), Locked<[String]>([]))
        let number = streams.add(
            SpaceStreams.Subscriber(
                push: { bytes in
                    log.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
                    return true
                }, finish: { log.withLock { $0.append("end") } }, isAllowed: { true }), to: space)
        for number in 0..<4 { streams.publish(event(number)) }
        streams.begin(number, of: space, with: Array("open".utf8), at: "s1")
        streams.publish(event(4))
        while log.withLock({ $0.count < 4 }) { sched_yield() }
        let texts = log.withLock { $0 }
        #expect(texts[0] == "open" && zip(texts[1...], 2...4).allSatisfy { $0.contains("\"rev\($1)\"") }, "\(texts)")
        // Whoever never begins holds no more than may wait.
        let idle = streams.add(
            SpaceStreams.Subscriber(
                push: { _ in true }, finish: { log.withLock { $0.append("end") } }, isAllowed: { true }), to: space)
        for number in 0...SpaceStreams.mostWaiting {
            streams.publish(event(number + 5))
            while log.withLock({ $0.count < 5 + number && $0.last != "end" }) { sched_yield() }
        }
        while log.withLock({ !$0.contains("end") }) { sched_yield() }
        streams.remove(idle, of: space)
        streams.stop()
    }

    /// However much is written in one space, the streams of others stay open, and end when their right does.
    @Test func theStreamsOfOneSpaceCostThoseOfOthersNothing() throws {
        let notifications = Notifications(
            store: store, clock: { Self.now }, transport: RecordingTransport { _, _ in 200 })
        let other = try Space("at://did:web:alice.example/space/com.example.forum/other")
        let (gate, judged) = (DispatchSemaphore(value: 0), Locked(0))
        func follow(
            _ space: Space, _ log: Locked<[String]>, _ isAllowed: @escaping @Sendable () -> Bool = { true }
        ) {
            notifications.follow(
                space,
                SpaceStreams.Subscriber(
                    push: { bytes in
                        log.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
                        return true
                    }, finish: { log.withLock { $0.append("end") } }, isAllowed: isAllowed))
        }
        let (flooded, calm, lost) = (Locked<[String]>([]), Locked<[String]>([]), Locked<[String]>([]))
        let mayRead = Locked(true)
        follow(space, flooded) {
            gate.wait()
            judged.withLock { $0 += 1 }
            return true
        }
        follow(other, calm)
        follow(other, lost) { mayRead.withLock { $0 } }
        for number in 0..<100 { try write(notifications, event(number)) }
        mayRead.withLock { $0 = false }
        notifications.recheckStreams()
        for _ in 0..<6 { gate.signal() }
        while judged.withLock({ $0 < 6 }) { sched_yield() }
        #expect(lost.withLock { $0 } == ["end"], "its end waits for no event of another space")
        for number in 0..<1026 { try write(notifications, event(number)) }
        #expect(flooded.withLock { $0.last } == "end")
        try write(notifications, event(0, in: other))
        for _ in 0..<1200 { gate.signal() }
        while calm.withLock({ $0.isEmpty }) { sched_yield() }
        #expect(calm.withLock { $0.count == 1 && $0[0].contains("\"rev0\"") })
        notifications.stop()
    }

    /// While nobody can tell whether it may go on a stream is told nothing, and loses nothing; not for ever.
    @Test func aStreamThatCannotBeJudgedWaitsAndThenEnds() throws {
        let (word, log) = (Locked<Bool?>(nil), Locked<[String]>([]))
        func subscriber() -> SpaceStreams.Subscriber {
            SpaceStreams.Subscriber(
                push: { bytes in
                    log.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
                    return true
                }, finish: { log.withLock { $0.append("end") } },
                isAllowed: {
                    guard let word = word.withLock({ $0 }) else { throw StorageError(.notFresh, "") }
                    return word
                })
        }
        let patient = SpaceStreams(patience: 600_000_000_000)
        patient.begin(patient.add(subscriber(), to: space), of: space, with: Array("open".utf8))
        for number in 0..<3 { patient.publish(event(number)) }
        for _ in 0..<3 { patient.recheck() }
        while log.withLock({ $0.isEmpty }) { sched_yield() }
        #expect(log.withLock { $0 } == ["open"])
        word.withLock { $0 = true }
        patient.recheck()
        while log.withLock({ $0.count < 4 }) { sched_yield() }
        patient.publish(event(3))
        while log.withLock({ $0.count < 5 }) { sched_yield() }
        for number in 0..<4 { #expect(log.withLock { $0[number + 1].contains("\"rev\(number)\"") }) }
        word.withLock { $0 = false }
        patient.publish(event(4))
        while log.withLock({ $0.last != "end" }) { sched_yield() }
        #expect(log.withLock { $0.count } == 6)
        patient.stop()
        log.withLock { $0 = [] }
        word.withLock { $0 = nil }
        let hasty = SpaceStreams(patience: 1_000_000)
        hasty.begin(hasty.add(subscriber(), to: space), of: space)
        while log.withLock({ $0.last != "end" }) {
            hasty.recheck()
            sched_yield()
        }
        hasty.stop()
    }

    /// One read that fails ends nothing: what waits is sent once it can be read, though nothing is committed.
    @Test func whatCannotBeReadNowIsSentLater() throws {
        let failures = Locked(0)
        let engine = StandInEngine(beforeReading: { () throws(StorageError) in
            let fails = failures.withLock { count in
                guard count > 0 else { return false }
                count -= 1
                return true
            }
            if fails { throw StorageError(.unavailable, "out of reach") }
        })
        let store = try GraphStore.open(engine, families: .standard(), at: Self.now)
        let transport = RecordingTransport { _, _ in 200 }
        let notifications = Notifications(
            store: store, clock: { Self.now }, transport: transport, firstDelay: 0.001)
        let event = self.event(0)
        // Nobody wakes the sender but itself.
        failures.withLock { $0 = 5 }
        try store.change(at: Self.now) { try notifications.wrote($0, event, isHosted: false) }
        transport.wait(for: 1)
        #expect(failures.withLock { $0 } == 0 && revisions(transport.sent) == ["rev0"])
        notifications.stop()
    }

    @Test func aStreamEndsWhenItIsNoLongerAllowed() throws {
        let notifications = Notifications(
            store: store, clock: { Self.now }, transport: RecordingTransport { _, _ in 200 })
        let log = Locked<[String]>([])
        let isAllowed = Locked(true)
        notifications.follow(
            space,
            SpaceStreams.Subscriber(
                push: { bytes in
                    log.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
                    return true
                }, finish: { log.withLock { $0.append("end") } }, isAllowed: { isAllowed.withLock { $0 } }))
        try write(notifications, event(0))
        while log.withLock({ $0.isEmpty }) { sched_yield() }
        #expect(log.withLock { $0[0].hasPrefix("event: write\ndata: {") && $0[0].hasSuffix("}\n\n") })
        isAllowed.withLock { $0 = false }
        try write(notifications, event(1))
        while log.withLock({ $0.last != "end" }) { sched_yield() }
        #expect(log.withLock { $0.count } == 2)
        notifications.stop()
    }
}

/// Keeps what it was given to send and answers as told.
private final class RecordingTransport: NotificationTransport {
    private let messages = Locked<[OutboxMessage]>([])
    private let attempts = Locked<[String: Int]>([:])
    private let answer: @Sendable (OutboxMessage, Int) -> Int?

    /// `answer` is given the message and the number of the attempt to reach its service, from 1.
    init(_ answer: @escaping @Sendable (OutboxMessage, Int) -> Int?) { self.answer = answer }

    var sent: [OutboxMessage] { messages.withLock { $0 } }

    func send(_ message: OutboxMessage, at now: Timestamp) -> Int? {
        messages.withLock { $0.append(message) }
        let attempt = attempts.withLock { attempts in
            attempts[message.service, default: 0] += 1
            return attempts[message.service] ?? 1
        }
        return answer(message, attempt)
    }

    func wait(for count: Int) { while sent.count < count { sched_yield() } }
}
