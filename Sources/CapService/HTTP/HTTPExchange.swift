import CMicroHTTPD
import Glibc
import Synchronization

/// Takes one connection through its requests, on its server thread: head, body, handler, answer.
extension HTTPConnection {
    /// Notes the raw target of a new request.
    func receiveLine(_ target: UnsafePointer<CChar>) {
        draft.reset()
        draft.targetStart = target
        draft.target.append(contentsOf: UnsafeRawBufferPointer(start: target, count: strlen(target)))
        // The library would now cut the query into pieces in place and record each in the connection's memory, which a
        // long query exhausts in a state it does not recover from. Ending the query here, in the buffer which the
        // library owns and is about to rewrite, leaves it nothing to cut.
        if let mark = draft.target.firstIndex(of: UInt8(ascii: "?")), mark + 1 < draft.target.count {
            UnsafeMutablePointer(mutating: target)[mark + 1] = 0
        }
    }

    /// Checks the head and decides whether the body may come.
    func receiveHead(
        _ connection: OpaquePointer,
        method: UnsafePointer<CChar>,
        version: UnsafePointer<CChar>
    ) -> MHD_Result {
        guard let targetStart = draft.targetStart else { return .NO }
        do throws(HTTPRefusal) {
            let head = try HTTPHead(
                connection: connection,
                method: method,
                version: version,
                targetStart: targetStart,
                target: draft.target,
                limits: core.limits
            )
            if head.hasBody {
                draft.bodyLimit = core.limits.bodyLimit?(head.method, head.path) ?? core.limits.bodyBytes
                let announced = head.contentLength ?? 0
                draft.head = head
                if !fits(announced) {
                    guard draft.refusal != nil, !head.expectsContinue, announced <= Self.discardedBytes else {
                        return refuse(connection, with: tooLarge)
                    }
                    draft.discards = true
                }
                draft.body.reserveCapacity(Int(min(announced, 16 * 1024)))
                bodyReceived.store(0, ordering: .relaxed)
                enter(.body)
            }
            draft.head = head
            draft.stage = .body
            return .YES
        } catch {
            return refuse(connection, error)
        }
    }

    /// True when a body may have so many bytes; one beyond the usual limit must be earned by the head.
    private func fits(_ count: UInt64) -> Bool {
        if count <= UInt64(max(0, draft.bodyLimit)) { return true }
        guard !draft.hasAskedForMore, let earned = core.limits.earnedLimit, let head = draft.head else { return false }
        draft.hasAskedForMore = true
        switch earned(request(head, body: [])) {
        case .nothing: return false
        case .refused(let response):
            draft.refusal = response
            return false
        case .bytes(let limit, let isProven):
            draft.bodyLimit = max(draft.bodyLimit, limit)
            guard count <= UInt64(max(0, draft.bodyLimit)) else { return false }
            draft.allowance =
                isProven
                ? HTTPAllowance(core.earnedBodies, of: nil)
                : HTTPAllowance(core.unprovenBodies, of: request(head, body: []).clientShare)
            return true
        }
    }

    /// Takes a piece of the body.
    func receiveBody(_ bytes: UnsafeRawBufferPointer) -> MHD_Result {
        switch draft.stage {
        case .body:
            if !draft.discards, !fits(UInt64(draft.body.count + bytes.count)) {
                guard draft.refusal != nil else { return refuseOnSocket(tooLarge) }
                draft.discards = true
                draft.drained = draft.body.count
                draft.body = []
            }
            guard !draft.discards else {
                draft.drained += bytes.count
                bodyReceived.store(draft.drained, ordering: .relaxed)
                return draft.drained <= Self.discardedBytes ? .YES : refuseOnSocket(tooLarge)
            }
            guard makeRoom(for: draft.body.count + bytes.count) else {
                return refuseOnSocket(core.response(.tooManyBodies))
            }
            draft.body.append(contentsOf: bytes)
            bodyReceived.store(draft.body.count, ordering: .relaxed)
            return .YES
        case .draining:
            draft.drained += bytes.count
            return draft.drained <= Self.drainBytes ? .YES : .NO
        case .head, .dispatched, .answered:
            return .NO
        }
    }

    /// Counts a body that is no short one among all that are held; false where there is no room for it.
    private func makeRoom(for count: Int) -> Bool {
        guard count > core.limits.uncountedBodyBytes || draft.allowance != nil else { return true }
        if draft.allowance == nil, let head = draft.head {
            draft.allowance = HTTPAllowance(core.unprovenBodies, of: request(head, body: []).clientShare)
            // What is not written takes no memory; growing step by step would take it twice.
            draft.body.reserveCapacity(Int(min(head.contentLength ?? 0, UInt64(max(0, draft.bodyLimit)))))
        }
        return draft.allowance?.grow(to: count) ?? false
    }

