package import ATProto
package import CapabilityGraph
import Multiformats
package import Storage
package import UCAN

/// Tells those who follow a space what happened in it: durably other services, at once the streams that are open here.
package final class Notifications: Sendable {
    let store: GraphStore
    private let streams = SpaceStreams()
    private let sender: OutboxSender

    /// `send` makes one call to another service; it may take its time.
    package init(
        store: GraphStore, clock: @escaping @Sendable () -> Timestamp?, transport: any NotificationTransport,
        firstDelay: Double = 1
    ) {
        self.store = store
        sender = OutboxSender(store: store, clock: clock, transport: transport, firstDelay: firstDelay)
    }

    /// Begins to send what an earlier run left behind.
    package func start() { sender.start() }

    /// Stops sending; what is not sent is kept.
    package func stop() {
        streams.stop()
        sender.stop()
    }

    // MARK: what happened

    /// Tells of a committed batch, inside its transaction. `isHosted` says that the space's authority is served here.
    package func wrote(_ change: TableChange, _ event: WriteEvent, isHosted: Bool) throws {
        let body = event.json
        if isHosted {
            for service in try Registrations.followers(change, space: event.space, repo: event.repo) {
                try put(change, "com.atproto.space.notifyWrite", event.space, to: service, body)
            }
        } else {
            // The authority's host hears only the newest state of each repo.
            let authority = event.space.owner.text
            try Outbox.put(
                change, lane: "host \(event.space.text) \(event.repo)", method: "com.atproto.space.notifyWrite",
                space: event.space.text, issuer: event.repo, service: authority + "#atproto_space_host",
                audience: authority + "#atproto_space_host", body: body, replacing: true)
        }
        change.afterCommit { [streams, sender] in
            streams.publish(event)
            sender.wake()
        }
    }

    /// Tells that a space is gone, inside the transaction that deletes it, and forgets who wanted to know.
    package func deleted(_ change: TableChange, _ space: Space) throws {
        var json = JSONWriter()
        json.beginObject()
        json.key("space")
        json.string(space.text)
        json.endObject()
        for service in try Registrations.everybody(change, space: space) {
            try put(change, "com.atproto.space.notifySpaceDeleted", space, to: service, json.bytes)
        }
        try Registrations.removeAll(change, space: space)
        change.afterCommit { [streams, sender] in
            streams.recheck()
            sender.wake()
        }
    }

    /// Tells the hosts of a space's writers that credentials are no longer good (atproto-spaces.md 4.8).
    package func revoked(
        _ change: TableChange, _ space: Space, credentials: [String], hostsOf writers: [String]
    ) throws {
        for start in stride(from: 0, to: credentials.count, by: 100) {
            var json = JSONWriter()
            json.beginObject()
            json.key("space")
            json.string(space.text)
            json.key("credentials")
            json.beginArray()
            for jti in credentials[start..<min(start + 100, credentials.count)] { json.string(jti) }
            json.endArray()
            json.endObject()
            for writer in writers {
                try Outbox.put(
                    change, lane: "revocation \(writer) \(space.text)",
                    method: "com.atproto.space.notifyCredentialRevoked", space: space.text, issuer: space.owner.text,
                    service: writer, audience: writer, body: json.bytes)
            }
        }
        change.afterCommit { [sender] in sender.wake() }
    }

    private func put(
        _ change: TableChange, _ method: String, _ space: Space, to service: String, _ body: [UInt8]
    ) throws {
        try Outbox.put(
            change, lane: "service \(service) \(space.text)", method: method, space: space.text,
            issuer: space.owner.text, service: service, audience: service, body: body)
    }

    // MARK: streams

    /// Opens a stream of the writes of the permit's space; `isAllowed` is asked again several times a second.
    ///
    /// `opening` is given the space's revision, nil before its first write, and gives the first bytes of the stream: whatever
    /// comes after that revision is on the stream after them, and nothing from before it.
    package func subscribe(
        _ permit: Permit, _ subscriber: SpaceStreams.Subscriber, opening: (TID?) -> [UInt8]
    ) throws {
        try permit.require(.watch)
        let space = try Space(permit.space)
        let number = streams.add(subscriber, to: space)
        do {
            let rev = try store.read { try RepoReader($0).revision(of: permit.space) }
            streams.begin(number, of: space, with: opening(rev), at: rev?.text)
        } catch {
            streams.remove(number, of: space)
            throw error
        }
    }

    func follow(_ space: Space, _ subscriber: SpaceStreams.Subscriber) {
        streams.begin(streams.add(subscriber, to: space), of: space)
    }

    /// Looks at once whether the open streams may go on.
    package func recheckStreams() { streams.recheck() }
}
