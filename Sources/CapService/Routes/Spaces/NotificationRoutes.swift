import ATProto
import Identity
import Multiformats
import Spaces
import Storage
import UCAN

/// com.atproto.space: who is told of a space's writes, and the news other hosts bring (atproto-spaces.md 13.10 to 13.12).
enum NotificationRoutes {
    static let methods: [XRPCMethod] = [
        .procedure("com.atproto.space.registerNotify", register),
        .procedure("com.atproto.space.unregisterNotify", unregister),
        .procedure("com.atproto.space.notifyWrite", notifyWrite),
        .procedure("com.atproto.space.notifySpaceDeleted", notifySpaceDeleted),
        .query("dev.capabilitygraph.space.subscribe", subscribe),
    ]

    private static func register(_ call: XRPCCall) throws -> XRPCOutput {
        let service = try ServiceIdentifier(call.input.text("service"))
        let repo = try call.input.optionalText("repo")
        if let repo, !ATProtoDID.isValid(repo) { throw XRPCError.invalidRequest("`repo` is not a DID") }
        let permit = try call.permit(.registerNotify, on: call.space())
        try requireReachable(service, call.service)
        let end = try call.service.spaces.notifications.register(permit, service: service, repo: repo, at: call.now)
        return .json(["expiresAt": .string(end.rfc3339)])
    }

    /// Throws `ServiceNotResolvable` unless the service's document names an endpoint that this host would call.
    private static func requireReachable(_ identifier: ServiceIdentifier, _ service: Service) throws {
        let unresolvable = XRPCError("ServiceNotResolvable", "the service has no endpoint that can be called from here")
        do {
            let document = try service.resolver.document(of: identifier.did)
            let endpoint: String? =
                identifier.fragment == ServiceID.spaceHost
                ? try document.spaceHost()?.endpoint : try document.endpoint(of: identifier)
            guard let endpoint else { throw unresolvable }
            try OutboundPolicy(allowsLoopback: service.settings.allowsLoopbackPeers).check(PeerURL(endpoint))
        } catch is ResolutionError {
            throw unresolvable
        } catch is ATProtoError {
            throw unresolvable
        } catch is OutboundError {
            throw unresolvable
        }
    }

    private static func unregister(_ call: XRPCCall) throws -> XRPCOutput {
        let service = try ServiceIdentifier(call.input.text("service"))
        let permit = try call.permit(.registerNotify, on: call.space())
        _ = try call.service.spaces.notifications.unregister(permit, service: service, at: call.now)
        return .empty()
    }

    private static func notifyWrite(_ call: XRPCCall) throws -> XRPCOutput {
        let repo = try call.input.text("repo")
        guard ATProtoDID.isValid(repo), let writer = try? DID(repo) else {
            throw XRPCError.invalidRequest("`repo` is not a DID")
        }
        let permit = try call.permit(.notifyWrite(writer: writer), on: call.space())
        guard let rev = try? TID(call.input.text(.repoRev)) else {
            throw XRPCError.invalidRequest("`repoRev` is no TID")
        }
        guard let hash = try RecordData.decode(.object(call.input.object("hash"))).bytes else {
            throw XRPCError.invalidRequest("`hash` is no `$bytes`")
        }
        let notice = try WriteNotice(repo: writer, rev: rev, hash: hash)
        try call.service.spaces.notifications.take(notice, permit, at: call.now)
        return .empty()
    }

    /// News by the authority of a space elsewhere. The owner of a space that was deleted here may repeat the news, which
    /// changes nothing: whoever was to be told is told until it is done.
    private static func notifySpaceDeleted(_ call: XRPCCall) throws -> XRPCOutput {
        let space = try call.space()
        if case .service = try call.caller() {
            let permit = try call.permit(.notifyByAuthority, on: space)
            try call.service.spaces.notifications.takeDeletion(permit, at: call.now)
            return .empty()
        }
        let permit = try call.permit(.deleteSpace, on: space)
        try call.service.spaces.deletion.requireDeleted(permit)
        return .empty()
    }

    /// A stream of server-sent events: `open` with the space's revision, then `write` for each batch, none twice. It
    /// ends as soon as its caller may no longer follow the space.
    private static func subscribe(_ call: XRPCCall) throws -> XRPCOutput {
        let (service, space, caller) = (call.service, try call.space(), try call.caller())
        let permit = try service.spaces.gate.permit(.watch, caller, on: space, at: call.now)
        let body = HTTPLiveBody()
        let headers = [("Content-Type", "text/event-stream")]
        guard call.request.method == .get else {
            return .response(HTTPResponse(status: 200, headers: headers))
        }
        let subscriber = SpaceStreams.Subscriber(
            push: { body.push($0) }, finish: { body.finish() },
            isAllowed: {
                let now = try service.now()
                do {
                    _ = try service.spaces.gate.permit(.watch, caller, on: space, at: now)
                    return true
                } catch let error as StorageError {
                    // It says nothing of the caller.
                    throw error
                } catch {
                    return false
                }
            })
        try service.spaces.notifications.subscribe(permit, subscriber) { rev in
            let opened: JSON = ["space": .string(space.text), "spaceRev": rev.map { .string($0.text) } ?? .null]
            return Array("event: open\ndata: ".utf8) + opened.serialized() + Array("\n\n".utf8)
        }
        return .response(HTTPResponse(status: 200, headers: headers, body: .live(body)))
    }
}