    /// Gives the complete request to the handler, and sends the answer if there is one already.
    func dispatch(_ connection: OpaquePointer) -> MHD_Result {
        guard let head = draft.head.take() else { return .NO }
        if draft.discards, let refusal = draft.refusal {
            draft.isHTTP10 = head.isHTTP10
            draft.isLast = head.isChunked
            draft.client = request(head, body: []).remoteAddress
            return send(refusal, on: connection)
        }
        let request = request(head, body: draft.body)
        draft.body = []
        draft.client = request.remoteAddress
        draft.stage = .dispatched
        draft.isHTTP10 = head.isHTTP10
        // The library is too lenient with the lines between chunks and with trailers, none of which it shows, for what
        // follows them to be trusted as the beginning of a request.
        draft.isLast = head.isChunked
        guard enter(.handling) else { return .NO }
        core.handler.handle(request, HTTPReply(self, generation: begin(), holding: draft.allowance.take()))
        // Without an answer the library calls again at once, and only then is the connection put to sleep: by then the
        // library no longer means to read from it, so waking it does not meet the end of a client's sending first.
        guard let response = takeAnswer(orSleep: nil) else { return .YES }
        return send(response, on: connection)
    }

    private func request(_ head: HTTPHead, body: [UInt8]) -> HTTPRequest {
        HTTPRequest(
            method: head.method, path: head.path, rawQuery: head.rawQuery, headers: head.headers, body: body,
            remoteAddress: core.limits.proxies.client(of: remoteAddress, head.headers))
    }

    /// Sends the answer, or sleeps until there is one.
    func answerOrSleep(_ connection: OpaquePointer) -> MHD_Result {
        guard let response = takeAnswer(orSleep: connection) else { return .YES }
        return send(response, on: connection)
    }

    private func send(_ response: HTTPResponse, on connection: OpaquePointer) -> MHD_Result {
        if case .bytes(let bytes) = response.body, bytes.count > core.limits.uncountedAnswerBytes {
            draft.answer = HTTPAllowance(core.answers, of: IPAddress.share(of: draft.client))
            guard draft.answer?.grow(to: bytes.count) == true else {
                draft.answer = nil
                return write(core.response(.tooManyAnswers), on: connection)
            }
        }
        return write(response, on: connection)
    }

    private func write(_ response: HTTPResponse, on connection: OpaquePointer) -> MHD_Result {
        draft.stage = .answered
        bytesHeld.store(response.body.bytesHeld, ordering: .relaxed)
        enter(.sending)
        let writer = HTTPResponseWriter(connection: self, isHTTP10: draft.isHTTP10, isLast: draft.isLast)
        return writer.send(response, on: connection)
    }

    /// Ends a request: the connection waits for the next one.
    func finish() {
        end()
        enter(.idle)
    }

    private static let drainBytes = 256 * 1024
    /// Of a body that its head was refused for so much is thrown away before the answer, since most clients send all before
    /// they read, and must learn for instance that their session ran out.
    private static let discardedBytes = 8 * 1024 * 1024

    /// How a body too large is refused: by what its head was told, else as is usual at the path of the request.
    private var tooLarge: HTTPResponse {
        if let refusal = draft.refusal { return refusal }
        return core.response(draft.head.flatMap { head in core.limits.bodyRefusal?(head.path) } ?? .bodyTooLarge)
    }

    private func refuse(_ connection: OpaquePointer, _ refusal: HTTPRefusal) -> MHD_Result {
        core.log.debug("httpRefused", [("code", .text(refusal.rawValue)), ("address", .text(remoteAddress))])
        return refuse(connection, with: core.response(refusal))
    }

    private func refuse(_ connection: OpaquePointer, with response: HTTPResponse) -> MHD_Result {
        // With a body on its way, closing after the answer would reset the connection under it. A client that waits for
        // leave to send its body is simply not given it.
        if let head = draft.head, head.hasBody, !head.expectsContinue { return refuseOnSocket(response) }
        (draft.isHTTP10, draft.isLast) = (false, true)
        return write(response, on: connection)
    }

    /// Answers past the library, which takes no answer amid a body; then throws away what still comes, for a while.
    ///
    /// Every earlier answer on the connection was sent before this request was read, so nothing can mix.
    private func refuseOnSocket(_ response: HTTPResponse) -> MHD_Result {
        draft.stage = .draining
        draft.body = []
        draft.drained = 0
        draft.allowance = nil
        enter(.draining)
        let bytes = response.raw
        let sent = Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL) | capMessageDontWait)
        guard sent == bytes.count else { return .NO }
        shutdown(socket, Int32(SHUT_WR))
        return .YES
    }
}
